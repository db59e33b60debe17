import type { OutcomeName } from '../outcomes.ts';
import { openDatabase, type StoreDatabase } from './database.ts';

/** A call whose outcome was reported. */
export interface FeedbackCall {
  readonly keyName: string;
  readonly callId: string;
  readonly outcome: OutcomeName;
  readonly note: string | null;
  readonly reportedAtMs: number;
  /** Policies that raised an alert on it, and when the first one did; none = no alert. */
  readonly policies: readonly string[];
  readonly firstAlertAtMs: number | null;
}

interface Row {
  readonly keyName: string;
  readonly callId: string;
  readonly outcome: OutcomeName;
  readonly note: string | null;
  readonly reportedAtMs: number;
  readonly policies: string | null;
  readonly firstAlertAtMs: number | null;
}

/** What the command line reads of outcomes, beside a service that runs. */
export class FeedbackDesk {
  readonly #database: StoreDatabase;

  /** @throws StoreError when there is no store in the folder. */
  constructor(folder: string) {
    this.#database = openDatabase(folder, { as: 'guest' });
  }

  /** All reported calls, by the time of the report. */
  calls(): FeedbackCall[] {
    const rows = this.#database.db
      .prepare(
        `SELECT o.key_name AS keyName, o.call_id AS callId, o.outcome, o.note,
           o.reported_at_ms AS reportedAtMs, json_group_array(a.policy ORDER BY a.policy) AS policies,
           min(a.raised_at_ms) AS firstAlertAtMs
         FROM outcomes o
         LEFT JOIN call_alerts a ON a.key_name = o.key_name AND a.call_id = o.call_id
         GROUP BY o.key_name, o.call_id ORDER BY o.reported_at_ms, o.key_name, o.call_id`,
      )
      .all() as Row[];
    return rows.map(({ policies, ...call }) => ({
      ...call,
      // A join without a match gives one null.
      policies: (JSON.parse(policies ?? '[]') as (string | null)[]).filter(
        (policy) => policy !== null,
      ),
    }));
  }

  close(): void {
    this.#database.close();
  }
}
