import type { DetectorManifest } from '../model/manifest.ts';
import type { CalibrationTable } from '../screening/calibration.ts';
import { type ClipLogits, meanLogitAfter } from './calibrate.ts';
import { cllr, minCllr } from './metrics/cllr.ts';
import { confusionAt } from './metrics/confusion.ts';
import { equalErrorRate } from './metrics/eer.ts';
import { pageMacroEer, pageMacroInterval } from './metrics/page-macro.ts';
import { type PageTrial, splitScores } from './metrics/trials.ts';

/** Speech times at which a running score is judged. */
export const DURATIONS_MS = [1000, 2000, 4000] as const;
const BOOTSTRAP_SEED = 20_26;

/** Figures of one split through one channel; rates are fractions. */
export interface SplitFigures {
  readonly split: string;
  readonly channel: string;
  readonly clips: number;
  readonly pages: number;
  /** Page-macro EER after 1, 2 and 4 s of speech (or all there is). */
  readonly pageMacroEer: Readonly<Record<string, number>>;
  /** 95 % interval of the 4-s figure, pages resampled. */
  readonly pageMacroEerInterval: readonly [number, number];
  readonly pooledEer: number;
  readonly cllr: number;
  readonly minCllr: number;
  /** At the shipped 1 % threshold: human clips called synthetic, synthetic clips missed. */
  readonly falseAlertRate: number;
  readonly missRate: number;
}

interface Decision {
  readonly calibration: CalibrationTable;
  readonly thresholds: DetectorManifest['thresholds'];
}

/** Judges the step logits of a split with a detector's calibration and thresholds. */
export function judgeSplit(
  scored: readonly ClipLogits[],
  names: { readonly split: string; readonly channel: string },
  decision: Decision,
  hopMs: number,
): SplitFigures {
  const trialsAt = (speechMs: number): PageTrial[] =>
    scored.flatMap(({ page, isSpoof, ...clip }) => {
      const logit = meanLogitAfter({ page, isSpoof, ...clip }, speechMs / hopMs);
      if (!Number.isFinite(logit)) return [];
      return [{ page, isSpoof, score: llrOf(logit, speechMs, decision) }];
    });
  const full = trialsAt(DURATIONS_MS.at(-1)!);
  const scores = splitScores(full);
  const interval = pageMacroInterval(full, { seed: BOOTSTRAP_SEED });
  const { falseAlertRate, missRate } = confusionAt(scores, nearestThreshold(decision, 0.01));
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
export function llrOf(logit: number, speechMs: number, { calibration }: Decision): number {
  const bin = calibration.bins.findLast(({ minSpeechMs }) => speechMs >= minSpeechMs);
  const { slope, intercept } = bin ?? calibration.bins[0]!;
  return slope * logit + intercept;
}

function nearestThreshold({ thresholds }: Decision, rate: number): number {
  return thresholds.reduce((best, candidate) =>
    Math.abs(candidate.falseAlertRate - rate) < Math.abs(best.falseAlertRate - rate)
      ? candidate
      : best,
  ).llr;
}
