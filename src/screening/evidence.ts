import type { SnapshotReader, Snapshotting, SnapshotWriter } from '../dsp/snapshot.ts';

const SNAPSHOT_PART = 20;
const SNAPSHOT_VERSION = 1;

export interface EvidenceOptions {
  /** Duration that one voiced frame stands for. */
  readonly hopMs: number;
  /** Length of the sliding window of `recent`, in speech time. */
  readonly recentWindowMs: number;
}

/**
 * What a leg has said so far: the mean step logit, weighted by the voiced frames of each step, over
 * the whole leg and over the last `recentWindowMs` of speech. Logits are positive for synthetic.
 * Allocates at construction only.
 */
export class Evidence implements Snapshotting {
  readonly #hopMs: number;
  readonly #windowFrames: number;
  // Every entry holds at least one voiced frame, so the window never needs more entries than frames.
  readonly #ringLogits: Float32Array;
  readonly #ringFrames: Uint8Array;
  #ringStart = 0;
  #ringCount = 0;
  #logitSum = 0;
  #frames = 0;
  #recentFrames = 0;

  constructor(options: EvidenceOptions) {
    const { hopMs, recentWindowMs } = options;
    if (!(hopMs > 0)) throw new RangeError(`hopMs must be > 0, got ${hopMs}`);
    if (!(recentWindowMs >= hopMs)) {
      throw new RangeError(`recentWindowMs must be >= hopMs (${hopMs}), got ${recentWindowMs}`);
    }
    this.#hopMs = hopMs;
    this.#windowFrames = Math.round(recentWindowMs / hopMs);
    this.#ringLogits = new Float32Array(this.#windowFrames + 1);
    this.#ringFrames = new Uint8Array(this.#windowFrames + 1);
  }

  /** Speech seen so far. */
  get speechMs(): number {
    return this.#frames * this.#hopMs;
  }

  /** Mean logit of all speech; 0 before any. */
  get meanLogit(): number {
    return this.#frames === 0 ? 0 : this.#logitSum / this.#frames;
  }

  get recentSpeechMs(): number {
    return this.#recentFrames * this.#hopMs;
  }

  /** Mean logit of the sliding window; 0 before any speech. Summed anew: no drift over a long call. */
  get recentMeanLogit(): number {
    let sum = 0;
    for (let index = 0; index < this.#ringCount; index++) {
      const at = (this.#ringStart + index) % this.#ringLogits.length;
      sum += this.#ringLogits[at]! * this.#ringFrames[at]!;
    }
    return this.#recentFrames === 0 ? 0 : sum / this.#recentFrames;
  }

  /** Adds one step output that stands for `voicedFrames` voiced frames (0 adds nothing). */
  add(logit: number, voicedFrames: number): void {
    if (voicedFrames === 0 || !Number.isFinite(logit)) return;
    this.#logitSum += logit * voicedFrames;
    this.#frames += voicedFrames;
    const end = (this.#ringStart + this.#ringCount) % this.#ringLogits.length;
    this.#ringLogits[end] = logit;
    this.#ringFrames[end] = voicedFrames;
    this.#ringCount++;
    this.#recentFrames += voicedFrames;
    while (this.#recentFrames > this.#windowFrames && this.#ringCount > 1) this.#dropOldest();
  }

  snapshot(into: SnapshotWriter): void {
    into.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    for (const value of [
      this.#ringStart,
      this.#ringCount,
      this.#logitSum,
      this.#frames,
      this.#recentFrames,
    ]) {
      into.float64(value);
    }
    into.floats(this.#ringLogits);
    into.bytes(this.#ringFrames);
  }

  restore(from: SnapshotReader): void {
    from.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    this.#ringStart = from.float64();
    this.#ringCount = from.float64();
    this.#logitSum = from.float64();
    this.#frames = from.float64();
    this.#recentFrames = from.float64();
    from.floats(this.#ringLogits);
    from.bytes(this.#ringFrames);
  }

  #dropOldest(): void {
    this.#recentFrames -= this.#ringFrames[this.#ringStart]!;
    this.#ringStart = (this.#ringStart + 1) % this.#ringLogits.length;
    this.#ringCount--;
  }
}
