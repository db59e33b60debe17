import type { SnapshotReader, Snapshotting, SnapshotWriter } from './snapshot.ts';

const SNAPSHOT_PART = 51;
const SNAPSHOT_VERSION = 1;
const TIME_CONSTANT_MS = 2000;
const LEAST_MS = 1000;
/**
 * How far, 24 dB, under the strongest part of the emphasised average the edge of the band lies. Speech stays
 * above it up to the edge; the noise of mu-law beyond the edge stays below, for quiet speech by 1 dB.
 */
const EDGE_RATIO = 10 ** -2.4;
const SMOOTHING_HZ = 100;
const UPDATE_FRAMES = 10;
const EMPHASIS = 0.97;

export interface BandwidthScaleOptions {
  readonly sampleRateHz: number;
  readonly fftSize: number;
  /** Emphasis that the spectra already carry. */
  readonly preEmphasis: number;
}

/** Tables and scratch of the meters of one configuration. Allocates at construction only. */
export class BandwidthScale {
  readonly binHz: number;
  readonly smoothingBins: number;
  /** What brings each bin to an emphasis of 0.97. */
  readonly emphasis: Float64Array;
  /** Of an average over `smoothingBins` bins from each on; scratch. */
  readonly sums: Float64Array;

  constructor(options: BandwidthScaleOptions) {
    const { sampleRateHz, fftSize, preEmphasis } = options;
    this.binHz = sampleRateHz / fftSize;
    this.smoothingBins = Math.max(1, Math.round(SMOOTHING_HZ / this.binHz));
    this.emphasis = new Float64Array(fftSize / 2 + 1);
    this.sums = new Float64Array(fftSize / 2 + 2 - this.smoothingBins);
    for (let bin = 0; bin < this.emphasis.length; bin++) {
      const cosine = Math.cos((2 * Math.PI * bin) / fftSize);
      const wanted = 1 - 2 * EMPHASIS * cosine + EMPHASIS * EMPHASIS;
      this.emphasis[bin] = wanted / (1 - 2 * preEmphasis * cosine + preEmphasis * preEmphasis);
    }
  }
}

/**
 * The highest frequency that carries speech: where the average spectrum of speech frames, emphasised
 * by 0.97 against the fall of speech towards high frequencies and smoothed over 100 Hz, last exceeds its
 * maximum less 24 dB. Time constant 2 s of speech. Allocates at construction only.
 */
export class BandwidthMeter implements Snapshotting {
  readonly #scale: BandwidthScale;
  readonly #average: Float32Array;
  readonly #rate: number;
  readonly #leastFrames: number;
  #frames = 0;
  #bandwidthHz = 0;

  constructor(scale: BandwidthScale, hopMs: number) {
    this.#scale = scale;
    this.#average = new Float32Array(scale.emphasis.length);
    this.#rate = 1 - Math.exp(-hopMs / TIME_CONSTANT_MS);
    this.#leastFrames = Math.ceil(LEAST_MS / hopMs);
  }

  /** 0 before 1 s of speech. */
  get bandwidthHz(): number {
    return this.#bandwidthHz;
  }

  /** Takes the power spectrum of a speech frame. */
  push(power: Float32Array): void {
    const average = this.#average;
    const { emphasis } = this.#scale;
    this.#frames++;
    const rate = Math.max(this.#rate, 1 / this.#frames);
    for (let bin = 0; bin < average.length; bin++) {
      average[bin] = average[bin]! + rate * (power[bin]! * emphasis[bin]! - average[bin]!);
    }
    if (this.#frames >= this.#leastFrames && this.#frames % UPDATE_FRAMES === 0) this.#measure();
  }

  snapshot(into: SnapshotWriter): void {
    into.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    into.floats(this.#average);
    into.float64(this.#frames);
    into.float64(this.#bandwidthHz);
  }

  restore(from: SnapshotReader): void {
    from.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    from.floats(this.#average);
    this.#frames = from.float64();
    this.#bandwidthHz = from.float64();
  }

  #measure(): void {
    const average = this.#average;
    const { sums, smoothingBins: width, binHz } = this.#scale;
    const last = sums.length - 1;
    let strongest = 0;
    for (let bin = 0; bin <= last; bin++) {
      let sum = average[bin]!;
      for (let next = bin + 1; next < bin + width; next++) sum += average[next]!;
      sums[bin] = sum;
      if (sum > strongest) strongest = sum;
    }
    const edge = strongest * EDGE_RATIO;
    let bin = last;
    while (bin > 0 && sums[bin]! < edge) bin--;
    this.#bandwidthHz = (bin + width - 1) * binHz;
  }
}
