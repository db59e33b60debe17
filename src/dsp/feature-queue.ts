import type { SnapshotReader, Snapshotting, SnapshotWriter } from './snapshot.ts';

const SNAPSHOT_PART = 43;
const SNAPSHOT_VERSION = 1;

/** Finished feature frames that wait to be pulled, oldest first. Allocates at construction only. */
export class FeatureQueue implements Snapshotting {
  readonly #width: number;
  readonly #capacity: number;
  readonly #rows: Float32Array;
  readonly #flags: Uint8Array;
  #first = 0;
  #count = 0;

  constructor(width: number, capacityFrames: number) {
    this.#width = width;
    this.#capacity = capacityFrames;
    this.#rows = new Float32Array(width * capacityFrames);
    this.#flags = new Uint8Array(capacityFrames);
  }

  get count(): number {
    return this.#count;
  }

  /** All rows; the frame to fill next starts at `writeOffset`. */
  get rows(): Float32Array {
    return this.#rows;
  }

  get writeOffset(): number {
    return ((this.#first + this.#count) % this.#capacity) * this.#width;
  }

  /** Adds the frame that was written at `writeOffset`. @throws RangeError when full. */
  commit(flags: number): void {
    if (this.#count === this.#capacity) {
      throw new RangeError(`pending frames must be pulled: ${this.#capacity} wait already`);
    }
    this.#flags[(this.#first + this.#count) % this.#capacity] = flags;
    this.#count++;
  }

  /** Moves the oldest `frames` frames out. @throws RangeError when fewer wait. */
  pull(frames: number, features: Float32Array, featureOffset: number, flags: Uint8Array): void {
    if (!(frames >= 0 && frames <= this.#count)) {
      throw new RangeError(`frames must be from 0 to ${this.#count} (pending), got ${frames}`);
    }
    const width = this.#width;
    let to = featureOffset;
    for (let frame = 0; frame < frames; frame++) {
      const from = this.#first * width;
      for (let index = 0; index < width; index++) features[to++] = this.#rows[from + index]!;
      flags[frame] = this.#flags[this.#first]!;
      this.#first = (this.#first + 1) % this.#capacity;
    }
    this.#count -= frames;
  }

  snapshot(into: SnapshotWriter): void {
    into.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    const rows = new Float32Array(this.#count * this.#width);
    const flags = new Uint8Array(this.#count);
    for (let frame = 0; frame < this.#count; frame++) {
      const row = (this.#first + frame) % this.#capacity;
      rows.set(
        this.#rows.subarray(row * this.#width, (row + 1) * this.#width),
        frame * this.#width,
      );
      flags[frame] = this.#flags[row]!;
    }
    into.float64(this.#count);
    into.floats(rows);
    into.bytes(flags);
  }

  restore(from: SnapshotReader): void {
    from.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    const count = from.float64();
    if (!(count >= 0 && count <= this.#capacity)) {
      throw new RangeError(`pending frames must be from 0 to ${this.#capacity}, got ${count}`);
    }
    this.#first = 0;
    this.#count = count;
    from.floats(this.#rows.subarray(0, count * this.#width));
    from.bytes(this.#flags.subarray(0, count));
  }
}
