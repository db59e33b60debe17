/** One duration bin: `llr = slope · meanLogit + intercept` from this much speech on. */
export interface CalibrationBin {
  readonly minSpeechMs: number;
  readonly slope: number;
  readonly intercept: number;
}

/**
 * How mean logits become log-likelihood ratios. `replicas` hold the same affine maps fitted on
 * bootstrap resamples of the calibration data, one list a replica with one entry a bin.
 */
export interface CalibrationTable {
  readonly bins: readonly CalibrationBin[];
  readonly replicas: readonly (readonly { readonly slope: number; readonly intercept: number }[])[];
}

/** Result of one calibration, filled in place. */
export interface CalibratedScore {
  /** ln p(audio | bona fide) / p(audio | spoof); positive = bona fide. */
  llr: number;
  /** Posterior probability that the voice is synthetic, 0…1. */
  syntheticProbability: number;
  /** 90 % interval of the probability from the bootstrap replicas. */
  low: number;
  high: number;
}

const MAX_ABSOLUTE_LLR = 20;

/** ln(p / (1 − p)). */
export function logit(probability: number): number {
  return Math.log(probability / (1 - probability));
}

/** P(synthetic) = sigmoid(−LLR + logit π): Bayes' rule with prior π (ASVspoof 5, natural log). */
export function posteriorSynthetic(llr: number, priorSynthetic: number): number {
  return 1 / (1 + Math.exp(llr - logit(priorSynthetic)));
}

/**
 * Maps mean logits to calibrated probabilities by speech-duration bin. Holds scratch memory for one
 * lane; allocates at construction only.
 */
export class Calibration {
  readonly #table: CalibrationTable;
  readonly #priorSynthetic: number;
  readonly #replicaLlrs: Float64Array;

  constructor(table: CalibrationTable, priorSynthetic: number) {
    if (!(priorSynthetic > 0 && priorSynthetic < 1)) {
      throw new RangeError(`priorSynthetic must be > 0 and < 1, got ${priorSynthetic}`);
    }
    if (table.bins.length === 0) throw new RangeError('calibration needs at least one bin, got 0');
    for (const replica of table.replicas) {
      if (replica.length !== table.bins.length) {
        throw new RangeError(
          `a replica must have one entry a bin (${table.bins.length}), got ${replica.length}`,
        );
      }
    }
    this.#table = table;
    this.#priorSynthetic = priorSynthetic;
    this.#replicaLlrs = new Float64Array(table.replicas.length);
  }

  /** Fills `into` for a mean logit (positive = synthetic) over `speechMs` of speech. */
  apply(meanLogit: number, speechMs: number, into: CalibratedScore): void {
    const bin = this.#binFor(speechMs);
    const { slope, intercept } = this.#table.bins[bin]!;
    into.llr = clampLlr(slope * meanLogit + intercept);
    into.syntheticProbability = posteriorSynthetic(into.llr, this.#priorSynthetic);
    const llrs = this.#replicaLlrs;
    if (llrs.length === 0) {
      into.low = into.syntheticProbability;
      into.high = into.syntheticProbability;
      return;
    }
    for (let index = 0; index < llrs.length; index++) {
      const map = this.#table.replicas[index]![bin]!;
      llrs[index] = clampLlr(map.slope * meanLogit + map.intercept);
    }
    llrs.sort();
    // A high LLR speaks for bona fide, so the ends change places.
    const highest = posteriorSynthetic(quantile(llrs, 0.05), this.#priorSynthetic);
    const lowest = posteriorSynthetic(quantile(llrs, 0.95), this.#priorSynthetic);
    into.low = Math.min(lowest, into.syntheticProbability);
    into.high = Math.max(highest, into.syntheticProbability);
  }

  #binFor(speechMs: number): number {
    let found = 0;
    for (let index = 1; index < this.#table.bins.length; index++) {
      if (speechMs >= this.#table.bins[index]!.minSpeechMs) found = index;
    }
    return found;
  }
}

function clampLlr(llr: number): number {
  return Math.max(-MAX_ABSOLUTE_LLR, Math.min(MAX_ABSOLUTE_LLR, llr));
}

/** Linear interpolation between order statistics of sorted values. */
function quantile(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (position - below) * (sorted[above]! - sorted[below]!);
}
