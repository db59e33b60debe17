import type { Random } from '../random.ts';
import type { CalibrationTable } from '../screening/calibration.ts';
import { CorpusError } from './corpora/clip.ts';
import { softplus } from './metrics/cllr.ts';
import type { TrialScores } from './metrics/trials.ts';
import { Resampler } from './resampling.ts';
import type { ScoredClip } from './score-store.ts';

/** One clip's step logits (positive = synthetic) with the voiced frames of each. */
export interface ClipLogits {
  readonly page: string;
  readonly system: string;
  /** Empty or absent = unknown. */
  readonly speaker?: string;
  readonly isSpoof: boolean;
  readonly logits: Float32Array;
  readonly voicedFrames: Uint8Array;
}

export interface AffineMap {
  readonly slope: number;
  readonly intercept: number;
}

const NEWTON_STEPS = 50;
const RIDGE = 1e-3;
/** Costs that differ by less are the same: the last bits of a sum. */
const COST_NOISE = 1e-12;
const LEAST_STEP_SHARE = 2 ** -40;
const FALSE_ALERT_RATES = [0.001, 0.005, 0.01, 0.02, 0.05] as const;

/** Mean logit over the first `speechFrames` voiced frames; NaN when nothing was voiced. */
export function meanLogitAfter(clip: ClipLogits, speechFrames: number): number {
  let sum = 0;
  let frames = 0;
  for (let step = 0; step < clip.logits.length && frames < speechFrames; step++) {
    sum += clip.logits[step]! * clip.voicedFrames[step]!;
    frames += clip.voicedFrames[step]!;
  }
  return frames === 0 ? Number.NaN : sum / frames;
}

/**
 * Logistic regression of the class on the mean logit, both classes weighted equally, by Newton's
 * method with a small ridge. The log-odds are then the LLR, positive = bona fide.
 */
export function fitAffine(scores: TrialScores): AffineMap {
  let map: AffineMap = { slope: -1, intercept: 0 };
  let cost = costOf(scores, map);
  for (let step = 0; step < NEWTON_STEPS; step++) {
    const full = newtonStep(scores, map);
    // Far from the optimum a full step leads away from it: where the classes lie far apart, or a
    // clip is on the wrong side by much, the curvature here says nothing of the curvature there.
    let share = 1;
    let next = moved(map, full, share);
    while (costOf(scores, next) > cost + COST_NOISE && share > LEAST_STEP_SHARE) {
      share /= 2;
      next = moved(map, full, share);
    }
    map = next;
    cost = costOf(scores, map);
    if (share * (Math.abs(full.slope) + Math.abs(full.intercept)) < 1e-9) break;
  }
  return map;
}

function moved({ slope, intercept }: AffineMap, step: AffineMap, share: number): AffineMap {
  return { slope: slope - share * step.slope, intercept: intercept - share * step.intercept };
}

/** What the fit makes least: the cross-entropy of both classes, weighted equally, and the ridge. */
function costOf({ bonafide, spoof }: TrialScores, { slope, intercept }: AffineMap): number {
  const mean = (values: readonly number[], sign: number) =>
    values.reduce((sum, value) => sum + softplus(sign * (slope * value + intercept)), 0) /
    Math.max(1, values.length);
  return 0.5 * (mean(bonafide, -1) + mean(spoof, 1) + RIDGE * ((slope + 1) ** 2 + intercept ** 2));
}

