import type { Random } from '../random.ts';
import { applyBandFaults, type BandFaults, drawBandFaults } from './band-faults.ts';
import {
  type BandStatistics,
  emptyStatistics,
  measureBandStatistics,
  moveStatistics,
} from './band-statistics.ts';
import { type ClipPools, poolClips } from './clip-pools.ts';
import { type Clip, CorpusError } from './corpora/clip.ts';
import { type FeatureStore, unpackFrames } from './features.ts';

export interface BatchOptions {
  readonly batchSize: number;
  readonly frames: number;
  /** Share of the rows that come as pairs: one human and one synthetic clip of one page, same channel. */
  readonly pairShare: number;
  /** Share of the pairs whose synthetic clip is an extra one; null = extra clips are drawn like the others. */
  readonly extraShare: number | null;
  /** Largest random gain, in natural-log energy units. */
  readonly gainSpread: number;
  /** Strength of the random smooth equaliser, in natural-log energy units. */
  readonly equaliserSpread: number;
  /** Widest mask over bands. */
  readonly maskBands: number;
  readonly bandMasks: number;
  /** Longest mask over frames. */
  readonly maskFrames: number;
  readonly timeMasks: number;
  /** Largest stretch along frequency, of half the rows. */
  readonly warpSpread: number;
  /** Share of the pairs of rows whose statistics per band move towards those of another recording. */
  readonly statisticsMix: number;
  /** Shares of the pairs of rows that get noise, and a room, in their bands. */
  readonly bandNoise: number;
  readonly bandRoom: number;
  readonly hopMs: number;
  /** True when the features are log energies of bands (an equaliser and masks make sense). */
  readonly spectral: boolean;
}

/** One batch: features already normalised, labels 1 = spoof, weights = 1 for voiced frames. */
export interface Batch {
  readonly features: Float32Array;
  readonly labels: Float32Array;
  /** What the network should say, 0 … 1: the label, or what teachers make of it. */
  readonly targets: Float32Array;
  readonly weights: Float32Array;
}

/** What both rows of a pair get: nothing here tells a label. */
interface Treatment {
  readonly store: FeatureStore;
  readonly colour: Float32Array;
  /** How far the statistics of the bands move towards those of the drawn donor, 0 to 1. */
  readonly share: number;
  readonly faults: BandFaults;
}

/**
 * Draws training batches. Half (by default) are pairs from one page through one channel version,
 * which takes page and channel out of the question; the rest is balanced over label → page →
 * system. Deterministic for a seed.
 */
export class BatchSampler {
  readonly #stores: readonly FeatureStore[];
  readonly #options: BatchOptions;
  readonly #random: Random;
  readonly #mean: Float32Array;
  readonly #scale: Float32Array;
  readonly #pools: ClipPools;
  readonly #batch: Batch;
  readonly #warped: Float32Array;
  readonly #usable: readonly number[];
  readonly #own: BandStatistics;
  readonly #donor: BandStatistics;
  readonly #scratch: Float32Array;
  readonly #targets: Float32Array | null;

