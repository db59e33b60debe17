import {
  type AlertComparison,
  type AlertSliceFigures,
  compareAlertSlice,
  judgeAlertSlice,
} from './alert-figures.ts';
import { type AlertTrial, alertSlices } from './alert-trials.ts';
import type { LostReplay } from './run-replays.ts';

/** Policies with detectors that are judged together. */
export interface Variant {
  /** What tells it from the others, for people. */
  readonly name: string;
  readonly policyFile: string;
  readonly policies: readonly { readonly name: string; readonly hash: string }[];
  /** `name@12 hex`. */
  readonly detectors: readonly string[];
}

/** A finished back-test: the same archive, options, policies and detectors give the same one. */
export interface BacktestResult {
  readonly archive: string;
  readonly variants: readonly Variant[];
  readonly recordings: {
    readonly human: number;
    readonly synthetic: number;
    readonly unlabelled: number;
  };
  readonly figures: readonly AlertSliceFigures[];
  /** Of every variant with the first one; empty with one variant. */
  readonly comparison: readonly AlertComparison[];
  readonly lost: readonly LostReplay[];
}

/** Judges all trials: slices, figures, comparisons. */
export function backtestResult(
  about: Pick<BacktestResult, 'archive' | 'variants' | 'lost'>,
  trials: readonly AlertTrial[],
): BacktestResult {
  const slices = alertSlices(trials);
  const others = about.variants.map((_, variant) => variant).slice(1);
  const count = (label: 'human' | 'synthetic' | null) =>
    trials.filter(({ recording }) => recording.label === label).length;
  return {
    ...about,
    recordings: { human: count('human'), synthetic: count('synthetic'), unlabelled: count(null) },
    figures: slices.flatMap((slice) => judgeAlertSlice(slice, about.variants.length)),
    comparison: others.flatMap((variant) =>
      slices.flatMap((slice) => compareAlertSlice(slice, variant)),
    ),
  };
}

/** True when more synthetic calls are missed, or more human calls alerted on, in any slice. */
export function isAnySliceWorse({ comparison }: BacktestResult): boolean {
  return comparison.some(
    ({ measure, verdict }) =>
      verdict === 'worse' && (measure === 'missed' || measure === 'falseAlerts'),
  );
}
