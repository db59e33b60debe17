import type Database from 'libsql';
import type { ScreeningSummary } from '../http/schemas.ts';
import type { CallSummary } from '../results/call-record.ts';
import { inTransaction, openSqlite } from '../sqlite.ts';
import type { ScreeningRecord } from '../uploads/screening-store.ts';

/** One entry a schema version, oldest first. Never changed once released, only added to. */
export const SUMMARY_MIGRATIONS: readonly string[] = [
  `CREATE TABLE calls (
     number INTEGER PRIMARY KEY AUTOINCREMENT,
     key_name TEXT NOT NULL,
     call_id TEXT NOT NULL,
     ended_at_ms INTEGER NOT NULL,
     body TEXT NOT NULL
   ) STRICT;
   CREATE INDEX calls_of_key ON calls (key_name, number);
   CREATE INDEX calls_by_id ON calls (call_id, key_name);
   CREATE INDEX calls_by_age ON calls (ended_at_ms);`,
  `CREATE TABLE screenings (
     id TEXT PRIMARY KEY,
     number INTEGER NOT NULL,
     key_name TEXT NOT NULL,
     finished_at_ms INTEGER NOT NULL,
     idempotency_key TEXT,
     fingerprint TEXT,
     body TEXT NOT NULL,
     legs BLOB
   ) STRICT;
   CREATE INDEX screenings_of_key ON screenings (key_name, number);
   CREATE INDEX screenings_by_idempotency ON screenings (idempotency_key, key_name);
   CREATE INDEX screenings_by_age ON screenings (finished_at_ms);`,
  // Of calls before summaries had it, their alerts are not known here.
  `UPDATE calls SET body = json_insert(body, '$.alert', NULL);`,
];

/** A summary on its way to the disk; `body` is the summary as JSON. */
export type SummaryWrite =
  | {
      readonly kind: 'call';
      readonly keyName: string;
      readonly callId: string;
      readonly endedAtMs: number;
      readonly body: string;
    }
  | { readonly kind: 'screening'; readonly record: ScreeningRecord; readonly body: string };

/** An ended call with its place in the list. */
export interface StoredCall {
  readonly number: number;
  readonly summary: CallSummary;
}

interface ScreeningRow {
  readonly number: number;
  readonly key_name: string;
  readonly idempotency_key: string | null;
  readonly fingerprint: string | null;
  readonly body: string;
  readonly legs: Uint8Array | null;
}

export interface PageOf {
  readonly keyName: string;
  readonly limit: number;
  /** Only entries with a smaller number. */
  readonly before: number;
  /** Only entries that ended after this; wall time in ms. */
  readonly afterMs: number;
}

/** Summaries of ended calls and finished screenings in one SQLite file. Every method may throw. */
export class SummaryDatabase {
  readonly #db: Database.Database;
  readonly #statements: ReturnType<typeof prepareAll>;