  constructor(
    data: {
      readonly clips: readonly Clip[];
      /** Of the clips, those to draw from. */
      readonly indices: readonly number[];
      /** Clips from this index on are extra ones, all synthetic; default: none is. */
      readonly firstExtra?: number;
      readonly stores: readonly FeatureStore[];
      readonly mean: readonly number[];
      readonly scale: readonly number[];
      /** One a clip; default: its label. */
      readonly targets?: Float32Array | undefined;
    },
    options: BatchOptions,
    random: Random,
  ) {
    this.#stores = data.stores;
    this.#options = options;
    this.#random = random;
    this.#mean = Float32Array.from(data.mean);
    this.#scale = Float32Array.from(data.scale);
    this.#warped = new Float32Array(data.mean.length);
    const usable = data.indices.filter((index) =>
      data.stores.every((store) => store.spans[index]!.frames > 0),
    );
    this.#usable = usable;
    this.#targets = data.targets ?? null;
    this.#own = emptyStatistics(data.mean.length);
    this.#donor = emptyStatistics(data.mean.length);
    // Extra clips without a share of their own are drawn like the others.
    const firstExtra = options.extraShare === null ? undefined : data.firstExtra;
    this.#pools = poolClips(data.clips, usable, firstExtra ?? data.clips.length);
    for (const label of ['bonafide', 'spoof'] as const) {
      if (this.#pools.byLabel[label].length > 0) continue;
      throw new CorpusError(`no ${label} clip to train on has speech in every channel`);
    }
    const { batchSize, frames } = options;
    const featureCount = data.stores[0]!.featureCount;
    this.#scratch = new Float32Array(frames * featureCount);
    this.#batch = {
      features: new Float32Array(batchSize * frames * featureCount),
      labels: new Float32Array(batchSize),
      targets: new Float32Array(batchSize),
      weights: new Float32Array(batchSize * frames),
    };
  }

  /** Where the dice are, for a checkpoint. */
  get randomState(): number {
    return this.#random.state();
  }

