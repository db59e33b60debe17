/** A distribution as shares of bins. Plain data. */
export interface BinnedReference {
  /** Upper edges of all bins but the last, rising. */
  readonly edges: readonly number[];
  /** One a bin; together 1. */
  readonly shares: readonly number[];
}

/** Human clips of the training data through one channel. */
export interface ReferenceChannel {
  readonly clips: number;
  /** By name; one may be missing. */
  readonly measures: Readonly<Record<string, BinnedReference>>;
}

/** How the scores and features of human clips in the training data are distributed. */
export interface DriftReference {
  /** Speech of a clip that was taken. */
  readonly speechMs: number;
  readonly channels: Readonly<Record<string, ReferenceChannel>>;
}

export const DRIFT_BINS = 10;

/** The bin of a value; a value on an edge is in the bin below. */
export function binOf({ edges }: Pick<BinnedReference, 'edges'>, value: number): number {
  let bin = 0;
  while (bin < edges.length && value > edges[bin]!) bin++;
  return bin;
}

/**
 * Ten bins between the deciles of the values, with the shares that lie in each: a tenth, but where values
 * are alike. @throws RangeError without values
 */
export function binByDeciles(values: readonly number[]): BinnedReference {
  if (values.length === 0) throw new RangeError('deciles need values, got none');
  const sorted = [...values].sort((a, b) => a - b);
  const edges = Array.from({ length: DRIFT_BINS - 1 }, (_, index) => {
    const rank = Math.ceil(((index + 1) * sorted.length) / DRIFT_BINS) - 1;
    return sorted[rank]!;
  });
  const shares = new Array<number>(DRIFT_BINS).fill(0);
  for (const value of values) {
    const bin = binOf({ edges }, value);
    shares[bin] = shares[bin]! + 1 / values.length;
  }
  return { edges, shares };
}

/**
 * The population stability index of counts against a reference: Σ (a − e) · ln(a ⁄ e) over the bins. 0 =
 * alike; by custom 0.1 is some drift and 0.25 is much. Half an observation is added to every bin of both
 * sides, so that an empty bin does not make it infinite. @param referenceSize observations of the reference
 */
export function populationStabilityIndex(
  { shares }: Pick<BinnedReference, 'shares'>,
  referenceSize: number,
  counts: ArrayLike<number>,
): number {
  let total = 0;
  for (let bin = 0; bin < shares.length; bin++) total += counts[bin]!;
  let index = 0;
  for (let bin = 0; bin < shares.length; bin++) {
    const expected = (shares[bin]! * referenceSize + 0.5) / (referenceSize + shares.length / 2);
    const actual = (counts[bin]! + 0.5) / (total + shares.length / 2);
    index += (actual - expected) * Math.log(actual / expected);
  }
  return index;
}
