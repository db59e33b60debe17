import type Database from 'libsql';
import type { AlertEvent } from '../alert-events.ts';
import { GIVE_UP_AFTER_MS } from './alert-store.ts';
import { openDatabase, type StoreDatabase } from './database.ts';

export const DELIVERY_STATES = ['waiting', 'delivered', 'dead', 'dropped'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** A delivery as the operator sees it. */
export interface DeliveryRow {
  readonly alertId: string;
  readonly createdAtMs: number;
  readonly destination: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly nextAttemptAtMs: number;
  readonly lastError: string | null;
}

/** Which deliveries; an absent field means all. */
export interface DeliveryFilter {
  readonly alertId?: string | undefined;
  readonly destination?: string | undefined;
  readonly state?: DeliveryState | undefined;
}

const COLUMNS = `d.alert_id AS alertId, a.created_at_ms AS createdAtMs, d.destination, d.state,
  d.attempts, d.next_attempt_at_ms AS nextAttemptAtMs, d.last_error AS lastError`;
const FITTING = `(:alertId IS NULL OR alert_id = :alertId)
  AND (:destination IS NULL OR destination = :destination) AND (:state IS NULL OR state = :state)`;

/** What the command line does with the store, beside a service that runs. */
export class AlertDesk {
  readonly #database: StoreDatabase;
  readonly #db: Database.Database;

  /** @throws StoreError when there is no store in the folder. */
  constructor(folder: string) {
    this.#database = openDatabase(folder, { as: 'guest' });
    this.#db = this.#database.db;
  }

  /** Newest first. */
  list(filter: DeliveryFilter, limit: number): DeliveryRow[] {
    const rows = this.#db
      .prepare(
        `SELECT ${COLUMNS} FROM deliveries d JOIN alerts a ON a.id = d.alert_id
         WHERE ${FITTING} ORDER BY a.created_at_ms DESC, d.destination LIMIT :limit`,
      )
      .all({ ...namesOf(filter), limit }) as DeliveryRow[];
    return rows;
  }

  alert(id: string): AlertEvent | null {
    const row = this.#db.prepare('SELECT body FROM alerts WHERE id = ?').get(id) as
      | { readonly body: string }
      | undefined;
    return row === undefined ? null : (JSON.parse(row.body) as AlertEvent);
  }

  /** Sends again what fits and is not waiting already, for another day. @returns how many */
  retry(filter: DeliveryFilter, nowMs: number): number {
    return this.#db
      .prepare(
        `UPDATE deliveries SET state = 'waiting', next_attempt_at_ms = :nowMs,
           give_up_at_ms = :giveUpAtMs, ended_at_ms = NULL WHERE ${FITTING}`,
      )
      .run({ ...namesOf(filter), nowMs, giveUpAtMs: nowMs + GIVE_UP_AFTER_MS }).changes;
  }

  /** Gives up what fits and has not been delivered. @returns how many */
  drop(filter: DeliveryFilter, nowMs: number): number {
    return this.#db
      .prepare(
        `UPDATE deliveries SET state = 'dropped', ended_at_ms = :nowMs
         WHERE ${FITTING} AND state IN ('waiting', 'dead')`,
      )
      .run({ ...namesOf(filter), nowMs }).changes;
  }

  close(): void {
    this.#database.close();
  }
}

function namesOf({ alertId, destination, state }: DeliveryFilter) {
  return {
    alertId: alertId ?? null,
    destination: destination ?? null,
    state: state ?? null,
  };
}
