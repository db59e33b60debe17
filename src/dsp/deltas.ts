import type { SnapshotReader, Snapshotting, SnapshotWriter } from './snapshot.ts';

const SNAPSHOT_PART = 41;
const SNAPSHOT_VERSION = 1;

/**
 * Causal regression deltas: the slope, per frame, of the least-squares line through the newest
 * `span + 1` values of each feature (the regression formula of HTK, section 5.9, moved into the
 * past). Before `span` frames have come, the first frame stands for the missing ones. Deltas lag by
 * half the span, and need no future frame. Allocates at construction only.
 */
export class CausalDeltas implements Snapshotting {
  readonly width: number;
  readonly #span: number;
  readonly #weights: Float64Array;
  /** The newest `span + 1` frames; `#newest` is the row of the newest one. */
  readonly #rows: Float32Array;
  #newest = -1;

  /** @throws RangeError when `width` < 1 or `span` is not an integer >= 1. */
  constructor(width: number, span: number) {
    if (!Number.isInteger(width) || width < 1) {
      throw new RangeError(`width must be an integer >= 1, got ${width}`);
    }
    if (!Number.isInteger(span) || span < 1) {
      throw new RangeError(`span must be an integer >= 1, got ${span}`);
    }
    this.width = width;
    this.#span = span;
    this.#weights = new Float64Array(span + 1);
    let energy = 0;
    for (let age = 0; age <= span; age++) energy += (span / 2 - age) ** 2;
    for (let age = 0; age <= span; age++) this.#weights[age] = (span / 2 - age) / energy;
    this.#rows = new Float32Array((span + 1) * width);
  }

  /** Takes `width` values at `frame[from]` and writes their slopes at `frame[to]`. */
  push(frame: Float32Array, from: number, to: number): void {
    const { width } = this;
    const rows = this.#rows;
    const rowCount = this.#span + 1;
    if (this.#newest < 0) {
      for (let row = 0; row < rowCount; row++) this.#store(frame, from, row);
      this.#newest = 0;
    } else {
      this.#newest = (this.#newest + 1) % rowCount;
      this.#store(frame, from, this.#newest);
    }
    for (let index = 0; index < width; index++) frame[to + index] = 0;
    let row = this.#newest;
    for (let age = 0; age < rowCount; age++) {
      const weight = this.#weights[age]!;
      const base = row * width;
      for (let index = 0; index < width; index++) {
        frame[to + index] = frame[to + index]! + weight * rows[base + index]!;
      }
      row = row === 0 ? this.#span : row - 1;
    }
  }

  snapshot(into: SnapshotWriter): void {
    into.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    into.float64(this.#newest);
    into.floats(this.#rows);
  }

  restore(from: SnapshotReader): void {
    from.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    this.#newest = from.float64();
    from.floats(this.#rows);
  }

  #store(frame: Float32Array, from: number, row: number): void {
    const base = row * this.width;
    for (let index = 0; index < this.width; index++) {
      this.#rows[base + index] = frame[from + index]!;
    }
  }
}
