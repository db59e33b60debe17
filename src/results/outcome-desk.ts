import type { Clock } from '../clock.ts';
import type { AlertStore } from './outbox/alert-store.ts';
import type { Outbox } from './outbox/outbox.ts';
import type { OutcomeDecision } from './outcomes.ts';

/** Reports in memory while the disk takes none. */
const MAX_PENDING = 1_000;
/** A report is answered after this, whether it is on the disk or not. */
const ANSWER_WITHIN_MS = 3_000;

/** How a report went. */
export type ReportResult =
  /** It is on the disk. */
  | { readonly state: 'saved' | 'unchanged'; readonly outcome: OutcomeDecision }
  /** The disk takes nothing now; `waiting` is written when it does, `refused` is not. */
  | { readonly state: 'waiting' | 'refused' };

/** Outcomes of calls. */
export interface CallOutcomes {
  /** True when an alert was raised on the call, however long ago it is kept. */
  isKnown(keyName: string, callId: string): boolean;
  report(outcome: OutcomeDecision): Promise<ReportResult>;
}

export interface OutcomeDeskParts {
  readonly store: Pick<AlertStore, 'outcomeOf' | 'hasAlertOf'>;
  readonly outbox: Pick<Outbox, 'write'>;
  readonly clock: Clock;
}

/** Takes outcomes into the store and, in the same transaction, towards the decision log. */
export class OutcomeDesk implements CallOutcomes {
  readonly #parts: OutcomeDeskParts;
  /** The last report of each call that is not on the disk yet. */
  readonly #pending = new Map<string, { readonly outcome: OutcomeDecision; done: Promise<void> }>();
  #waiting = 0;

  constructor(parts: OutcomeDeskParts) {
    this.#parts = parts;
  }

  isKnown(keyName: string, callId: string): boolean {
    return this.#parts.store.hasAlertOf(keyName, callId);
  }

  /** The same outcome and note again change nothing; others take the place of the last ones. */
  async report(outcome: OutcomeDecision): Promise<ReportResult> {
    const id = JSON.stringify([outcome.keyName, outcome.callId]);
    const pending = this.#pending.get(id);
    if (pending !== undefined && isSame(pending.outcome, outcome)) {
      return this.#answer(pending.outcome, pending.done);
    }
    const last = this.#parts.store.outcomeOf(outcome.keyName, outcome.callId);
    if (pending === undefined && last !== null && isSame(last, outcome)) {
      return { state: 'unchanged', outcome: last };
    }
    if (this.#waiting >= MAX_PENDING) return { state: 'refused' };
    this.#waiting++;
    const done = new Promise<void>((resolve) => {
      this.#parts.outbox.write({ kind: 'outcome', outcome }, () => {
        this.#waiting--;
        if (this.#pending.get(id)?.outcome === outcome) this.#pending.delete(id);
        resolve();
      });
    });
    this.#pending.set(id, { outcome, done });
    return this.#answer(outcome, done);
  }

  async #answer(outcome: OutcomeDecision, done: Promise<void>): Promise<ReportResult> {
    const { clock } = this.#parts;
    return new Promise((resolve) => {
      const timer = clock.after(ANSWER_WITHIN_MS, () => resolve({ state: 'waiting' }));
      void done.then(() => {
        timer.cancel();
        resolve({ state: 'saved', outcome });
      });
    });
  }
}

function isSame(a: OutcomeDecision, b: OutcomeDecision): boolean {
  return a.outcome === b.outcome && a.note === b.note;
}
