import { detPoints } from './det.ts';
import type { TrialScores } from './trials.ts';

/** Error rates of the speaker verifier that the countermeasure stands before, fractions. */
export interface VerifierRates {
  /** Share of other speakers accepted. */
  readonly falseAccept: number;
  /** Share of target speakers rejected. */
  readonly miss: number;
  /** Share of spoofed trials rejected. */
  readonly spoofMiss: number;
}

/** The organisers' verifier on the evaluation set of ASVspoof 2019 LA, at its EER of 2.458 %. */
export const ASVSPOOF2019_VERIFIER: VerifierRates = {
  falseAccept: 820 / 33_327,
  miss: 132 / 5_370,
  spoofMiss: 15_290 / 63_882,
};

const SPOOF_PRIOR = 0.05;
const TARGET_PRIOR = 0.9405;
const NONTARGET_PRIOR = 0.0095;
const MISS_COST = 1;
const FALSE_ACCEPT_COST = 10;

/** Weights of a tandem cost: c0 + c1 · P(bona fide rejected) + c2 · P(spoof accepted). */
export interface TandemWeights {
  readonly c0: number;
  readonly c1: number;
  readonly c2: number;
}

/** Weights of the 2019 form; it has no constant part. */
export function tandemWeights2019(rates: VerifierRates): TandemWeights {
  return {
    c0: 0,
    c1:
      TARGET_PRIOR * (MISS_COST - MISS_COST * rates.miss) -
      NONTARGET_PRIOR * FALSE_ACCEPT_COST * rates.falseAccept,
    c2: FALSE_ACCEPT_COST * SPOOF_PRIOR * (1 - rates.spoofMiss),
  };
}

/** Weights of the 2021 form, which counts the verifier's own errors in c0. */
export function tandemWeights2021(rates: VerifierRates): TandemWeights {
  const c0 =
    TARGET_PRIOR * MISS_COST * rates.miss + NONTARGET_PRIOR * FALSE_ACCEPT_COST * rates.falseAccept;
  return {
    c0,
    c1: TARGET_PRIOR * MISS_COST - c0,
    c2: FALSE_ACCEPT_COST * SPOOF_PRIOR * (1 - rates.spoofMiss),
  };
}

/**
 * Least normalised tandem detection cost (t-DCF) over the countermeasure's thresholds: the 2019 form
 * with `tandemWeights2019`, the 2021 form with `tandemWeights2021`. 1 = a countermeasure that does
 * not help.
 * @throws RangeError when the verifier is so bad that a weight is not above 0
 */
export function minTandemDcf(scores: TrialScores, { c0, c1, c2 }: TandemWeights): number {
  if (!(c1 > 0 && c2 > 0)) {
    throw new RangeError(`the weights c1 and c2 must be above 0, got ${c1} and ${c2}`);
  }
  let least = Number.POSITIVE_INFINITY;
  for (const { frr, far } of detPoints(scores)) {
    least = Math.min(least, c0 + c1 * frr + c2 * far);
  }
  return least / (c0 + Math.min(c1, c2));
}
