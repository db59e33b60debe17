import { posteriorSynthetic } from '../../screening/calibration.ts';
import { requireBothClasses, type TrialScores } from './trials.ts';

/** Trials whose probability of being synthetic lies in [low, high). */
export interface ReliabilityBin {
  readonly low: number;
  readonly high: number;
  readonly trials: number;
  /** Share of all weight that lies here, 0…1. */
  readonly weight: number;
  /** Mean probability said; NaN when empty. */
  readonly said: number;
  /** Weighted share that is synthetic; NaN when empty. */
  readonly found: number;
}

export interface CalibrationError {
  /** Expected calibration error, 0…1: the mean of |said − found| over bins, by weight. */
  readonly ece: number;
  readonly bins: readonly ReliabilityBin[];
}

/**
 * How well log-likelihood ratios (natural log, positive = bona fide) keep what they say: posterior
 * probabilities in bins of equal width (Guo et al. 2017). Trials are weighted so that the classes
 * have the shares of the prior, whatever the shares of the set.
 */
export function calibrationError(
  llrs: TrialScores,
  { spoofPrior = 0.5, binCount = 10 } = {},
): CalibrationError {
  requireBothClasses(llrs);
  const sums = Array.from({ length: binCount }, () => ({
    trials: 0,
    weight: 0,
    said: 0,
    spoof: 0,
  }));
  for (const [values, isSpoof, share] of [
    [llrs.bonafide, 0, 1 - spoofPrior],
    [llrs.spoof, 1, spoofPrior],
  ] as const) {
    const weight = share / values.length;
    for (const llr of values) {
      const probability = posteriorSynthetic(llr, spoofPrior);
      const sum = sums[Math.min(binCount - 1, Math.floor(probability * binCount))]!;
      sum.trials++;
      sum.weight += weight;
      sum.said += weight * probability;
      sum.spoof += weight * isSpoof;
    }
  }
  const bins = sums.map(({ trials, weight, said, spoof }, index) => ({
    low: index / binCount,
    high: (index + 1) / binCount,
    trials,
    weight,
    said: said / weight,
    found: spoof / weight,
  }));
  const ece = sums.reduce((total, { said, spoof }) => total + Math.abs(said - spoof), 0);
  return { ece, bins };
}
