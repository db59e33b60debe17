import { CausalDeltas } from './deltas.ts';
import { FeatureQueue } from './feature-queue.ts';
import { FRAME_VOICED, type FrontEndConfig } from './front-end-config.ts';
import { featureCountOf, msToSamples, validateFrontEndConfig } from './front-end-validate.ts';
import { Normaliser } from './normaliser.ts';
import { SampleHistory } from './sample-history.ts';
import { SignalMonitor } from './signal-monitor.ts';
import type { SignalQuality } from './signal-quality.ts';
import type { SnapshotReader, Snapshotting, SnapshotWriter } from './snapshot.ts';
import { type StaticFeatures, sharedStaticFeatures } from './static-features.ts';

const SNAPSHOT_PART = 47;
const SNAPSHOT_VERSION = 1;
/** Frames that may wait besides those of one look-back. */
const DEFAULT_BLOCK_FRAMES = 24;

/**
 * From samples to the feature frames that a detector reads, for training and serving alike. Each hop
 * completes one frame, whose window ends at the newest sample. Only frames near speech are kept:
 * voiced ones, those within `lookBackMs` before and within `hangoverMs` after one. Deltas and
 * normalisation run over the kept frames. Nothing depends on how the hops came, so a stream gives the
 * bits of the whole file.
 *
 * Owns all its memory; allocates at construction and in `snapshot` only. Silence costs no spectrum.
 *
 * @example
 * ```ts
 * const frontEnd = new FrontEnd(manifest.frontEnd);
 * frontEnd.pushHop(samples, 0);
 * if (frontEnd.pendingFrames >= 8) frontEnd.pull(8, features, 0, flags);
 * ```
 */
export class FrontEnd implements Snapshotting {
  /** Values of one frame. */
  readonly featureCount: number;
  /** Samples of one hop at the configured rate. */
  readonly hopSamples: number;
  readonly #history: SampleHistory;
  readonly #statics: StaticFeatures;
  readonly #deltas: CausalDeltas | null;
  readonly #deltaDeltas: CausalDeltas | null;
  readonly #normaliser: Normaliser;
  readonly #queue: FeatureQueue;
  readonly #monitor: SignalMonitor;
  readonly #blockFrames: number;
  readonly #lookBackFrames: number;
  readonly #hangoverFrames: number;
  /** Samples since the last gap, as far as they matter: up to one window. */
  #samplesHeld = 0;
  /** Newest frames not kept so far that a voiced one would still reach, itself included. */
  #unkept = 0;
  #hangover = 0;

