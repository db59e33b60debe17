import { closeSync, openSync } from 'node:fs';
import Database from 'libsql';

/** The store cannot be used: it belongs to another process, or to a newer version. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}

export interface SqliteOptions {
  /** For messages: what the file holds, e.g. `alert store`. */
  readonly what: string;
  /** One entry a schema version, oldest first. Never changed once released, only added to. */
  readonly migrations: readonly string[];
  /** False = a file of an older version is refused instead of migrated. */
  readonly mayMigrate: boolean;
  /** How long a statement waits for another writer, in ms. */
  readonly timeoutMs: number;
  /** FULL = a commit survives a power cut; NORMAL = it may be undone by one. */
  readonly synchronous: 'FULL' | 'NORMAL';
  /** Most bytes that the file may have; undefined = any. */
  readonly maxBytes?: number | undefined;
}

/**
 * Opens a SQLite file with a write-ahead log and brings its schema up to date. The caller closes it.
 * @throws StoreError when the file is of a version that may not be used; the database's own error when
 *   it is locked, damaged or full.
 */
export function openSqlite(path: string, options: SqliteOptions): Database.Database {
  makePrivate(path);
  const db = new Database(path, { timeout: options.timeoutMs });
  try {
    db.pragma('journal_mode = WAL');
    db.pragma(`synchronous = ${options.synchronous}`);
    db.pragma('foreign_keys = ON');
    migrate(db, path, options);
    // Not before: a full file must not keep a new version from starting.
    if (options.maxBytes !== undefined) limitSize(db, options.maxBytes);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * Does all of `work` or nothing. The library's own transactions hide a full disk: SQLite has ended the
 * transaction by then, and their rollback fails with an error of its own.
 */
export function inTransaction<Result>(db: Database.Database, work: () => Result): Result {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    if (db.inTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/**
 * What calls leave behind is for the service's user only; the log beside it takes the file's mode. A file that is
 * there is left alone: closing it would end all locks that this process has on it, those of SQLite too, and the next
 * program that opened and closed it would take its write-ahead log away.
 */
function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, 'ax', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function limitSize(db: Database.Database, maxBytes: number): void {
  const pageBytes = numberOf(db, 'page_size');
  db.pragma(`max_page_count = ${Math.max(1, Math.floor(maxBytes / pageBytes))}`);
}

function migrate(
  db: Database.Database,
  path: string,
  { what, migrations, mayMigrate }: SqliteOptions,
): void {
  const version = numberOf(db, 'user_version');
  if (version > migrations.length) {
    throw new StoreError(
      `${path} holds a ${what} of version ${version}, this program knows up to ${migrations.length}`,
    );
  }
  if (version < migrations.length && !mayMigrate) {
    throw new StoreError(`${path} holds a ${what} of an older version: start the service once`);
  }
  for (let next = version; next < migrations.length; next++) {
    db.transaction(() => {
      db.exec(migrations[next]!);
      db.exec(`PRAGMA user_version = ${next + 1}`);
    }).immediate();
  }
}

function numberOf(db: Database.Database, pragma: string): number {
  const rows = db.pragma(pragma) as readonly Readonly<Record<string, unknown>>[];
  return Number(rows[0]?.[pragma]);
}
