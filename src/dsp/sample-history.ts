import type { SnapshotReader, Snapshotting, SnapshotWriter } from './snapshot.ts';

const SNAPSHOT_PART = 40;
const SNAPSHOT_VERSION = 1;
/** Hops written before the kept samples are moved to the front of the buffer. */
const SLACK_HOPS = 8;
/** Corner of the high-pass that takes out direct current: far below the voice. */
const DC_CORNER_HZ = 20;
/** Louder samples (a float file, an overshoot of the resampler) are cut here. */
const SAMPLE_LIMIT = 4;
/** Filter memory below this is taken as 0: denormal numbers are slow. */
const DENORMAL_LIMIT = 1e-20;
/** |sample| from which it counts as clipped: 16-bit full scale less one step, and 8-bit codes' top. */
const CLIP_LEVEL = 0.98;

export interface SampleHistoryOptions {
  readonly sampleRateHz: number;
  readonly hopSamples: number;
  /** Samples that must stay readable. */
  readonly keepSamples: number;
  readonly preEmphasis: number;
}

/**
 * The newest samples of a leg, cleaned: what is not a number becomes 0, direct current is removed by
 * `y[n] = x[n] - x[n-1] + r·y[n-1]` with `r = e^(-2π·20 Hz/rate)`, then pre-emphasis
 * `z[n] = y[n] - a·y[n-1]` runs over the stream. Both filters start after a gap as if the first sample
 * had always been there. Allocates at construction only.
 */
export class SampleHistory implements Snapshotting {
  readonly #hopSamples: number;
  readonly #keepSamples: number;
  readonly #preEmphasis: number;
  readonly #dcPole: number;
  readonly #samples: Float32Array;
  #end: number;
  #lastInput = 0;
  #lastOutput = 0;
  #fresh: boolean = true;
  /** Sum of squares of the newest hop, without direct current, before pre-emphasis. */
  hopEnergy = 0;
  /** Sum of fourth powers of the newest hop, likewise. */
  hopFourthPower = 0;
  /** Samples at full scale in the newest hop. */
  hopClipped = 0;

  constructor(options: SampleHistoryOptions) {
    this.#hopSamples = options.hopSamples;
    this.#keepSamples = options.keepSamples;
    this.#preEmphasis = options.preEmphasis;
    this.#dcPole = Math.exp((-2 * Math.PI * DC_CORNER_HZ) / options.sampleRateHz);
    this.#samples = new Float32Array(options.keepSamples + SLACK_HOPS * options.hopSamples);
    this.#end = options.keepSamples;
  }

  /** The cleaned samples; the newest one is at `end - 1`, `keepSamples` before it are readable. */
  get samples(): Float32Array {
    return this.#samples;
  }

  get end(): number {
    return this.#end;
  }

  /** Takes one hop from `input[offset]` on. */
  push(input: Float32Array, offset: number): void {
    const samples = this.#samples;
    const hop = this.#hopSamples;
    if (this.#end + hop > samples.length) {
      samples.copyWithin(0, this.#end - this.#keepSamples, this.#end);
      this.#end = this.#keepSamples;
    }
    if (this.#fresh) {
      this.#fresh = false;
      this.#lastInput = clean(input[offset]!);
    }
    const pole = this.#dcPole;
    const preEmphasis = this.#preEmphasis;
    let lastInput = this.#lastInput;
    let lastOutput = this.#lastOutput;
    let energy = 0;
    let fourthPower = 0;
    let clipped = 0;
    let at = this.#end;
    const last = offset + hop;
    for (let index = offset; index < last; index++) {
      let value = input[index]!;
      // Written so that what is not a number takes the rare way too.
      if (!(Math.abs(value) < CLIP_LEVEL)) {
        value = clean(value);
        if (Math.abs(value) >= CLIP_LEVEL) clipped++;
      }
      const output = value - lastInput + pole * lastOutput;
      samples[at++] = output - preEmphasis * lastOutput;
      const square = output * output;
      energy += square;
      fourthPower += square * square;
      lastInput = value;
      lastOutput = output;
    }
    // Once a hop is enough: within one the filter falls by a factor of 4 at most.
    if (Math.abs(lastOutput) < DENORMAL_LIMIT) lastOutput = 0;
    this.#end = at;
    this.#lastInput = lastInput;
    this.#lastOutput = lastOutput;
    this.hopEnergy = energy;
    this.hopFourthPower = fourthPower;
    this.hopClipped = clipped;
  }

  /** Starts anew, as after construction. */
  clear(): void {
    this.#samples.fill(0, 0, this.#end);
    this.#end = this.#keepSamples;
    this.#lastInput = 0;
    this.#lastOutput = 0;
    this.#fresh = true;
  }

  snapshot(into: SnapshotWriter): void {
    into.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    into.floats(this.#samples.slice(this.#end - this.#keepSamples, this.#end));
    into.float64(this.#lastInput);
    into.float64(this.#lastOutput);
    into.float64(this.#fresh ? 1 : 0);
  }

  restore(from: SnapshotReader): void {
    from.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    from.floats(this.#samples.subarray(0, this.#keepSamples));
    this.#end = this.#keepSamples;
    this.#lastInput = from.float64();
    this.#lastOutput = from.float64();
    this.#fresh = from.float64() === 1;
  }
}

/** The sample within ±4; what is not a number becomes 0. */
function clean(value: number): number {
  if (value > SAMPLE_LIMIT) return SAMPLE_LIMIT;
  if (value < -SAMPLE_LIMIT) return -SAMPLE_LIMIT;
  return Number.isNaN(value) ? 0 : value;
}
