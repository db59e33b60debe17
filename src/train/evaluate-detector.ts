import type { DetectorManifest } from '../model/manifest.ts';
import type { CalibrationTable } from '../screening/calibration.ts';
import { type ClipLogits, meanLogitAfter } from './calibrate.ts';
import { cllr, minCllr } from './metrics/cllr.ts';
import { confusionAt } from './metrics/confusion.ts';
import { equalErrorRate } from './metrics/eer.ts';
import { pageMacroEer, pageMacroInterval } from './metrics/page-macro.ts';
import { type PageTrial, splitScores } from './metrics/trials.ts';

/** Speech times at which a running score is judged. */
export const DURATIONS_MS = [1000, 2000, 4000, 8000] as const;
/** After this much speech (or all there is) a clip is decided. */
export const DECIDED_MS = 4000;
const STRICT_RATE = 0.01;
const BOOTSTRAP_SEED = 20_26;

/** Figures of one split through one channel; rates are fractions. */
export interface SplitFigures {
  readonly split: string;
  readonly channel: string;
  readonly clips: number;
  readonly pages: number;
  /** Page-macro EER after 1, 2, 4 and 8 s of speech (or all there is). */
  readonly pageMacroEer: Readonly<Record<string, number>>;
  /** 95 % interval of the 4-s figure, pages resampled; where these are few, speakers or clips. */
  readonly pageMacroEerInterval: readonly [number, number];
  readonly pooledEer: number;
  readonly cllr: number;
  readonly minCllr: number;
  /** At the shipped 1 % threshold: human clips called synthetic, synthetic clips missed. */
  readonly falseAlertRate: number;
  readonly missRate: number;
}

/** What of a detector turns logits into decisions. */
export interface Decision {
  readonly calibration: CalibrationTable;
  readonly thresholds: DetectorManifest['thresholds'];
  readonly hourlyThresholds?: DetectorManifest['hourlyThresholds'];
}

/** Judges the step logits of a split with a detector's calibration and thresholds. */
export function judgeSplit(
  scored: readonly ClipLogits[],
  names: { readonly split: string; readonly channel: string },
  decision: Decision,
  hopMs: number,
): SplitFigures {
  const trialsAt = (speechMs: number): PageTrial[] =>
    scored.flatMap((clip) => {
      const score = llrAfter(clip, speechMs, decision, hopMs);
      const { page, speaker = '', isSpoof } = clip;
      return Number.isFinite(score) ? [{ page, speaker, isSpoof, score }] : [];
    });
  const full = trialsAt(DECIDED_MS);
  const scores = splitScores(full);
  const interval = pageMacroInterval(full, { seed: BOOTSTRAP_SEED });
  const { falseAlertRate, missRate } = confusionAt(scores, strictThreshold(decision));
  return {
    ...names,
    clips: full.length,
    pages: pageMacroEer(full).pages,
    pageMacroEer: Object.fromEntries(
      DURATIONS_MS.map((ms) => [`${ms / 1000} s`, pageMacroEer(trialsAt(ms)).eer]),
    ),
    pageMacroEerInterval: [interval.low, interval.high],
    pooledEer: equalErrorRate(scores).eer,
    cllr: cllr(scores),
    minCllr: minCllr(scores),
    falseAlertRate,
    missRate,
  };
}

/** The LLR of a mean logit after this much speech. */
export function llrOf(
  logit: number,
  speechMs: number,
  { calibration }: Pick<Decision, 'calibration'>,
): number {
  const bin = calibration.bins.findLast(({ minSpeechMs }) => speechMs >= minSpeechMs);
  const { slope, intercept } = bin ?? calibration.bins[0]!;
  return slope * logit + intercept;
}

/**
 * LLR of a clip after this much speech or all there is, as the server has it then; NaN when nothing
 * was voiced.
 */
export function llrAfter(
  clip: ClipLogits,
  speechMs: number,
  decision: Decision,
  hopMs: number,
): number {
  let voiced = 0;
  for (const frames of clip.voicedFrames) voiced += frames;
  const heardMs = Math.min(speechMs, voiced * hopMs);
  return llrOf(meanLogitAfter(clip, speechMs / hopMs), heardMs, decision);
}

/** The shipped threshold nearest to 1 % false alerts. */
export function strictThreshold({ thresholds }: Pick<Decision, 'thresholds'>): number {
  return thresholds.reduce((best, candidate) =>
    Math.abs(candidate.falseAlertRate - STRICT_RATE) < Math.abs(best.falseAlertRate - STRICT_RATE)
      ? candidate
      : best,
  ).llr;
}
