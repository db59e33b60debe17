import type { FrontEndConfig } from './front-end-config.ts';
import type { SnapshotReader, Snapshotting, SnapshotWriter } from './snapshot.ts';

const SNAPSHOT_PART = 42;
const SNAPSHOT_VERSION = 1;
/** Variances below this count as this, so that a feature that never moves stays near 0. */
const VARIANCE_FLOOR = 1e-4;

/**
 * Normalises feature frames in place, over the sequence of kept frames, past frames only.
 * - `none`: nothing.
 * - `global`: `(x - mean) * scale`, the numbers of the configuration.
 * - `running`: `(x - mean) / √(variance + 1e-4)` with exponential averages of the given time
 *   constant, updated with the frame before it is normalised; for the first frames plain averages.
 *   The first frame comes out as 0.
 *
 * Allocates at construction only.
 */
export class Normaliser implements Snapshotting {
  readonly #kind: FrontEndConfig['normalisation']['kind'];
  readonly #mean: Float32Array;
  readonly #scale: Float32Array;
  readonly #slowestRate: number;
  #frames = 0;

  /** @throws RangeError when `global` numbers are not `width` many. */
  constructor(normalisation: FrontEndConfig['normalisation'], width: number, hopMs: number) {
    this.#kind = normalisation.kind;
    this.#mean = new Float32Array(width);
    this.#scale = new Float32Array(width);
    this.#slowestRate = 0;
    if (normalisation.kind === 'global') {
      const { mean, scale } = normalisation;
      if (mean.length !== width || scale.length !== width) {
        throw new RangeError(
          `normalisation.mean and .scale must have ${width} numbers, got ${mean.length} and ${scale.length}`,
        );
      }
      this.#mean.set(mean);
      this.#scale.set(scale);
    } else if (normalisation.kind === 'running') {
      this.#slowestRate = 1 - Math.exp(-hopMs / normalisation.timeConstantMs);
    }
  }

  /** Normalises `width` values at `frame[offset]`. */
  apply(frame: Float32Array, offset: number): void {
    if (this.#kind === 'global') this.#applyGlobal(frame, offset);
    else if (this.#kind === 'running') this.#applyRunning(frame, offset);
  }

  snapshot(into: SnapshotWriter): void {
    into.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    into.float64(this.#frames);
    into.floats(this.#mean);
    into.floats(this.#scale);
  }

  restore(from: SnapshotReader): void {
    from.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    this.#frames = from.float64();
    from.floats(this.#mean);
    from.floats(this.#scale);
  }

  #applyGlobal(frame: Float32Array, offset: number): void {
    const mean = this.#mean;
    const scale = this.#scale;
    for (let index = 0; index < mean.length; index++) {
      frame[offset + index] = (frame[offset + index]! - mean[index]!) * scale[index]!;
    }
  }

  #applyRunning(frame: Float32Array, offset: number): void {
    this.#frames++;
    const rate = Math.max(this.#slowestRate, 1 / this.#frames);
    const kept = 1 - rate;
    const mean = this.#mean;
    // For `running`, #scale holds the variance.
    const variance = this.#scale;
    for (let index = 0; index < mean.length; index++) {
      // West (1979): the incremental form of the exponentially weighted variance.
      const difference = frame[offset + index]! - mean[index]!;
      const spread = kept * (variance[index]! + rate * difference * difference);
      variance[index] = spread;
      mean[index] = mean[index]! + rate * difference;
      frame[offset + index] = (kept * difference) / Math.sqrt(spread + VARIANCE_FLOOR);
    }
  }
}
