/** Below this a band counts as constant: nothing to stretch. In natural-log energy units. */
const LEAST_DEVIATION = 1e-3;

/** Mean and deviation of each band over the frames of a recording, in natural-log energy units. */
export interface BandStatistics {
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
}

/** Room for the statistics of so many bands. */
export function emptyStatistics(bands: number): BandStatistics {
  return { mean: new Float32Array(bands), deviation: new Float32Array(bands) };
}

/** Measures `features` ([frames, bands], at least one frame) into `into`. Allocates nothing. */
export function measureBandStatistics(features: Float32Array, into: BandStatistics): void {
  const { mean, deviation } = into;
  const bands = mean.length;
  const frames = features.length / bands;
  mean.fill(0);
  deviation.fill(0);
  for (let at = 0; at < features.length; at += bands) {
    for (let band = 0; band < bands; band++) mean[band]! += features[at + band]! / frames;
  }
  for (let at = 0; at < features.length; at += bands) {
    for (let band = 0; band < bands; band++) {
      deviation[band]! += (features[at + band]! - mean[band]!) ** 2 / frames;
    }
  }
  for (let band = 0; band < bands; band++) {
    deviation[band] = Math.max(LEAST_DEVIATION, Math.sqrt(deviation[band]!));
  }
}

/**
 * Gives `features` statistics between its own and another recording's: with share 0 it stays, with
 * 1 it has the other's mean and deviation in every band (MixStyle along frequency, Zhou et al. 2021,
 * Kim et al. 2022). What tells recording chains apart goes; what happens within a band stays.
 */
export function moveStatistics(
  features: Float32Array,
  { own, other, share }: { own: BandStatistics; other: BandStatistics; share: number },
): void {
  const bands = own.mean.length;
  for (let band = 0; band < bands; band++) {
    const mean = own.mean[band]!;
    const deviation = own.deviation[band]!;
    const newMean = mean + share * (other.mean[band]! - mean);
    const stretch = 1 + share * (other.deviation[band]! / deviation - 1);
    for (let at = band; at < features.length; at += bands) {
      features[at] = (features[at]! - mean) * stretch + newMean;
    }
  }
}
