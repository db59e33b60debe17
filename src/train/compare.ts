import { type Difference, pairedBootstrapEer } from './metrics/bootstrap.ts';
import { type JudgedTrial, resamplingOf, type Slice } from './slices.ts';

/** One slice judged by two detectors on the same clips. */
export interface SliceComparison extends Difference {
  readonly channel: string;
  readonly dimension: string;
  readonly value: string;
  readonly trials: number;
  /** By the 95 % interval of the difference of EERs, this detector minus the other. */
  readonly verdict: 'worse' | 'better' | 'same';
}

/**
 * Paired bootstrap of the difference of EERs in every slice. Clips that one of the two did not judge
 * are left out. Each slice is tested by itself at 95 %: among many slices one in forty of equal
 * detectors comes out worse by chance.
 */
export function compareSlices(
  slices: readonly Slice[],
  others: readonly JudgedTrial[],
  channel: string,
): SliceComparison[] {
  const otherScores = new Map(others.map(({ clip, score }) => [clip.path, score]));
  return slices.flatMap(({ dimension, value, trials }) => {
    const shared = trials.filter(({ clip }) => otherScores.has(clip.path));
    const scores = shared.map(({ clip }) => otherScores.get(clip.path)!);
    if (new Set(shared.map(({ isSpoof }) => isSpoof)).size < 2) return [];
    const difference = pairedBootstrapEer(shared, scores, resamplingOf(shared));
    const verdict = difference.low > 0 ? 'worse' : difference.high < 0 ? 'better' : 'same';
    return [{ channel, dimension, value, trials: shared.length, ...difference, verdict }];
  });
}