  /** Fills and returns the one batch object of this sampler. */
  next(): Batch {
    const { batchSize, pairShare } = this.#options;
    const pairedRows = 2 * Math.round((batchSize * pairShare) / 2);
    this.#batch.weights.fill(0);
    this.#batch.features.fill(0);
    for (let row = 0; row < batchSize; row += 2) {
      if (row < pairedRows && this.#pools.pairPages.length > 0) this.#fillPair(row);
      else {
        this.#fillBalanced(row, 'bonafide');
        if (row + 1 < batchSize) this.#fillBalanced(row + 1, 'spoof');
      }
    }
    return this.#batch;
  }

  #fillPair(row: number): void {
    const random = this.#random;
    const page = pick(this.#drawsExtra() ? this.#pools.extraPages : this.#pools.pairPages, random);
    const treatment = this.#treat();
    this.#fill(row, pick(page.bonafide, random), 0, treatment);
    this.#fill(row + 1, pick(page.spoof, random), 1, treatment);
  }

  // No throw of the dice where there is nothing to choose: the other recipes' batches stay as they were.
  #drawsExtra(): boolean {
    const { extraShare } = this.#options;
    if (extraShare === null || this.#pools.extraPages.length === 0) return false;
    return this.#random.uniform() < extraShare;
  }

  #fillBalanced(row: number, label: 'bonafide' | 'spoof'): void {
    const random = this.#random;
    const clip = pick(pick(pick(this.#pools.byLabel[label], random), random), random);
    this.#fill(row, clip, label === 'spoof' ? 1 : 0, this.#treat());
  }

  #treat(): Treatment {
    const store = pick(this.#stores, this.#random);
    const colour = this.#colour(store.featureCount);
    return { store, colour, share: this.#drawDonor(), faults: this.#drawFaults() };
  }

  #drawFaults(): BandFaults {
    const { bandNoise, bandRoom, spectral, hopMs } = this.#options;
    const shares = spectral ? { bandNoise, bandRoom } : { bandNoise: 0, bandRoom: 0 };
    return drawBandFaults(shares, { bands: this.#mean.length, hopMs, random: this.#random });
  }

  /** Measures a recording drawn at random for some of the pairs. @returns how far to move to it */
  #drawDonor(): number {
    const { statisticsMix, spectral, frames } = this.#options;
    const random = this.#random;
    if (statisticsMix === 0 || !spectral || random.uniform() >= statisticsMix) return 0;
    const store = pick(this.#stores, random);
    const span = store.spans[pick(this.#usable, random)]!;
    const used = Math.min(frames, span.frames);
    const features = this.#scratch.subarray(0, used * store.featureCount);
    unpackFrames(store, span.firstFrame + random.integer(span.frames - used + 1), used, features);
    measureBandStatistics(features, this.#donor);
    return random.uniform();
  }

  /** A random gain and smooth equaliser, added to log energies. */
  #colour(featureCount: number): Float32Array {
    const random = this.#random;
    const { gainSpread, equaliserSpread, spectral } = this.#options;
    const colour = new Float32Array(featureCount);
    const gain = gainSpread * (2 * random.uniform() - 1);
    if (!spectral) {
      colour[0] = gain;
      return colour;
    }
    const phases = [1, 2, 3].map((order) => ({
      order,
      amplitude: (equaliserSpread * random.gaussian()) / order,
      phase: Math.PI * random.uniform(),
    }));
    for (let band = 0; band < featureCount; band++) {
      let value = gain;
      for (const { order, amplitude, phase } of phases) {
        value += amplitude * Math.cos((Math.PI * order * band) / featureCount + phase);
      }
      colour[band] = value;
    }
    return colour;
  }

  #fill(row: number, clip: number, label: 0 | 1, treatment: Treatment): void {
    const { store, colour, share, faults } = treatment;
    const random = this.#random;
    const { frames, spectral } = this.#options;
    const { featureCount } = store;
    const span = store.spans[clip]!;
    const used = Math.min(frames, span.frames);
    const start = span.firstFrame + random.integer(span.frames - used + 1);
    const { features, labels, targets, weights } = this.#batch;
    const rowStart = row * frames * featureCount;
    const into = features.subarray(rowStart, rowStart + used * featureCount);
    unpackFrames(store, start, used, into);
    if (spectral) this.#warp(into);
    if (share > 0) this.#move(into, share);
    applyBandFaults(into, featureCount, faults, random);
    for (let index = 0; index < into.length; index++) {
      const band = index % featureCount;
      into[index] = (into[index]! + colour[band]! - this.#mean[band]!) * this.#scale[band]!;
    }
    if (spectral) this.#mask(into);
    labels[row] = label;
    targets[row] = this.#targets?.[clip] ?? label;
    for (let frame = 0; frame < used; frame++) {
      weights[row * frames + frame] = store.voiced[start + frame]!;
    }
  }

  #move(row: Float32Array, share: number): void {
    measureBandStatistics(row, this.#own);
    moveStatistics(row, { own: this.#own, other: this.#donor, share });
  }

  /** Stretches half the rows along frequency, as other lengths of the vocal tract do. */
  #warp(row: Float32Array): void {
    const { warpSpread } = this.#options;
    if (warpSpread === 0) return;
    const factor = 1 + warpSpread * (2 * this.#random.uniform() - 1);
    if (this.#random.uniform() < 0.5) return;
    const bands = this.#mean.length;
    const one = this.#warped;
    for (let at = 0; at < row.length; at += bands) {
      for (let band = 0; band < bands; band++) {
        const source = Math.min(bands - 1, band * factor);
        const below = Math.min(bands - 2, Math.floor(source));
        const share = source - below;
        one[band] = row[at + below]! * (1 - share) + row[at + below + 1]! * share;
      }
      row.set(one, at);
    }
  }

  /** Masks of bands and of frames, at the mean (Park et al. 2019). */
  #mask(row: Float32Array): void {
    const { maskBands, bandMasks, maskFrames, timeMasks } = this.#options;
    const random = this.#random;
    const bands = this.#mean.length;
    const frames = row.length / bands;
    for (let mask = 0; mask < bandMasks; mask++) {
      const width = random.integer(Math.min(maskBands, bands) + 1);
      const start = random.integer(bands - width + 1);
      for (let at = start; at < row.length; at += bands) row.fill(0, at, at + width);
    }
    for (let mask = 0; mask < timeMasks; mask++) {
      const length = random.integer(Math.min(maskFrames, frames) + 1);
      const start = random.integer(frames - length + 1);
      row.fill(0, start * bands, (start + length) * bands);
    }
  }
}

function pick<T>(list: readonly T[], random: Random): T {
  return list[random.integer(list.length)]!;
}
