import type { SnapshotReader, Snapshotting, SnapshotWriter } from './snapshot.ts';

const SNAPSHOT_PART = 49;
const SNAPSHOT_VERSION = 1;
/** Level given for digital silence. */
const LOWEST_LEVEL_DB = -120;
const LOWEST_MEAN_SQUARE = 1e-12;

/** Sums over the samples of one hop, without direct current. */
export interface HopSums {
  /** Of squares. */
  readonly hopEnergy: number;
  /** Of fourth powers. */
  readonly hopFourthPower: number;
}

/** What is known of a frame before its spectrum. */
export interface FrameLevel {
  /** Mean square, dB full scale. */
  readonly levelDb: number;
  /** Fourth moment over the square of the second. */
  readonly kurtosis: number;
}

/**
 * Level and envelope of a frame from the sums of its newest hops, so that the samples are not read
 * again. Full scale is a mean square of 1: a full-scale sine has -3.01 dB. Allocates at construction only.
 */
export class LevelMeter implements FrameLevel, Snapshotting {
  readonly #hopSamples: number;
  readonly #squares: Float64Array;
  readonly #fourths: Float64Array;
  #at = 0;
  #levelDb = LOWEST_LEVEL_DB;
  #kurtosis = 0;

  /** @param hops - Hops that make up a frame. */
  constructor(hopSamples: number, hops: number) {
    this.#hopSamples = hopSamples;
    this.#squares = new Float64Array(hops);
    this.#fourths = new Float64Array(hops);
  }

  /** Mean square in dB full scale, -120 … 0 and a little above. */
  get levelDb(): number {
    return this.#levelDb;
  }

  /** Fourth moment over the square of the second: 1 square wave, 1.5 sine, 3 noise; 0 for silence. */
  get kurtosis(): number {
    return this.#kurtosis;
  }

  /** Takes the sums of one hop. An object, because numbers handed over one by one get boxed. */
  push(hop: HopSums): void {
    this.#squares[this.#at] = hop.hopEnergy;
    this.#fourths[this.#at] = hop.hopFourthPower;
    this.#at = (this.#at + 1) % this.#squares.length;
    let squares = 0;
    let fourths = 0;
    for (let index = 0; index < this.#squares.length; index++) {
      squares += this.#squares[index]!;
      fourths += this.#fourths[index]!;
    }
    const samples = this.#squares.length * this.#hopSamples;
    const meanSquare = squares / samples;
    const audible = meanSquare > LOWEST_MEAN_SQUARE;
    this.#levelDb = audible ? 10 * Math.log10(meanSquare) : LOWEST_LEVEL_DB;
    this.#kurtosis = audible ? fourths / samples / (meanSquare * meanSquare) : 0;
  }

  /** Forgets all hops. */
  clear(): void {
    this.#squares.fill(0);
    this.#fourths.fill(0);
    this.#at = 0;
    this.#levelDb = LOWEST_LEVEL_DB;
    this.#kurtosis = 0;
  }

  snapshot(into: SnapshotWriter): void {
    into.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    for (let age = 0; age < this.#squares.length; age++) {
      const index = (this.#at + age) % this.#squares.length;
      into.float64(this.#squares[index]!);
      into.float64(this.#fourths[index]!);
    }
    into.float64(this.#at);
    into.float64(this.#levelDb);
    into.float64(this.#kurtosis);
  }

  restore(from: SnapshotReader): void {
    from.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    const squares = new Float64Array(this.#squares.length);
    const fourths = new Float64Array(this.#squares.length);
    for (let age = 0; age < squares.length; age++) {
      squares[age] = from.float64();
      fourths[age] = from.float64();
    }
    this.#at = from.float64();
    for (let age = 0; age < squares.length; age++) {
      const index = (this.#at + age) % squares.length;
      this.#squares[index] = squares[age]!;
      this.#fourths[index] = fourths[age]!;
    }
    this.#levelDb = from.float64();
    this.#kurtosis = from.float64();
  }
}
