import { type DetPoint, detPoints, realisablePoints } from './det.ts';
import type { TrialScores } from './trials.ts';

/** An equal error rate, a fraction, with the threshold at which it was found. */
export interface EqualErrorRate {
  readonly eer: number;
  readonly threshold: number;
}

/**
 * Equal error rate of the official ASVspoof tools: mean of FRR and FAR at the first point where they
 * differ least. Bona fide sorts first within a tie, so a constant score has 100 %.
 * @throws CorpusError when a class is missing
 */
export function equalErrorRate(scores: TrialScores): EqualErrorRate {
  return leastDifference(detPoints(scores));
}

/** The EER as a fraction, or NaN when a class is missing. */
export function eerOrNaN(scores: TrialScores): number {
  const isWhole = scores.bonafide.length > 0 && scores.spoof.length > 0;
  return isWhole ? equalErrorRate(scores).eer : Number.NaN;
}

/** The same over the points that a threshold gives: for quantised scores. A constant has 50 %. */
export function realisableEqualErrorRate(scores: TrialScores): EqualErrorRate {
  return leastDifference(realisablePoints(scores));
}

function leastDifference(points: readonly DetPoint[]): EqualErrorRate {
  let best = points[0]!;
  for (const point of points) {
    if (Math.abs(point.frr - point.far) < Math.abs(best.frr - best.far)) best = point;
  }
  return { eer: (best.frr + best.far) / 2, threshold: best.threshold };
}
