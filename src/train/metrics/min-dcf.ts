import { detPoints } from './det.ts';
import { requireBothClasses, type TrialScores } from './trials.ts';

/** Costs of a decision. */
export interface DecisionCosts {
  /** Share of spoofed trials expected, 0…1. */
  readonly spoofPrior: number;
  /** Cost of rejecting a bona fide trial. */
  readonly missCost: number;
  /** Cost of accepting a spoofed trial. */
  readonly falseAcceptCost: number;
}

/** Costs of ASVspoof 5, track 1. */
export const ASVSPOOF5_COSTS: DecisionCosts = {
  spoofPrior: 0.05,
  missCost: 1,
  falseAcceptCost: 10,
};

/** Least detection cost over all thresholds; 1 = no better than deciding without listening. */
export function minDcf(scores: TrialScores, costs: DecisionCosts = ASVSPOOF5_COSTS): number {
  const { ofMiss, ofFalseAccept } = weightsOf(costs);
  let least = Number.POSITIVE_INFINITY;
  for (const { frr, far } of detPoints(scores)) {
    least = Math.min(least, ofMiss * frr + ofFalseAccept * far);
  }
  return least / Math.min(ofMiss, ofFalseAccept);
}

/**
 * Detection cost at the threshold that Bayes' rule gives for calibrated natural-log likelihood
 * ratios (bona fide / spoof); above `minDcf` by what the calibration lacks.
 */
export function actDcf(llrs: TrialScores, costs: DecisionCosts = ASVSPOOF5_COSTS): number {
  requireBothClasses(llrs);
  const { ofMiss, ofFalseAccept } = weightsOf(costs);
  const threshold = bayesThreshold(costs);
  const frr = llrs.bonafide.filter((llr) => llr < threshold).length / llrs.bonafide.length;
  const far = llrs.spoof.filter((llr) => llr >= threshold).length / llrs.spoof.length;
  return (ofMiss * frr + ofFalseAccept * far) / Math.min(ofMiss, ofFalseAccept);
}

/** Natural-log likelihood ratio from which accepting costs less: −ln β (ASVspoof 5: −0.641854). */
export function bayesThreshold(costs: DecisionCosts = ASVSPOOF5_COSTS): number {
  const { ofMiss, ofFalseAccept } = weightsOf(costs);
  return -Math.log(ofMiss / ofFalseAccept);
}

function weightsOf({ spoofPrior, missCost, falseAcceptCost }: DecisionCosts) {
  return { ofMiss: missCost * (1 - spoofPrior), ofFalseAccept: falseAcceptCost * spoofPrior };
}