  /** @throws StoreError when the file is of a newer version, and the database's own errors. */
  constructor(path: string, maxBytes: number) {
    this.#db = openSqlite(path, {
      what: 'summary store',
      migrations: SUMMARY_MIGRATIONS,
      mayMigrate: true,
      // It shares its thread with the audio sockets: it waits for nobody and comes back later.
      timeoutMs: 0,
      synchronous: 'NORMAL',
      maxBytes,
    });
    try {
      // What is deleted by age must not be left in unused pages.
      this.#db.pragma('secure_delete = ON');
      this.#statements = prepareAll(this.#db);
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  /** Writes all or nothing. */
  write(writes: readonly SummaryWrite[]): void {
    inTransaction(this.#db, () => {
      for (const write of writes) this.#writeOne(write);
    });
  }

  /** Newest first. */
  calls({ keyName, limit, before, afterMs }: PageOf): StoredCall[] {
    const rows = this.#statements.callPage.all(keyName, before, afterMs, limit);
    return (rows as { number: number; body: string }[]).map(({ number, body }) => ({
      number,
      summary: JSON.parse(body) as CallSummary,
    }));
  }

  /** The newest ended call with this id, or null. */
  call(callId: string, keyName: string, afterMs: number): CallSummary | null {
    const row = this.#statements.callById.get(callId, keyName, afterMs);
    return row === undefined ? null : (JSON.parse((row as { body: string }).body) as CallSummary);
  }

  /** Newest first, without their legs' timelines. */
  screenings({ keyName, limit, before, afterMs }: PageOf): ScreeningRecord[] {
    const rows = this.#statements.screeningPage.all(keyName, before, afterMs, limit);
    return (rows as ScreeningRow[]).map(recordOf);
  }

  screening(id: string, keyName: string, afterMs: number): ScreeningRecord | null {
    const row = this.#statements.screeningById.get(id, keyName, afterMs);
    return row === undefined ? null : recordOf(row as ScreeningRow);
  }

  screeningByIdempotencyKey(
    idempotencyKey: string,
    keyName: string,
    afterMs: number,
  ): ScreeningRecord | null {
    const row = this.#statements.screeningByIdempotency.get(idempotencyKey, keyName, afterMs);
    return row === undefined ? null : recordOf(row as ScreeningRow);
  }

  /** Deletes what ended before, `limit` of each kind at most. @returns how many */
  prune(beforeMs: number, limit: number): number {
    const { pruneCalls, pruneScreenings } = this.#statements;
    return inTransaction(
      this.#db,
      () => pruneCalls.run(beforeMs, limit).changes + pruneScreenings.run(beforeMs, limit).changes,
    );
  }

  close(): void {
    this.#db.close();
  }

  #writeOne(write: SummaryWrite): void {
    if (write.kind === 'call') {
      const { keyName, callId, endedAtMs, body } = write;
      this.#statements.addCall.run(keyName, callId, Math.floor(endedAtMs), body);
      return;
    }
    const { number, keyName, summary, legsJson, idempotency } = write.record;
    this.#statements.addScreening.run(
      ...[summary.id, number, keyName, Math.floor(summary.finishedAtMs ?? 0)],
      ...[idempotency?.key ?? null, idempotency?.fingerprint ?? null],
      ...[write.body, legsJson === null ? null : Buffer.from(legsJson)],
    );
  }
}

function recordOf(row: ScreeningRow): ScreeningRecord {
  const { number, key_name: keyName, idempotency_key: key, fingerprint, body, legs } = row;
  return {
    number,
    keyName,
    summary: JSON.parse(body) as ScreeningSummary,
    legsJson: legs,
    idempotency: key === null || fingerprint === null ? null : { key, fingerprint },
  };
}

function prepareAll(db: Database.Database) {
  const head = 'number, key_name, idempotency_key, fingerprint, body';
  const oldest = (table: string, time: string) =>
    db.prepare(
      `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE ${time} < ? LIMIT ?)`,
    );
  return {
    addCall: db.prepare(
      'INSERT INTO calls (key_name, call_id, ended_at_ms, body) VALUES (?, ?, ?, ?)',
    ),
    addScreening: db.prepare('INSERT OR REPLACE INTO screenings VALUES (?, ?, ?, ?, ?, ?, ?, ?)'),
    callPage: db.prepare(
      `SELECT number, body FROM calls
       WHERE key_name = ? AND number < ? AND ended_at_ms >= ? ORDER BY number DESC LIMIT ?`,
    ),
    callById: db.prepare(
      `SELECT body FROM calls
       WHERE call_id = ? AND key_name = ? AND ended_at_ms >= ? ORDER BY number DESC LIMIT 1`,
    ),
    screeningPage: db.prepare(
      `SELECT ${head}, NULL AS legs FROM screenings
       WHERE key_name = ? AND number < ? AND finished_at_ms >= ? ORDER BY number DESC LIMIT ?`,
    ),
    screeningById: db.prepare(
      `SELECT ${head}, legs FROM screenings WHERE id = ? AND key_name = ? AND finished_at_ms >= ?`,
    ),
    screeningByIdempotency: db.prepare(
      `SELECT ${head}, legs FROM screenings
       WHERE idempotency_key = ? AND key_name = ? AND finished_at_ms >= ? LIMIT 1`,
    ),
    pruneCalls: oldest('calls', 'ended_at_ms'),
    pruneScreenings: oldest('screenings', 'finished_at_ms'),
  };
}
