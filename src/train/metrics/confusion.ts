import { requireBothClasses, type TrialScores } from './trials.ts';

/** What a fixed threshold decides; synthetic is the positive class. Rates are fractions. */
export interface Confusion {
  readonly threshold: number;
  /** Trials by what they are and what they were called. */
  readonly matrix: {
    readonly spoofCalledSpoof: number;
    readonly spoofCalledBonafide: number;
    readonly bonafideCalledSpoof: number;
    readonly bonafideCalledBonafide: number;
  };
  readonly accuracy: number;
  /** Mean of both classes' shares called right: not moved by how many there are of each. */
  readonly balancedAccuracy: number;
  /** Share of the trials called spoof that are; NaN when none was called spoof. */
  readonly precision: number;
  /** Share of the spoofed trials called spoof. */
  readonly recall: number;
  /** Harmonic mean of precision and recall; 0 when nothing was found. */
  readonly f1: number;
  /** Share of the bona fide trials called spoof. */
  readonly falseAlertRate: number;
  /** Share of the spoofed trials not called spoof. */
  readonly missRate: number;
}

/** Calls every trial at or below the threshold a spoof, as the service does, and counts. */
export function confusionAt(scores: TrialScores, threshold: number): Confusion {
  requireBothClasses(scores);
  const { bonafide, spoof } = scores;
  const calledSpoof = (values: readonly number[]) =>
    values.filter((score) => score <= threshold).length;
  const hits = calledSpoof(spoof);
  const falseAlerts = calledSpoof(bonafide);
  const misses = spoof.length - hits;
  const recall = hits / spoof.length;
  const falseAlertRate = falseAlerts / bonafide.length;
  return {
    threshold,
    matrix: {
      spoofCalledSpoof: hits,
      spoofCalledBonafide: misses,
      bonafideCalledSpoof: falseAlerts,
      bonafideCalledBonafide: bonafide.length - falseAlerts,
    },
    accuracy: (hits + bonafide.length - falseAlerts) / (spoof.length + bonafide.length),
    balancedAccuracy: (recall + 1 - falseAlertRate) / 2,
    precision: hits / (hits + falseAlerts),
    recall,
    f1: (2 * hits) / (2 * hits + falseAlerts + misses),
    falseAlertRate,
    missRate: misses / spoof.length,
  };
}
