import type { LegMatch } from './leg-match.ts';

/** `watch` = somebody may look; `alert` = somebody must. */
export type AlertSeverity = 'watch' | 'alert';

/** What a call without any verdict means: `failOpen` = nothing is raised, `failClosed` = an alert is. */
export type NoVerdictChoice = 'failOpen' | 'failClosed';

/** One rule: which legs, and when an alert is raised. */
export interface AlertRule {
  readonly name: string;
  readonly severity: AlertSeverity;
  readonly match: LegMatch;
  /** A false-alert rate, looked up in the detector's thresholds, or an LLR (positive = bona fide). */
  readonly threshold: { readonly falseAlertRate: number } | { readonly llr: number };
  /** Scores over less speech do not count. */
  readonly minimumSpeechMs: number;
  /** Scores in a row that must be at the threshold or below. */
  readonly consecutiveScores: number;
  /** Stream time before the rule may raise another alert on the leg; null = one a leg. */
  readonly coolDownMs: number | null;
  /** True = the window of the last seconds may raise an alert that the whole call's mean hides. */
  readonly recent: boolean;
  readonly noVerdict: NoVerdictChoice;
}

/** What a rule needs of the detector that scored. */
export interface DetectorLimits {
  readonly thresholds: readonly { readonly falseAlertRate: number; readonly llr: number }[];
  readonly recentMinimumSpeechMs: number;
  readonly recentMarginLlr: number;
}

export interface ResolvedThreshold {
  readonly llr: number;
  /** The shipped rate that was taken, or null for a threshold given as an LLR. */
  readonly falseAlertRate: number | null;
}

/**
 * The LLR of a rule's threshold. Of the shipped rates the largest that is not above the wanted one is
 * taken; when all are above, the lowest: an operator never gets more false alerts than the
 * detector can promise.
 */
export function resolveThreshold(
  threshold: AlertRule['threshold'],
  detector: DetectorLimits,
): ResolvedThreshold {
  if ('llr' in threshold) return { llr: threshold.llr, falseAlertRate: null };
  const rising = [...detector.thresholds].sort((a, b) => a.falseAlertRate - b.falseAlertRate);
  const fitting = rising.filter(({ falseAlertRate }) => falseAlertRate <= threshold.falseAlertRate);
  const { llr, falseAlertRate } = fitting.at(-1) ?? rising[0]!;
  return { llr, falseAlertRate };
}

/** One score of a leg; LLRs positive = bona fide, null = abstained. */
export interface PolicyScore {
  readonly streamTimeMs: number;
  readonly speechMs: number;
  readonly llr: number | null;
  readonly recentSpeechMs: number;
  readonly recentLlr: number | null;
}

/** What a rule remembers of a leg. */
export interface PolicyState {
  /** Scores in a row at the threshold or below. */
  readonly consecutive: number;
  readonly firedAtMs: number | null;
  /** A score with enough speech and no abstention was seen: there is a verdict. */
  readonly judged: boolean;
}

export const INITIAL_POLICY_STATE: PolicyState = {
  consecutive: 0,
  firedAtMs: null,
  judged: false,
};

/** What made a score count: the whole call's mean, or the window of the last seconds. */
export type AlertEvidence = 'call' | 'recent';

export interface PolicyStep {
  readonly state: PolicyState;
  /** Set when the rule raises an alert at this score. */
  readonly fired: AlertEvidence | null;
}

/** A rule with what it needs of the detector. */
export interface ArmedRule {
  readonly rule: AlertRule;
  readonly threshold: ResolvedThreshold;
  readonly detector: DetectorLimits;
}

/**
 * A rule's next state on a leg. Pure; stream time is its only clock. A score that abstains or has too
 * little speech says nothing: it neither counts nor breaks a row.
 */
export function nextPolicyState(
  last: PolicyState,
  score: PolicyScore,
  armed: ArmedRule,
): PolicyStep {
  const { rule } = armed;
  if (score.llr === null || score.speechMs < rule.minimumSpeechMs) {
    return { state: last, fired: null };
  }
  const evidence = evidenceOf(score, armed);
  if (evidence === null) {
    return { state: { ...last, consecutive: 0, judged: true }, fired: null };
  }
  const consecutive = last.consecutive + 1;
  const state = { ...last, consecutive, judged: true };
  if (consecutive < rule.consecutiveScores || isCooling(last, score.streamTimeMs, rule)) {
    return { state, fired: null };
  }
  return { state: { ...state, firedAtMs: score.streamTimeMs }, fired: evidence };
}

function evidenceOf(score: PolicyScore, armed: ArmedRule): AlertEvidence | null {
  const { rule, threshold, detector } = armed;
  if (score.llr !== null && score.llr <= threshold.llr) return 'call';
  if (!rule.recent || score.recentLlr === null) return null;
  if (score.recentSpeechMs < detector.recentMinimumSpeechMs) return null;
  return score.recentLlr <= threshold.llr - detector.recentMarginLlr ? 'recent' : null;
}

function isCooling(state: PolicyState, nowMs: number, rule: AlertRule): boolean {
  if (state.firedAtMs === null) return false;
  return rule.coolDownMs === null || nowMs < state.firedAtMs + rule.coolDownMs;
}

/** How a rule leaves a leg: with a verdict, or with what its `noVerdict` says. */
export type HangUpOutcome = 'judged' | NoVerdictChoice;

export function atHangUp(state: PolicyState, rule: AlertRule): HangUpOutcome {
  return state.judged ? 'judged' : rule.noVerdict;
}
