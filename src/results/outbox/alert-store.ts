import type Database from 'libsql';
import { inTransaction } from '../../sqlite.ts';
import type { AlertEvent, Decision, LoggedDecision } from '../alert-events.ts';
import type { OutcomeDecision } from '../outcomes.ts';
import { prepareAll } from './alert-statements.ts';
import { type OpenOptions, openDatabase, type StoreDatabase } from './database.ts';

/** An alert is tried for this long. */
export const GIVE_UP_AFTER_MS = 86_400_000;
/** No attempt waits longer than this, whatever a receiver asks for. */
export const MAX_WAIT_MS = 6 * 3_600_000;
/** Alerts that give way at once in a store at its limit. */
const GIVE_WAY_ALERTS = 100;
/** A store is at its limit, and not the disk full, from this share of its pages on. */
const LIMIT_SHARE = 0.9;
/** Outcomes, and which calls had alerts, are kept for this much longer than alerts. */
const FEEDBACK_LONGER_MS = 370 * 86_400_000;

/** A delivery whose time has come. */
export interface DueDelivery {
  readonly alert: AlertEvent;
  readonly destination: string;
  /** Attempts so far. */
  readonly attempts: number;
  readonly giveUpAtMs: number;
}

/** How an attempt went. */
export type DeliveryMark =
  | { readonly state: 'delivered'; readonly atMs: number }
  | { readonly state: 'waiting'; readonly nextAttemptAtMs: number; readonly error: string }
  | { readonly state: 'dead'; readonly atMs: number; readonly error: string };

/** A write; all that wait go into one transaction. */
export type StoreWrite =
  | {
      readonly kind: 'decision';
      readonly decision: Decision;
      readonly destinations: readonly string[];
      readonly atMs: number;
    }
  | {
      readonly kind: 'mark';
      readonly alertId: string;
      readonly destination: string;
      readonly mark: DeliveryMark;
    }
  | { readonly kind: 'outcome'; readonly outcome: OutcomeDecision }
  /** Decisions up to here are in the decision log. */
  | { readonly kind: 'logged'; readonly upToSeq: number };

/** A decision on its way to the decision log. */
export interface StoredDecision {
  readonly seq: number;
  readonly decision: LoggedDecision;
}

export interface DeliveryCounts {
  readonly waiting: number;
  readonly dead: number;
  /** Creation of the oldest alert that waits, or null. */
  readonly oldestWaitingAtMs: number | null;
}

/** Alerts, their deliveries and the decisions that await the log, in one SQLite file. */
export class AlertStore {
  readonly #database: StoreDatabase;
  readonly #db: Database.Database;
  readonly #statements: ReturnType<typeof prepareAll>;
  #gaveWay = 0;

  private constructor(database: StoreDatabase) {
    this.#database = database;
    this.#db = database.db;
    this.#statements = prepareAll(database.db);
  }

  /** @throws StoreError as `openDatabase`. */
  static open(folder: string, options: OpenOptions): AlertStore {
    return new AlertStore(openDatabase(folder, options));
  }

  /** Alerts forgotten since start because the store was at its limit. */
  get gaveWay(): number {
    return this.#gaveWay;
  }

  /**
   * Writes all or nothing. In a store at its limit the oldest alerts that are done with give way.
   * @throws the database's error when the disk is full or locked, or nothing is done with
   */
  write(writes: readonly StoreWrite[]): void {
    const writeAll = () =>
      inTransaction(this.#db, () => {
        for (const write of writes) this.#writeOne(write);
      });
    try {
      writeAll();
    } catch (error) {
      if ((error as { code?: string }).code !== 'SQLITE_FULL' || !this.#giveWay()) throw error;
      writeAll();
    }
  }

  due(destination: string, nowMs: number, limit: number): DueDelivery[] {
    const rows = this.#statements.due.all(destination, nowMs, limit) as DueRow[];
    return rows.map((row) => ({
      alert: JSON.parse(row.body) as AlertEvent,
      destination,
      attempts: row.attempts,
      giveUpAtMs: row.give_up_at_ms,
    }));
  }

