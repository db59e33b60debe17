import type { Random } from '../random.ts';
import { Evidence } from '../screening/evidence.ts';
import { thresholdAllowing, thresholdsOf } from './calibrate.ts';
import { type Clip, CorpusError } from './corpora/clip.ts';
import { type Decision, llrOf } from './evaluate-detector.ts';
import type { FeatureStore } from './features.ts';
import { groupBy } from './group-by.ts';
import type { ScoredClip } from './score-store.ts';

export const SIMULATED_CALLS = 2_000;
/** Speech of a simulated call, unless its voice has less. */
const CALL_SPEECH_MS = 20_000;
const MS_AN_HOUR = 3_600_000;
const ALERTS_AN_HOUR = [0.1, 0.5, 1, 2, 5] as const;

export interface CallRules {
  readonly calibration: Decision['calibration'];
  readonly hopMs: number;
  /** A call with less speech has no verdict. */
  readonly provisionalSpeechMs: number;
  /** A call is judged from this much speech on, or at its end when it has less. */
  readonly firmSpeechMs: number;
  readonly recentWindowMs: number;
  readonly recentMinimumSpeechMs: number;
  readonly recentMarginLlr: number;
}

/** Human calls as a detector hears them: the lowest LLR of each, and how much speech they hold. */
export interface SimulatedCalls {
  readonly lowestLlrs: readonly number[];
  readonly speechHours: number;
}

/**
 * Strings human clips of one voice (speaker of a page, through one channel; a clip of an unknown
 * speaker is a call by itself) together to calls of up to 20 s of speech and follows the running score as the server does. A call's lowest LLR is where
 * a threshold would have begun to raise a false alert, by the whole call or by the recent window
 * (which must be clearer by its margin).
 * @param channels scored human clips, one list a channel
 */
export function simulateCalls(
  channels: readonly (readonly ScoredClip[])[],
  rules: CallRules,
  random: Random,
): SimulatedCalls {
  const voices = channels.flatMap((clips) => [
    ...groupBy(clips, ({ clip }) => voiceOf(clip)).values(),
  ]);
  const lowestLlrs: number[] = [];
  let speechMs = 0;
  for (let call = 0; call < SIMULATED_CALLS && voices.length > 0; call++) {
    const heard = hear(voices[random.integer(voices.length)]!, rules, random);
    speechMs += heard.speechMs;
    if (Number.isFinite(heard.lowestLlr)) lowestLlrs.push(heard.lowestLlr);
  }
  return { lowestLlrs, speechHours: speechMs / MS_AN_HOUR };
}

// Clips of unknown speakers may be of many voices, which together look steadier than one.
function voiceOf({ speaker, page, path }: Clip): string {
  return speaker === '' ? path : `${page}\n${speaker}`;
}

function hear(voice: readonly ScoredClip[], rules: CallRules, random: Random) {
  const evidence = new Evidence(rules);
  const left = [...voice];
  let lowestLlr = Number.POSITIVE_INFINITY;
  while (left.length > 0 && evidence.speechMs < CALL_SPEECH_MS) {
    const { logits, voicedFrames } = left.splice(random.integer(left.length), 1)[0]!;
    for (const [step, logit] of logits.entries()) {
      evidence.add(logit, voicedFrames[step]!);
      if (evidence.speechMs >= rules.firmSpeechMs) {
        lowestLlr = Math.min(lowestLlr, effectiveLlr(evidence, rules));
      }
    }
  }
  const { speechMs } = evidence;
  if (speechMs >= rules.provisionalSpeechMs && speechMs < rules.firmSpeechMs) {
    lowestLlr = effectiveLlr(evidence, rules);
  }
  return { lowestLlr, speechMs };
}

/** The threshold at which this evidence would be called synthetic. */
function effectiveLlr(evidence: Evidence, rules: CallRules): number {
  const whole = llrOf(evidence.meanLogit, evidence.speechMs, rules);
  if (evidence.recentSpeechMs < rules.recentMinimumSpeechMs) return whole;
  const recent = llrOf(evidence.recentMeanLogit, evidence.recentSpeechMs, rules);
  return Math.min(whole, recent + rules.recentMarginLlr);
}

/** LLR thresholds at which these shares of the calls would raise a false alert. */
export function thresholdsPerCall({ lowestLlrs }: SimulatedCalls) {
  return thresholdsOf(lowestLlrs);
}

/** LLR thresholds at which human speech would raise so many false alerts an hour, one a call. */
export function thresholdsPerHour({
  lowestLlrs,
  speechHours,
}: SimulatedCalls): { falseAlertsPerHour: number; llr: number }[] {
  return ALERTS_AN_HOUR.map((falseAlertsPerHour) => ({
    falseAlertsPerHour,
    llr: thresholdAllowing(Math.floor(falseAlertsPerHour * speechHours), lowestLlrs),
  }));
}

/**
 * Tells before a training that what follows it has the speech it needs: thresholds calls of the human
 * voices of `val`, figures both classes of `val` and `dev` through every channel.
 * @param stores features of the clips, one a channel
 * @throws CorpusError naming what is missing
 */
export function requireCalibratable(
  clips: readonly Clip[],
  stores: readonly FeatureStore[],
  rules: Pick<CallRules, 'hopMs' | 'provisionalSpeechMs'> & { readonly framesPerStep: number },
): void {
  const speechMsOf = (store: FeatureStore) => (index: number) =>
    scoredSpeechMs(store, index, rules);
  for (const store of stores) requireSpeechOfBoth(clips, store.channel, speechMsOf(store));
  const needed = rules.provisionalSpeechMs;
  const voices = stores.flatMap((store) => speechOfVoices(clips, speechMsOf(store)));
  if (voices.some((speechMs) => speechMs >= needed)) return;
  throw new CorpusError(
    `no human voice of the split val has ${needed} ms of speech, as thresholds need`,
  );
}

function requireSpeechOfBoth(
  clips: readonly Clip[],
  channel: string,
  speechMsOf: (index: number) => number,
): void {
  for (const split of ['val', 'dev'] as const) {
    for (const label of ['bonafide', 'spoof'] as const) {
      const isWanted = (clip: Clip) => clip.split === split && clip.label === label;
      if (clips.some((clip, index) => isWanted(clip) && speechMsOf(index) > 0)) continue;
      throw new CorpusError(
        `the split ${split} has no ${label} clips with speech (channel ${channel}); training needs both classes`,
      );
    }
  }
}

/** Speech of each human voice of `val`. */
function speechOfVoices(clips: readonly Clip[], speechMsOf: (index: number) => number): number[] {
  const human = [...clips.entries()].filter(
    ([, { split, label }]) => split === 'val' && label === 'bonafide',
  );
  return [...groupBy(human, ([, clip]) => voiceOf(clip)).values()].map((voice) =>
    voice.reduce((sum, [index]) => sum + speechMsOf(index), 0),
  );
}

/** Speech in the whole steps of a clip: what is left of a step at its end has no score. */
function scoredSpeechMs(
  { spans, voiced }: FeatureStore,
  index: number,
  { hopMs, framesPerStep }: { readonly hopMs: number; readonly framesPerStep: number },
): number {
  const { firstFrame, frames } = spans[index]!;
  const end = firstFrame + Math.floor(frames / framesPerStep) * framesPerStep;
  return hopMs * voiced.subarray(firstFrame, end).reduce((sum, flag) => sum + flag, 0);
}
