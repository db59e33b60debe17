import { LegWatch, policyScoreOf } from '../results/leg-watch.ts';
import type { Policies } from '../results/policies.ts';
import type { AlertSeverity, DetectorLimits } from '../screening/alert-policy.ts';
import type { LegRole } from '../stream/call.ts';
import type { CallScores } from './call-scores.ts';

/** What a recording does not tell of its call. */
export interface CallFacts {
  readonly keyName: string;
  readonly platform: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** One a channel. */
  readonly roles: readonly LegRole[];
}

export interface JudgeOptions {
  readonly call: CallFacts;
  readonly priorSynthetic: number;
  /** Of the detector with this id; null = of a leg without any score. */
  readonly limitsOf: (detectorId: string | null) => DetectorLimits;
  /** `alert` = policies that only watch do not count. */
  readonly severity: AlertSeverity;
}

/** What a policies file would have made of a call. */
export interface CallVerdict {
  readonly alerts: number;
  /** Stream time of the first alert; null = none. */
  readonly firstAlertMs: number | null;
  /** False = no leg had a score that any policy counts. */
  readonly judged: boolean;
}

/** Runs policies over the scores of a call, with the code that runs them on live calls. */
export function judgeCall(
  scores: CallScores,
  policies: Policies,
  options: JudgeOptions,
): CallVerdict {
  const { call, priorSynthetic, limitsOf, severity } = options;
  const counts = (raised: AlertSeverity) => severity === 'watch' || raised === 'alert';
  const alertsAtMs: number[] = [];
  let judged = false;
  for (const [channel, leg] of scores.legs.entries()) {
    const role = call.roles[channel] ?? 'unknown';
    const watch = new LegWatch({ ...call, role }, limitsOf(leg.detector));
    watch.use(policies);
    for (const row of leg.scores) {
      const [streamTimeMs, speechMs, llr, recentSpeechMs, syntheticProbability] = row;
      const recent = { syntheticProbability, speechMs: recentSpeechMs };
      const score = policyScoreOf({ streamTimeMs, speechMs, llr, recent }, priorSynthetic);
      watch.score(score, ({ rule }) => {
        if (counts(rule.severity)) alertsAtMs.push(streamTimeMs);
      });
    }
    const unjudged = watch.unjudged();
    judged ||= unjudged.length < watch.size;
    for (const { rule } of unjudged) {
      if (rule.noVerdict === 'failClosed' && counts(rule.severity)) {
        alertsAtMs.push(leg.streamTimeMs);
      }
    }
  }
  return {
    alerts: alertsAtMs.length,
    firstAlertMs: alertsAtMs.length === 0 ? null : Math.min(...alertsAtMs),
    judged,
  };
}