  /** When the next delivery of a destination is due, or null when none waits. */
  nextDueAtMs(destination: string): number | null {
    return (this.#statements.nextDue.get(destination) as { at: number | null }).at;
  }

  /** For a clock that was set back: what was made in the future is due now. */
  pullInWaits(nowMs: number): void {
    const giveUpAtMs = nowMs + GIVE_UP_AFTER_MS;
    this.#statements.pullIn.run(nowMs, giveUpAtMs, giveUpAtMs);
    this.#statements.capWait.run(nowMs + MAX_WAIT_MS, nowMs + MAX_WAIT_MS);
  }

  /** Deliveries to destinations that are no longer there become dead letters. */
  buryOrphans(destinations: readonly string[], nowMs: number): number {
    const known = JSON.stringify(destinations);
    return this.#statements.bury.run(nowMs, known).changes;
  }

  /** Forgets alerts older than this of which nothing waits and nothing is dead. */
  forgetEnded(beforeMs: number): number {
    // In this order: which calls had alerts stays known as long as their outcomes.
    for (const statement of [this.#statements.forgetOutcomes, this.#statements.forgetCalls]) {
      statement.run(beforeMs - FEEDBACK_LONGER_MS);
    }
    return this.#statements.forget.run(beforeMs).changes;
  }

  /** What was reported last of a call, or null. */
  outcomeOf(keyName: string, callId: string): OutcomeDecision | null {
    const row = this.#statements.outcomeOf.get(keyName, callId) as
      | Pick<OutcomeDecision, 'outcome' | 'note' | 'wallTimeMs'>
      | undefined;
    if (row === undefined) return null;
    const { outcome, note, wallTimeMs } = row;
    return { type: 'outcome', callId, keyName, outcome, note, wallTimeMs };
  }

  hasAlertOf(keyName: string, callId: string): boolean {
    return this.#statements.alertOf.get(keyName, callId) !== undefined;
  }

  /** Decisions that are not in the log yet, oldest first. */
  decisionsAfter(seq: number, limit: number): StoredDecision[] {
    const rows = this.#statements.decisionsAfter.all(seq, limit) as { seq: number; body: string }[];
    return rows.map((row) => ({ seq: row.seq, decision: JSON.parse(row.body) as LoggedDecision }));
  }

  /**
   * Makes the number of the next decision greater than `seq`. Numbers only grow: one that is greater already stays.
   * @returns the number that the store was at, or null when it was not behind. @throws as `write`
   */
  raiseSeq(seq: number): number | null {
    const { newestSeq, setSeq, addSeq } = this.#statements;
    const row = newestSeq.get() as { readonly seq: number } | undefined;
    const storeSeq = row?.seq ?? 0;
    if (storeSeq >= seq) return null;
    // SQLite makes the row with the first decision.
    if (row === undefined) addSeq.run(seq);
    else setSeq.run(seq);
    return storeSeq;
  }

  counts(): DeliveryCounts {
    const row = this.#statements.counts.get() as {
      waiting: number;
      dead: number;
      oldest: number | null;
    };
    return { waiting: row.waiting, dead: row.dead, oldestWaitingAtMs: row.oldest };
  }

  close(): void {
    this.#database.close();
  }

  /** @returns false when it makes no room: the disk is full, or everything waits */
  #giveWay(): boolean {
    const { page_count: pages, max_page_count: most } = this.#statements.size.get() as PageCounts;
    if (pages < LIMIT_SHARE * most) return false;
    const { changes } = this.#statements.giveWay.run(GIVE_WAY_ALERTS);
    this.#gaveWay += changes;
    return changes > 0;
  }

  #writeOne(write: StoreWrite): void {
    const { addDecision, mark, logged, setOutcome } = this.#statements;
    if (write.kind === 'decision') this.#addDecision(write);
    else if (write.kind === 'outcome') {
      const { outcome: reported } = write;
      const { keyName, callId, outcome, note, wallTimeMs } = reported;
      setOutcome.run(keyName, callId, outcome, note, wallTimeMs);
      addDecision.run(JSON.stringify(reported));
    } else if (write.kind === 'logged') logged.run(write.upToSeq);
    else {
      const { mark: done, alertId, destination } = write;
      const error = 'error' in done ? done.error : null;
      const nextAtMs = 'nextAttemptAtMs' in done ? done.nextAttemptAtMs : null;
      const endedAtMs = 'atMs' in done ? done.atMs : null;
      mark.run(done.state, nextAtMs, error, endedAtMs, alertId, destination);
    }
  }

  #addDecision({ decision, destinations, atMs }: StoreWrite & { kind: 'decision' }): void {
    const { addAlert, addDelivery, addDecision, addCallAlert } = this.#statements;
    const body = JSON.stringify(decision);
    addDecision.run(body);
    if (decision.type !== 'alert') return;
    const { id, keyName, callId, policy } = decision;
    addAlert.run(id, atMs, body);
    addCallAlert.run(keyName, callId, policy.name, atMs);
    for (const destination of destinations) {
      addDelivery.run(id, destination, atMs, atMs + GIVE_UP_AFTER_MS);
    }
  }
}

interface PageCounts {
  readonly page_count: number;
  readonly max_page_count: number;
}

interface DueRow {
  readonly body: string;
  readonly attempts: number;
  readonly give_up_at_ms: number;
}
