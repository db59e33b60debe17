import type { FrameLevel } from './level.ts';
import type { SnapshotReader, Snapshotting, SnapshotWriter } from './snapshot.ts';

const SNAPSHOT_PART = 44;
const SNAPSHOT_VERSION = 1;
const SEGMENTS = 8;
const SEGMENT_MS = 200;
/** Digital silence and lost frames are below any line's noise and say nothing of it. */
const LOWEST_FLOOR_DB = -85;

/**
 * The background's level: the lowest frame level of the last 1.4 to 1.6 s, after the minimum
 * statistics of Martin (2001) in its simplest form, eight segments of 200 ms. Whatever is steady for
 * that long becomes its own floor; speech dips within a syllable. It starts at the lowest value,
 * because a call may start with speech. Allocates at construction only.
 */
export class NoiseFloor implements Snapshotting {
  readonly #segmentHops: number;
  readonly #minima = new Float32Array(SEGMENTS).fill(LOWEST_FLOOR_DB);
  #segment = 0;
  #hops = 0;
  #floorDb = LOWEST_FLOOR_DB;

  constructor(hopMs: number) {
    this.#segmentHops = Math.max(1, Math.round(SEGMENT_MS / hopMs));
  }

  /** In dB full scale, -85 … 0. */
  get floorDb(): number {
    return this.#floorDb;
  }

  /** Takes the level of one frame. */
  push(level: FrameLevel): void {
    const { levelDb } = level;
    if (levelDb < LOWEST_FLOOR_DB) return;
    const minima = this.#minima;
    if (this.#hops === 0 || levelDb < minima[this.#segment]!) minima[this.#segment] = levelDb;
    this.#hops++;
    if (this.#hops === this.#segmentHops) {
      this.#hops = 0;
      this.#segment = (this.#segment + 1) % SEGMENTS;
    }
    let lowest = minima[0]!;
    for (let index = 1; index < SEGMENTS; index++) {
      if (minima[index]! < lowest) lowest = minima[index]!;
    }
    this.#floorDb = lowest;
  }

  snapshot(into: SnapshotWriter): void {
    into.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    into.floats(this.#minima);
    into.float64(this.#segment);
    into.float64(this.#hops);
    into.float64(this.#floorDb);
  }

  restore(from: SnapshotReader): void {
    from.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    from.floats(this.#minima);
    this.#segment = from.float64();
    this.#hops = from.float64();
    this.#floorDb = from.float64();
  }
}
