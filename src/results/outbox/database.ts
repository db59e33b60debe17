import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { openSqlite, StoreError } from '../../sqlite.ts';

/** One entry a schema version, oldest first. Never changed once released, only added to. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE alerts (
     id TEXT PRIMARY KEY,
     created_at_ms INTEGER NOT NULL,
     body TEXT NOT NULL
   ) STRICT;
   CREATE TABLE deliveries (
     alert_id TEXT NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
     destination TEXT NOT NULL,
     state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'dead', 'dropped')),
     attempts INTEGER NOT NULL DEFAULT 0,
     next_attempt_at_ms INTEGER NOT NULL,
     give_up_at_ms INTEGER NOT NULL,
     last_error TEXT,
     ended_at_ms INTEGER,
     PRIMARY KEY (alert_id, destination)
   ) STRICT;
   CREATE INDEX deliveries_due ON deliveries (destination, state, next_attempt_at_ms);
   CREATE TABLE decisions (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     body TEXT NOT NULL
   ) STRICT;`,
  // Which calls had alerts outlives the alerts themselves: reports of outcomes come late.
  `CREATE TABLE call_alerts (
     key_name TEXT NOT NULL,
     call_id TEXT NOT NULL,
     policy TEXT NOT NULL,
     raised_at_ms INTEGER NOT NULL,
     PRIMARY KEY (key_name, call_id, policy)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX call_alerts_age ON call_alerts (raised_at_ms);
   INSERT INTO call_alerts
     SELECT json_extract(body, '$.keyName'), json_extract(body, '$.callId'),
       json_extract(body, '$.policy.name'), min(created_at_ms) FROM alerts GROUP BY 1, 2, 3;
   CREATE TABLE outcomes (
     key_name TEXT NOT NULL,
     call_id TEXT NOT NULL,
     outcome TEXT NOT NULL CHECK (outcome IN ('confirmed_synthetic', 'confirmed_human', 'unknown')),
     note TEXT,
     reported_at_ms INTEGER NOT NULL,
     PRIMARY KEY (key_name, call_id)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX outcomes_age ON outcomes (reported_at_ms);`,
  // A page of a key's alerts is read on the thread of the audio sockets: it must not look at all of them.
  `CREATE INDEX alerts_of_key ON alerts (json_extract(body, '$.keyName'), created_at_ms, id);`,
  // What the service asks over and over must not look at every alert of a month.
  `CREATE INDEX deliveries_of_state ON deliveries (state, destination);
   CREATE INDEX alerts_by_age ON alerts (created_at_ms);`,
];

const DATABASE_FILE = 'alerts.db';
const LOCK_FILE = 'owner.db';

export interface OpenOptions {
  /** `owner` = the service: one at a time. `guest` = the command line, beside it. */
  readonly as: 'owner' | 'guest';
  /** Most bytes that the database file may have. */
  readonly maxBytes?: number;
}

/** An open store. */
export interface StoreDatabase {
  readonly db: Database.Database;
  close(): void;
}

/**
 * Opens the store of a data folder, making or migrating it when the owner opens it.
 * @throws StoreError when another process owns it, or it is of a newer version.
 */
export function openDatabase(folder: string, options: OpenOptions): StoreDatabase {
  if (options.as === 'owner') mkdirSync(folder, { recursive: true, mode: 0o700 });
  else if (!existsSync(join(folder, DATABASE_FILE))) {
    throw new StoreError(`${folder} holds no alert store`);
  }
  const lock = options.as === 'owner' ? takeLock(folder) : null;
  try {
    const db = openSqlite(join(folder, DATABASE_FILE), {
      what: 'alert store',
      migrations: MIGRATIONS,
      mayMigrate: options.as === 'owner',
      // The owner waits for nobody: it shares its thread with the audio sockets and comes back later.
      timeoutMs: options.as === 'owner' ? 0 : GUEST_WAIT_MS,
      synchronous: 'FULL',
      maxBytes: options.maxBytes,
    });
    return {
      db,
      close() {
        db.close();
        lock?.close();
      },
    };
  } catch (error) {
    lock?.close();
    throw error;
  }
}

const GUEST_WAIT_MS = 5_000;

/** An open exclusive transaction on a file of its own: the system ends it when the process dies. */
function takeLock(folder: string): { close(): void } {
  const lock = new Database(join(folder, LOCK_FILE), { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch {
    lock.close();
    throw new StoreError(`${folder} is in use by another process`);
  }
  return lock;
}
