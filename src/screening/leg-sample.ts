import type { SnapshotReader, Snapshotting, SnapshotWriter } from '../dsp/snapshot.ts';

const SNAPSHOT_PART = 21;
const SNAPSHOT_VERSION = 1;

/** A leg is compared with the training data after this much speech. */
export const SAMPLE_SPEECH_MS = 2_000;

/** What is compared: the mean logit, and pooled features of the frames near speech. */
export const DRIFT_FEATURES = ['low_bands', 'mid_bands', 'high_bands', 'voiced_share'] as const;
export const DRIFT_MEASURES = ['score', ...DRIFT_FEATURES] as const;
export type DriftMeasure = (typeof DRIFT_MEASURES)[number];

/** One leg at that moment. */
export type LegSample = Readonly<Record<DriftMeasure, number>>;

export interface LegSamplerOptions {
  readonly featureCount: number;
  /** Features of a frame that are no deltas, from the lowest band (or cepstrum) up. */
  readonly staticCount: number;
  readonly hopMs: number;
}

/**
 * Pools a leg's first two seconds of speech: means of the features of voiced frames by thirds of the
 * static ones, and the share of kept frames that are voiced. Costs nothing afterwards. Allocates at
 * construction and for the sample only.
 */
export class LegSampler implements Snapshotting {
  readonly #staticCount: number;
  readonly #featureCount: number;
  readonly #voicedNeeded: number;
  readonly #sums = new Float64Array(3);
  readonly #sizes: readonly number[];
  #frames = 0;
  #voiced = 0;
  #isTaken = false;

  constructor({ featureCount, staticCount, hopMs }: LegSamplerOptions) {
    if (!(staticCount >= 3 && staticCount <= featureCount)) {
      throw new RangeError(`staticCount must be from 3 to ${featureCount}, got ${staticCount}`);
    }
    this.#featureCount = featureCount;
    this.#staticCount = staticCount;
    this.#voicedNeeded = Math.ceil(SAMPLE_SPEECH_MS / hopMs);
    const sizes = [0, 0, 0];
    for (let feature = 0; feature < staticCount; feature++) {
      sizes[this.#thirdOf(feature)]!++;
    }
    this.#sizes = sizes;
  }

  /** True = the sample is there and was not taken. */
  get isDue(): boolean {
    return !this.#isTaken && this.#voiced >= this.#voicedNeeded;
  }

  /** Adds the kept frame at `features[frame · featureCount]`, until the sample is taken. */
  addFrame(features: Float32Array, frame: number, isVoiced: boolean): void {
    if (this.#isTaken) return;
    this.#frames++;
    if (!isVoiced) return;
    this.#voiced++;
    const first = frame * this.#featureCount;
    for (let feature = 0; feature < this.#staticCount; feature++) {
      const third = this.#thirdOf(feature);
      this.#sums[third] = this.#sums[third]! + features[first + feature]!;
    }
  }

  /** The sample, once. @param meanLogit of the same frames */
  take(meanLogit: number): LegSample {
    this.#isTaken = true;
    const mean = (third: number) => this.#sums[third]! / (this.#voiced * this.#sizes[third]!);
    return {
      score: meanLogit,
      low_bands: mean(0),
      mid_bands: mean(1),
      high_bands: mean(2),
      voiced_share: this.#voiced / this.#frames,
    };
  }

  snapshot(into: SnapshotWriter): void {
    into.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    for (const sum of this.#sums) into.float64(sum);
    into.float64(this.#frames);
    into.float64(this.#voiced);
    into.float64(this.#isTaken ? 1 : 0);
  }

  restore(from: SnapshotReader): void {
    from.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    for (let third = 0; third < this.#sums.length; third++) this.#sums[third] = from.float64();
    this.#frames = from.float64();
    this.#voiced = from.float64();
    this.#isTaken = from.float64() === 1;
  }

  #thirdOf(feature: number): number {
    return Math.floor((3 * feature) / this.#staticCount);
  }
}