  /**
   * @param blockFrames frames that are pulled at once at most: as many may wait when a hop comes
   * @throws RangeError that lists everything wrong with `config`, or when `blockFrames` is no
   *   positive whole number
   */
  constructor(config: FrontEndConfig, blockFrames = DEFAULT_BLOCK_FRAMES) {
    validateFrontEndConfig(config);
    if (!(Number.isInteger(blockFrames) && blockFrames >= 1)) {
      throw new RangeError(`blockFrames must be a whole number >= 1, got ${blockFrames}`);
    }
    this.#blockFrames = blockFrames;
    const { sampleRateHz, hopMs, voiceActivity, deltaOrder, deltaFrames } = config;
    this.hopSamples = msToSamples(hopMs, sampleRateHz);
    this.featureCount = featureCountOf(config);
    this.#lookBackFrames = Math.round(voiceActivity.lookBackMs / hopMs);
    this.#hangoverFrames = Math.round(voiceActivity.hangoverMs / hopMs);
    this.#statics = sharedStaticFeatures(config);
    this.#history = new SampleHistory({
      sampleRateHz,
      hopSamples: this.hopSamples,
      keepSamples: this.#statics.windowSamples + this.#lookBackFrames * this.hopSamples,
      preEmphasis: config.preEmphasis,
    });
    const { count } = this.#statics;
    this.#deltas = deltaOrder >= 1 ? new CausalDeltas(count, deltaFrames) : null;
    this.#deltaDeltas = deltaOrder === 2 ? new CausalDeltas(count, deltaFrames) : null;
    this.#normaliser = new Normaliser(config.normalisation, this.featureCount, hopMs);
    this.#queue = new FeatureQueue(this.featureCount, this.#lookBackFrames + 1 + blockFrames);
    this.#monitor = new SignalMonitor(config, this.#statics);
  }

  /** Kept frames that wait: at most the block + the look-back + 1. */
  get pendingFrames(): number {
    return this.#queue.count;
  }

  /** Running figures of the leg; the same object all the time, updated in place. */
  get quality(): SignalQuality {
    return this.#monitor.quality;
  }

  /**
   * Takes exactly one hop, `samples[offset … offset + hopSamples)`, in [-1, 1] at the configured rate.
   *
   * @throws RangeError when the hop does not lie in `samples`, or more than a block waits.
   */
  pushHop(samples: Float32Array, offset: number): void {
    if (!(offset >= 0 && offset + this.hopSamples <= samples.length)) {
      throw new RangeError(
        `offset must be from 0 to ${samples.length - this.hopSamples}, got ${offset}`,
      );
    }
    if (this.#queue.count > this.#blockFrames) {
      throw new RangeError(
        `at most ${this.#blockFrames} frames may wait when a hop comes, got ${this.#queue.count}`,
      );
    }
    this.#history.push(samples, offset);
    const { windowSamples } = this.#statics;
    if (this.#samplesHeld < windowSamples) this.#samplesHeld += this.hopSamples;
    const completesFrame = this.#samplesHeld >= windowSamples;
    const analysed = this.#monitor.pushHop(this.#history, completesFrame);
    if (!completesFrame) return;
    if (this.#unkept <= this.#lookBackFrames) this.#unkept++;
    if (analysed) this.#analyse(0);
    if (analysed && this.#monitor.judge()) this.#keepVoiced();
    else if (this.#hangover > 0) this.#keepHangover(analysed);
  }

  /**
   * Moves the oldest `frames` waiting frames out, frame by frame, to `features[featureOffset]`, and a
   * byte each to `flags[0]`: FRAME_VOICED or 0.
   *
   * @throws RangeError when fewer frames wait.
   */
  pull(frames: number, features: Float32Array, featureOffset: number, flags: Uint8Array): void {
    this.#queue.pull(frames, features, featureOffset, flags);
  }

  /**
   * Audio is missing here: what could put samples from both sides into one frame, or keep a frame for
   * speech on the other side, is forgotten. Frames that wait stay, and so do deltas, normalisation and
   * the background's level.
   */
  gap(): void {
    this.#history.clear();
    this.#monitor.gap();
    this.#samplesHeld = 0;
    this.#unkept = 0;
    this.#hangover = 0;
  }

  snapshot(into: SnapshotWriter): void {
    into.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    into.float64(this.#samplesHeld);
    into.float64(this.#unkept);
    into.float64(this.#hangover);
    this.#history.snapshot(into);
    this.#deltas?.snapshot(into);
    this.#deltaDeltas?.snapshot(into);
    this.#normaliser.snapshot(into);
    this.#queue.snapshot(into);
    this.#monitor.snapshot(into);
  }

  restore(from: SnapshotReader): void {
    from.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    this.#samplesHeld = from.float64();
    this.#unkept = from.float64();
    this.#hangover = from.float64();
    this.#history.restore(from);
    this.#deltas?.restore(from);
    this.#deltaDeltas?.restore(from);
    this.#normaliser.restore(from);
    this.#queue.restore(from);
    this.#monitor.restore(from);
  }

  #keepVoiced(): void {
    for (let age = this.#unkept - 1; age > 0; age--) {
      this.#analyse(age);
      this.#emit(0);
    }
    // The look-back frames have taken the spectrum's place.
    if (this.#unkept > 1) this.#analyse(0);
    this.#emit(FRAME_VOICED);
    this.#unkept = 0;
    this.#hangover = this.#hangoverFrames;
  }

  #keepHangover(analysed: boolean): void {
    if (!analysed) this.#analyse(0);
    this.#emit(0);
    this.#unkept = 0;
    this.#hangover--;
  }

  /** Computes the spectrum of the frame `age` hops before the newest one. */
  #analyse(age: number): void {
    const history = this.#history;
    const start = history.end - this.#statics.windowSamples - age * this.hopSamples;
    this.#statics.analyse(history.samples, start);
  }

  #emit(flags: number): void {
    const { rows, writeOffset } = this.#queue;
    const { count } = this.#statics;
    this.#statics.write(rows, writeOffset);
    this.#deltas?.push(rows, writeOffset, writeOffset + count);
    this.#deltaDeltas?.push(rows, writeOffset + count, writeOffset + 2 * count);
    this.#normaliser.apply(rows, writeOffset);
    this.#queue.commit(flags);
    this.#monitor.countKept();
  }
}
