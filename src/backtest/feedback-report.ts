import { isoTimeOf } from '../clock.ts';
import type { FeedbackCall } from '../results/outbox/feedback-desk.ts';
import type { Interval } from '../train/metrics/bootstrap.ts';
import { wilsonInterval } from '../train/metrics/wilson.ts';

/** Outcomes of calls that had an alert. */
export interface AlertPrecision {
  readonly synthetic: number;
  readonly human: number;
  readonly unknown: number;
  /** Synthetic ÷ (synthetic + human); null without either. */
  readonly precision: number | null;
  /** 95 %, by Wilson. */
  readonly interval: Interval | null;
}

export interface FeedbackReport {
  readonly all: AlertPrecision;
  /** By the Monday (UTC) of the week of the first alert, oldest first. */
  readonly weeks: readonly (AlertPrecision & { readonly week: string })[];
  readonly policies: readonly (AlertPrecision & { readonly policy: string })[];
  /** Confirmed synthetic, and no alert. */
  readonly missed: readonly Pick<FeedbackCall, 'keyName' | 'callId' | 'reportedAtMs'>[];
}

const DAY_MS = 86_400_000;
/** 1970 began on a Thursday. */
const DAYS_SINCE_MONDAY_AT_0 = 3;

/** Precision of alerts over time, and what was missed, as far as outcomes were reported. */
export function feedbackReport(calls: readonly FeedbackCall[]): FeedbackReport {
  const alerted = calls.filter(({ policies }) => policies.length > 0);
  const weeks = [...new Set(alerted.map(weekOf))].sort((a, b) => a.localeCompare(b));
  const policies = [...new Set(alerted.flatMap((call) => call.policies))].sort((a, b) =>
    a.localeCompare(b),
  );
  return {
    all: precisionOf(alerted),
    weeks: weeks.map((week) => ({
      week,
      ...precisionOf(alerted.filter((call) => weekOf(call) === week)),
    })),
    policies: policies.map((policy) => ({
      policy,
      ...precisionOf(alerted.filter((call) => call.policies.includes(policy))),
    })),
    missed: calls
      .filter(
        ({ outcome, policies: none }) => outcome === 'confirmed_synthetic' && none.length === 0,
      )
      .map(({ keyName, callId, reportedAtMs }) => ({ keyName, callId, reportedAtMs })),
  };
}

function precisionOf(calls: readonly FeedbackCall[]): AlertPrecision {
  const count = (wanted: FeedbackCall['outcome']) =>
    calls.filter(({ outcome }) => outcome === wanted).length;
  const [synthetic, human] = [count('confirmed_synthetic'), count('confirmed_human')];
  const judged = synthetic + human;
  return {
    ...{ synthetic, human, unknown: count('unknown') },
    precision: judged === 0 ? null : synthetic / judged,
    interval: judged === 0 ? null : wilsonInterval(synthetic, judged),
  };
}

function weekOf({ firstAlertAtMs, reportedAtMs }: FeedbackCall): string {
  const day = Math.floor((firstAlertAtMs ?? reportedAtMs) / DAY_MS);
  return isoTimeOf((day - ((day + DAYS_SINCE_MONDAY_AT_0) % 7)) * DAY_MS).slice(0, 10);
}
