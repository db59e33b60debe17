export type VerdictName = 'human' | 'synthetic' | 'undecided';

export interface VerdictOptions {
  /** A verdict may be given from this much speech on, as provisional. */
  readonly provisionalSpeechMs: number;
  /** From this much speech on a verdict is firm. */
  readonly firmSpeechMs: number;
  /** `synthetic` when the LLR (positive = bona fide) falls to this or below. */
  readonly thresholdLlr: number;
  /** `synthetic` is left only when the LLR rises above the threshold by this. */
  readonly hysteresisLlr: number;
  /** The sliding window may raise a verdict only when it holds this much speech. */
  readonly recentMinimumSpeechMs: number;
  /** The window of a few seconds is noisier than the whole call: it must be this much clearer. */
  readonly recentMarginLlr: number;
}

/** What a decision is made from; LLRs positive = bona fide. */
export interface VerdictInput {
  readonly speechMs: number;
  readonly llr: number;
  readonly recentSpeechMs: number;
  readonly recentLlr: number;
  readonly abstaining: boolean;
}

export type VerdictReason = 'evidence' | 'recent' | 'insufficient_speech' | 'abstained' | 'cleared';

/** A verdict with the reason of its last change. */
export interface Verdict {
  readonly name: VerdictName;
  readonly firm: boolean;
  readonly reason: VerdictReason;
}

export const INITIAL_VERDICT: Verdict = {
  name: 'undecided',
  firm: false,
  reason: 'insufficient_speech',
};

/**
 * The next verdict from the last one. Pure. A leg enters `synthetic` at the threshold and leaves it
 * above threshold + hysteresis. It is `human` only while the evidence speaks for a human (LLR ≥ 0, and
 * to be left only below −hysteresis); between that and the threshold it is `undecided`. A window that turns synthetic
 * raises a verdict that the whole call's mean still hides.
 */
export function nextVerdict(last: Verdict, input: VerdictInput, options: VerdictOptions): Verdict {
  if (input.abstaining) return { name: 'undecided', firm: false, reason: 'abstained' };
  if (input.speechMs < options.provisionalSpeechMs) return INITIAL_VERDICT;
  const firm = input.speechMs >= options.firmSpeechMs;
  const staying = last.name === 'synthetic' ? options.hysteresisLlr : 0;
  if (input.llr <= options.thresholdLlr + staying) {
    return { name: 'synthetic', firm, reason: 'evidence' };
  }
  const recentThreshold = options.thresholdLlr - options.recentMarginLlr + staying;
  if (input.recentSpeechMs >= options.recentMinimumSpeechMs && input.recentLlr <= recentThreshold) {
    return { name: 'synthetic', firm, reason: 'recent' };
  }
  const reason = last.name === 'synthetic' ? 'cleared' : 'evidence';
  const stayingHuman = last.name === 'human' ? options.hysteresisLlr : 0;
  return { name: input.llr >= -stayingHuman ? 'human' : 'undecided', firm, reason };
}