/** How far Newton's method goes from a map; to be subtracted. */
function newtonStep(scores: TrialScores, { slope, intercept }: AffineMap): AffineMap {
  const gradient = [RIDGE * (slope + 1), RIDGE * intercept];
  const hessian = [RIDGE, 0, RIDGE];
  for (const [values, target] of [
    [scores.bonafide, 1],
    [scores.spoof, 0],
  ] as const) {
    for (const value of values) {
      const p = 1 / (1 + Math.exp(-(slope * value + intercept)));
      const weight = 0.5 / values.length;
      const residual = weight * (p - target);
      const curvature = weight * p * (1 - p);
      gradient[0] = gradient[0]! + residual * value;
      gradient[1] = gradient[1]! + residual;
      hessian[0] = hessian[0]! + curvature * value * value;
      hessian[1] = hessian[1]! + curvature * value;
      hessian[2] = hessian[2]! + curvature;
    }
  }
  const determinant = hessian[0]! * hessian[2]! - hessian[1]! ** 2;
  return {
    slope: (hessian[2]! * gradient[0]! - hessian[1]! * gradient[1]!) / determinant,
    intercept: (hessian[0]! * gradient[1]! - hessian[1]! * gradient[0]!) / determinant,
  };
}

export interface CalibrateOptions {
  /** Lower edges of the duration bins, in speech time. */
  readonly binEdgesMs: readonly number[];
  readonly hopMs: number;
  readonly replicas: number;
  readonly random: Random;
}

/**
 * Calibrates by speech duration: the bin from an edge on is fitted on scores after that much speech.
 * Replicas resample whole pages, because clips of a page share their fate; where there are few
 * pages, speakers, or the clips of each class.
 */
export function calibrate(
  clips: readonly ScoredClip[],
  options: CalibrateOptions,
): CalibrationTable {
  const { binEdgesMs, replicas, random } = options;
  const fitAll = (chosen: readonly ClipLogits[]) =>
    binEdgesMs.map((edgeMs) => fitAffine(scoresAfter(chosen, edgeMs, options.hopMs)));
  const bins = fitAll(clips).map((map, index) => ({ minSpeechMs: binEdgesMs[index]!, ...map }));
  const resampler = new Resampler(clips, ({ clip, page, isSpoof }) => ({
    page,
    isSpoof,
    speaker: clip.speaker,
    path: clip.path,
  }));
  const replicaMaps = Array.from({ length: replicas }, () =>
    fitAll(resampler.draw(random)).map(roundMap),
  );
  return {
    bins: bins.map(({ minSpeechMs, ...map }) => ({ minSpeechMs, ...roundMap(map) })),
    replicas: replicaMaps,
  };
}

/** Mean logits of both classes after this much speech (or all there is). */
export function scoresAfter(
  clips: readonly ClipLogits[],
  speechMs: number,
  hopMs: number,
): { bonafide: number[]; spoof: number[] } {
  const scores = { bonafide: [] as number[], spoof: [] as number[] };
  for (const clip of clips) {
    const value = meanLogitAfter(clip, Math.max(1, Math.round(speechMs / hopMs)));
    if (Number.isFinite(value)) scores[clip.isSpoof ? 'spoof' : 'bonafide'].push(value);
  }
  return scores;
}

/** LLR thresholds at which these shares of bona fide recordings would be called synthetic. */
export function thresholdsOf(
  bonafideLlrs: readonly number[],
): { falseAlertRate: number; llr: number }[] {
  return FALSE_ALERT_RATES.map((falseAlertRate) => ({
    falseAlertRate,
    llr: thresholdAllowing(Math.floor(falseAlertRate * bonafideLlrs.length), bonafideLlrs),
  }));
}

/**
 * The LLR at or below which at most so many of these lie, half-way to the next one up.
 * @throws CorpusError when there are none
 */
export function thresholdAllowing(allowed: number, llrs: readonly number[]): number {
  const sorted = [...llrs].sort((a, b) => a - b);
  const last = sorted.length - 1;
  if (last < 0) throw new CorpusError('thresholds need human clips with enough speech, got none');
  if (allowed > last) return rounded(sorted[last]!);
  return rounded(allowed === 0 ? sorted[0]! - 0.05 : (sorted[allowed - 1]! + sorted[allowed]!) / 2);
}

function rounded(llr: number): number {
  return Math.round(llr * 1e4) / 1e4;
}

function roundMap({ slope, intercept }: AffineMap): AffineMap {
  return { slope: Math.round(slope * 1e6) / 1e6, intercept: Math.round(intercept * 1e6) / 1e6 };
}
