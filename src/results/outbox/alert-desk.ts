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

/** An alert with how its deliveries stand. */
export interface AlertWithDeliveries {
  readonly alert: AlertEvent;
  readonly createdAtMs: number;
  readonly deliveries: readonly Omit<DeliveryRow, 'alertId' | 'createdAtMs'>[];
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

/** Exported for the test of its plan. */
export const ALERTS_OF_KEY = `SELECT id, created_at_ms AS createdAtMs, body FROM alerts
  WHERE json_extract(body, '$.keyName') = :keyName AND (created_at_ms, id) < (:createdAtMs, :id)
  ORDER BY created_at_ms DESC, id DESC LIMIT :limit`;

/** What the command line and the HTTP API do with the store, beside the service's own writing. */
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

  /** Alerts of a key, newest first. @param before where the page before ended; null = the newest */
  alertsOf(
    keyName: string,
    limit: number,
    before: { readonly createdAtMs: number; readonly id: string } | null,
  ): AlertWithDeliveries[] {
    const place = before ?? { createdAtMs: Number.MAX_SAFE_INTEGER, id: '' };
    const rows = this.#db.prepare(ALERTS_OF_KEY).all({ keyName, limit, ...place }) as {
      id: string;
      createdAtMs: number;
      body: string;
    }[];
    const deliveries = this.#db.prepare(
      `SELECT destination, state, attempts, next_attempt_at_ms AS nextAttemptAtMs,
         last_error AS lastError FROM deliveries WHERE alert_id = ? ORDER BY destination`,
    );
    return rows.map(({ id, createdAtMs, body }) => ({
      alert: JSON.parse(body) as AlertEvent,
      createdAtMs,
      deliveries: deliveries.all(id) as AlertWithDeliveries['deliveries'],
    }));
  }

  alert(id: string): AlertEvent | null {
    const row = this.#db.prepare('SELECT body FROM alerts WHERE id = ?').get(id) as
      | { readonly body: string }
      | undefined;
    return row === undefined ? null : (JSON.parse(row.body) as AlertEvent);
  }

  /**
   * Sends what fits again, for another day. Due since the alert: the service goes by the clock of its start, which may be
   * behind the one that this process reads.
   * @returns how many
   */
  retry(filter: DeliveryFilter, nowMs: number): number {
    return this.#db
      .prepare(
        `UPDATE deliveries SET state = 'waiting', next_attempt_at_ms = min(:nowMs,
             (SELECT created_at_ms FROM alerts WHERE id = alert_id)),
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
