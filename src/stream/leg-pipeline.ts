import type { FrontEnd } from '../dsp/front-end.ts';
import { FRAME_VOICED } from '../dsp/front-end-config.ts';
import type { SnapshotReader, Snapshotting, SnapshotWriter } from '../dsp/snapshot.ts';
import type { StepBatcher, StepClient } from '../model/batcher.ts';
import type { StepSignature } from '../model/engine.ts';
import type { LegSample, LegSampler } from '../screening/leg-sample.ts';
import type { LegDecision } from './leg-decision.ts';

const SNAPSHOT_PART = 30;
const SNAPSHOT_VERSION = 2;

export interface LegPipelineOptions {
  readonly frontEnd: FrontEnd;
  readonly signature: StepSignature;
  readonly decision: LegDecision;
  readonly sampler: LegSampler;
  readonly batcher: StepBatcher;
  readonly sampleRateHz: number;
  readonly scoreIntervalMs: number;
  /** Most samples that one `write` brings. */
  readonly maxWriteSamples: number;
  /** Called when stream time passes a multiple of the score interval. */
  readonly onScoreDue: (pipeline: LegPipeline) => void;
  /** Called once, when the leg has had enough speech to be compared with the training data. */
  readonly onSample: (sample: LegSample) => void;
}

/**
 * One leg's audio on a lane: samples → hops → front end → block → step → evidence. It works hop by
 * hop and stands still while its block waits for the engine, so block boundaries and scores depend
 * on the samples alone, never on packets or ticks.
 */
export class LegPipeline implements StepClient, Snapshotting {
  readonly features: Float32Array;
  readonly state: Float32Array;
  readonly #options: LegPipelineOptions;
  readonly #flags: Uint8Array;
  readonly #samples: Float32Array;
  readonly #hopSamples: number;
  readonly #intervalSamples: number;
  #readAt = 0;
  #writeAt = 0;
  #waiting = false;
  #scorePending = false;
  #positionSamples = 0;
  #lostSamples = 0;
  #nextScoreAtSamples: number;
  #steps = 0;
  /** Wall time at which the newest written packet arrived, or the request for a score after it. */
  newestArrivalMs = 0;

  constructor(options: LegPipelineOptions) {
    const { signature, frontEnd, sampleRateHz, scoreIntervalMs } = options;
    this.#options = options;
    this.features = new Float32Array(signature.framesPerStep * signature.featureCount);
    this.state = new Float32Array(signature.stateSize);
    this.#flags = new Uint8Array(signature.framesPerStep);
    this.#hopSamples = frontEnd.hopSamples;
    this.#samples = new Float32Array(options.maxWriteSamples + 2 * frontEnd.hopSamples);
    this.#intervalSamples = Math.round((scoreIntervalMs * sampleRateHz) / 1000);
    if (this.#intervalSamples < frontEnd.hopSamples) {
      throw new RangeError(`scoreIntervalMs must be at least one hop, got ${scoreIntervalMs}`);
    }
    this.#nextScoreAtSamples = this.#intervalSamples;
  }

  /** True while the block is with the batcher. */
  get waiting(): boolean {
    return this.#waiting;
  }

  /** Samples processed, skipped or declared lost. */
  get streamTimeMs(): number {
    return (this.#positionSamples * 1000) / this.#options.sampleRateHz;
  }

  get lostMs(): number {
    return (this.#lostSamples * 1000) / this.#options.sampleRateHz;
  }

  get sampleRateHz(): number {
    return this.#options.sampleRateHz;
  }

  get steps(): number {
    return this.#steps;
  }

  get decision(): LegDecision {
    return this.#options.decision;
  }

  get frontEnd(): FrontEnd {
    return this.#options.frontEnd;
  }

  /** Appends samples at the detector's rate. Only when `advance` has used up what was there. */
  write(samples: Float32Array, count: number): void {
    // The same few bytes again and again, as long as packets are whole hops: the rest stays untouched.
    if (this.#readAt === this.#writeAt) {
      this.#readAt = 0;
      this.#writeAt = 0;
    }
    if (this.#writeAt + count > this.#samples.length) {
      this.#samples.copyWithin(0, this.#readAt, this.#writeAt);
      this.#writeAt -= this.#readAt;
      this.#readAt = 0;
    }
    const waiting = this.#samples;
    const at = this.#writeAt;
    for (let index = 0; index < count; index++) waiting[at + index] = samples[index]!;
    this.#writeAt = at + count;
  }

  /**
   * Works through the samples until less than a hop is left or a block is full.
   * @returns false when the leg waits for the engine.
   */
  advance(): boolean {
    if (this.#waiting) return false;
    if (!this.#drainFrontEnd()) return false;
    while (this.#writeAt - this.#readAt >= this.#hopSamples) {
      this.#options.frontEnd.pushHop(this.#samples, this.#readAt);
      this.#readAt += this.#hopSamples;
      this.#pass(this.#hopSamples);
      if (!this.#drainFrontEnd()) return false;
    }
    return true;
  }

  /** Audio is missing here. What is left of a hop is passed over, nothing straddles the gap. */
  gap(lostSamples: number): void {
    this.skip(lostSamples);
    this.#lostSamples += lostSamples;
  }

  /** Counts lost samples that were replaced by silence and came through `write`. */
  countConcealed(lostSamples: number): void {
    this.#lostSamples += lostSamples;
  }

  /** Stream time passes without audio (a pause). */
  skip(samples: number): void {
    this.#positionSamples += this.#writeAt - this.#readAt + samples;
    this.#readAt = 0;
    this.#writeAt = 0;
    this.#options.frontEnd.gap();
  }

  /** Gives a score out of turn. */
  scoreNow(): void {
    this.#options.onScoreDue(this);
  }

  /** Forgets the samples not yet processed (a pause for privacy zeroes what it holds). */
  wipe(): void {
    this.skip(0);
    this.#samples.fill(0);
  }

  acceptLogits(logits: Float32Array, offset: number): void {
    const { signature, sampler, decision, onSample } = this.#options;
    const { framesPerStep, outputsPerStep } = signature;
    const framesPerOutput = framesPerStep / outputsPerStep;
    for (let output = 0; output < outputsPerStep; output++) {
      let voiced = 0;
      const first = output * framesPerOutput;
      for (let frame = first; frame < first + framesPerOutput; frame++) {
        const isVoiced = (this.#flags[frame]! & FRAME_VOICED) !== 0;
        if (isVoiced) voiced++;
        sampler.addFrame(this.features, frame, isVoiced);
      }
      decision.evidence.add(logits[offset + output]!, voiced);
      if (sampler.isDue) onSample(sampler.take(decision.evidence.meanLogit));
    }
    this.#steps++;
    this.#waiting = false;
  }

  snapshot(into: SnapshotWriter): void {
    into.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    const rest = this.#samples.slice(this.#readAt, this.#writeAt);
    into.float64(rest.length);
    into.floats(rest);
    into.float64(this.#positionSamples);
    into.float64(this.#lostSamples);
    into.float64(this.#nextScoreAtSamples);
    into.float64(this.#steps);
    into.float64(this.#scorePending ? 1 : 0);
    into.floats(this.state);
    this.#options.frontEnd.snapshot(into);
    this.#options.decision.snapshot(into);
    this.#options.sampler.snapshot(into);
  }

  restore(from: SnapshotReader): void {
    from.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    const rest = new Float32Array(from.float64());
    from.floats(rest);
    this.#readAt = 0;
    this.#writeAt = 0;
    this.write(rest, rest.length);
    this.#positionSamples = from.float64();
    this.#lostSamples = from.float64();
    this.#nextScoreAtSamples = from.float64();
    this.#steps = from.float64();
    this.#scorePending = from.float64() === 1;
    from.floats(this.state);
    this.#options.frontEnd.restore(from);
    this.#options.decision.restore(from);
    this.#options.sampler.restore(from);
  }

  #pass(samples: number): void {
    this.#positionSamples += samples;
    if (this.#positionSamples < this.#nextScoreAtSamples) return;
    this.#nextScoreAtSamples =
      (Math.floor(this.#positionSamples / this.#intervalSamples) + 1) * this.#intervalSamples;
    this.#scorePending = true;
  }

  /** Hands a full block to the batcher, or gives the score that is due after the last step. */
  #drainFrontEnd(): boolean {
    const { frontEnd, signature, batcher } = this.#options;
    if (frontEnd.pendingFrames >= signature.framesPerStep) {
      frontEnd.pull(signature.framesPerStep, this.features, 0, this.#flags);
      this.#waiting = true;
      batcher.enqueue(this);
      return false;
    }
    if (this.#scorePending) {
      this.#scorePending = false;
      this.#options.onScoreDue(this);
    }
    return true;
  }
}
