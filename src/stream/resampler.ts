import type { SnapshotReader, Snapshotting, SnapshotWriter } from '../dsp/snapshot.ts';
import { type ResamplerDesign, resamplerDesign } from './resampler-design.ts';

export interface ResamplerOptions {
  /** Integer in 4,000–192,000. */
  readonly inputRateHz: number;
  readonly outputRateHz: number;
}

/** Input samples taken up at a time; larger inputs are worked through in pieces of this size. */
const BLOCK_SAMPLES = 1_024;
const SNAPSHOT_PART = 31;
const SNAPSHOT_VERSION = 1;

/**
 * Streaming sample-rate converter of one channel: polyphase windowed sinc, flat within 0.1 dB to
 * 0.9 of the lower Nyquist frequency, at least 60 dB down from 1.1 of it. The output does not
 * depend, to the bit, on how the input is cut up. Equal rates pass through unchanged.
 *
 * Output sample n belongs to the time (n − `latencySamples`) / `outputRateHz`: the stream begins
 * with the filter's ramp over silence.
 */
export class Resampler implements Snapshotting {
  readonly inputRateHz: number;
  readonly outputRateHz: number;
  /** Delay of the output in output samples: 0 for equal rates, else e.g. 23 for 16 to 8 kHz. */
  readonly latencySamples: number;
  readonly #design: ResamplerDesign;
  /** The last `taps − 1` input samples, then room for a block. Doubles: no conversion when read. */
  readonly #input: Float64Array;
  readonly #tail: Float32Array;
  readonly #pair = new Float64Array(2);
  /** Of the next output sample: its phase, and how many input samples must come before it. */
  #phase = 0;
  #skip = 0;

  /** @throws RangeError for rates that are out of range or have no small common ratio */
  constructor(options: ResamplerOptions) {
    this.#design = resamplerDesign(options.inputRateHz, options.outputRateHz);
    this.inputRateHz = options.inputRateHz;
    this.outputRateHz = options.outputRateHz;
    this.latencySamples = this.#design.latencySamples;
    this.#input = new Float64Array(this.#design.taps - 1 + BLOCK_SAMPLES);
    this.#tail = new Float32Array(this.#design.taps - 1);
  }

  /** Most output samples that `process` gives for `inputSamples`, in whatever state. */
  maxOutputSamples(inputSamples: number): number {
    return Math.ceil((inputSamples * this.#design.up) / this.#design.down) + 1;
  }

  /**
   * Takes the first `count` samples of `input` and writes the samples that are ready to `output`.
   * @returns how many were written, at most `maxOutputSamples(count)`. Allocates: no.
   * @throws RangeError when `output` is too short, before anything was taken
   */
  process(input: Float32Array, count: number, output: Float32Array): number {
    const { up, down, taps } = this.#design;
    if (up === down) {
      requireRoom(count, output);
      for (let index = 0; index < count; index += 1) output[index] = input[index]!;
      return count;
    }
    requireRoom(this.#readySamples(count), output);
    let written = 0;
    for (let start = 0; start < count; start += BLOCK_SAMPLES) {
      const blockSamples = Math.min(BLOCK_SAMPLES, count - start);
      const buffer = this.#input;
      for (let index = 0; index < blockSamples; index += 1) {
        buffer[taps - 1 + index] = input[start + index]!;
      }
      written = this.#convert(blockSamples, output, written);
      buffer.copyWithin(0, blockSamples, blockSamples + taps - 1);
    }
    return written;
  }

  /** Back to the state after construction. */
  reset(): void {
    this.#input.fill(0);
    this.#phase = 0;
    this.#skip = 0;
  }

  snapshot(into: SnapshotWriter): void {
    into.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    into.float64(this.inputRateHz);
    into.float64(this.outputRateHz);
    into.float64(this.#phase);
    into.float64(this.#skip);
    this.#tail.set(this.#input.subarray(0, this.#tail.length));
    into.floats(this.#tail);
  }

  /** @throws RangeError when the snapshot is of other rates */
  restore(from: SnapshotReader): void {
    from.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    const inputRateHz = from.float64();
    const outputRateHz = from.float64();
    if (inputRateHz !== this.inputRateHz || outputRateHz !== this.outputRateHz) {
      throw new RangeError(
        `snapshot must be of ${this.inputRateHz} to ${this.outputRateHz} Hz, got ${inputRateHz} to ${outputRateHz}`,
      );
    }
    this.#phase = from.float64();
    this.#skip = from.float64();
    from.floats(this.#tail);
    this.#input.set(this.#tail);
  }

  /** Output samples that `count` more input samples complete. */
  #readySamples(count: number): number {
    const { up, down } = this.#design;
    const ready = ((count - this.#skip) * up - this.#phase) / down;
    return Math.max(0, Math.ceil(ready));
  }

  #convert(blockSamples: number, output: Float32Array, written: number): number {
    const { up, down, rows, starts, halfBand } = this.#design;
    if (halfBand !== undefined) return this.#halve(halfBand, blockSamples, output, written);
    const wholeStep = Math.floor(down / up);
    const phaseStep = down % up;
    let phase = this.#phase;
    let newest = this.#skip;
    let position = written;
    while (newest < blockSamples) {
      // The first of the `taps` input samples of this output lies at `newest` in the buffer.
      output[position] = dot(rows[phase]!, this.#input, newest + starts[phase]!);
      position += 1;
      newest += wholeStep;
      phase += phaseStep;
      if (phase >= up) {
        phase -= up;
        newest += 1;
      }
    }
    this.#phase = phase;
    this.#skip = newest - blockSamples;
    return position;
  }

  /** The ratio 1:2, in half the time of the general case and with half the coefficients. */
  #halve(side: Float64Array, blockSamples: number, output: Float32Array, written: number): number {
    const half = (this.#design.taps - 1) >> 1;
    let newest = this.#skip;
    let position = written;
    for (; newest + 2 < blockSamples; newest += 4, position += 2) {
      halfBandPair(side, this.#input, newest + half, this.#pair);
      output[position] = this.#pair[0]!;
      output[position + 1] = this.#pair[1]!;
    }
    for (; newest < blockSamples; newest += 2, position += 1) {
      output[position] = halfBandDot(side, this.#input, newest + half);
    }
    this.#skip = newest - blockSamples;
    return position;
  }
}

/** Four running sums: the multiplications of one need not wait for those of another. */
function dot(row: Float64Array, buffer: Float64Array, start: number): number {
  const taps = row.length;
  const whole = taps & ~3;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let at = start;
  let tap = 0;
  for (; tap < whole; tap += 4, at += 4) {
    a += row[tap]! * buffer[at]!;
    b += row[tap + 1]! * buffer[at + 1]!;
    c += row[tap + 2]! * buffer[at + 2]!;
    d += row[tap + 3]! * buffer[at + 3]!;
  }
  for (; tap < taps; tap += 1, at += 1) a += row[tap]! * buffer[at]!;
  return a + b + (c + d);
}

function halfBandDot(side: Float64Array, buffer: Float64Array, centre: number): number {
  let sum = side[0]! * buffer[centre]!;
  for (let index = 1, away = 1; index < side.length; index += 1, away += 2) {
    sum += side[index]! * (buffer[centre - away]! + buffer[centre + away]!);
  }
  return sum;
}

/**
 * Two neighbouring outputs of `halfBandDot`, to the bit, at `centre` and two samples later. What
 * one has read on the one side, the other needs next on the other: half the reads.
 */
function halfBandPair(
  side: Float64Array,
  buffer: Float64Array,
  centre: number,
  output: Float64Array,
): void {
  let first = side[0]! * buffer[centre]!;
  let second = side[0]! * buffer[centre + 2]!;
  let left = buffer[centre + 1]!;
  let right = left;
  for (let index = 1, away = 1; index < side.length; index += 1, away += 2) {
    const coefficient = side[index]!;
    const furtherLeft = buffer[centre - away]!;
    const furtherRight = buffer[centre + 2 + away]!;
    first += coefficient * (furtherLeft + right);
    second += coefficient * (left + furtherRight);
    left = furtherLeft;
    right = furtherRight;
  }
  output[0] = first;
  output[1] = second;
}

function requireRoom(samples: number, output: Float32Array): void {
  if (samples > output.length) {
    throw new RangeError(`output must hold ${samples} samples, got ${output.length}`);
  }
}

/** A resampler between two rates. @throws RangeError as the constructor */
export function createResampler(inputRateHz: number, outputRateHz: number): Resampler {
  return new Resampler({ inputRateHz, outputRateHz });
}

/**
 * A whole recording at another rate, aligned with the input (the latency is taken off) and
 * `ceil(length × output / input)` samples long. The same numbers as the stream gives, later.
 * Allocates.
 */
export function resampleRecording(input: Float32Array, options: ResamplerOptions): Float32Array {
  const resampler = new Resampler(options);
  const wanted = Math.ceil((input.length * options.outputRateHz) / options.inputRateHz);
  const latency = resampler.latencySamples;
  // Silence after the end until the filter has given out the last sample.
  const silence = Math.ceil((latency * options.inputRateHz) / options.outputRateHz) + 1;
  const output = new Float32Array(resampler.maxOutputSamples(input.length + silence) + 1);
  const ready = resampler.process(input, input.length, output);
  resampler.process(new Float32Array(silence), silence, output.subarray(ready));
  return output.subarray(latency, latency + wanted);
}

/**
 * `resampleRecording` of a recording that comes in pieces: their outputs, one behind the other, are the
 * same numbers, to the bit. Allocates each.
 */
export class PieceResampler {
  readonly #resampler: Resampler;
  /** Of the output: what belongs to the silence before the recording. */
  #latency: number;
  #inputSamples = 0;
  #outputSamples = 0;

  /** @throws RangeError as the constructor of `Resampler` */
  constructor(options: ResamplerOptions) {
    this.#resampler = new Resampler(options);
    this.#latency = this.#resampler.latencySamples;
  }

  push(input: Float32Array): Float32Array {
    this.#inputSamples += input.length;
    const output = this.#process(input);
    this.#outputSamples += output.length;
    return output;
  }

  /** What is left once the recording is over. */
  end(): Float32Array {
    const { inputRateHz, outputRateHz, latencySamples } = this.#resampler;
    const wanted = Math.ceil((this.#inputSamples * outputRateHz) / inputRateHz);
    const silence = Math.ceil((latencySamples * inputRateHz) / outputRateHz) + 1;
    return this.#process(new Float32Array(silence)).subarray(0, wanted - this.#outputSamples);
  }

  #process(input: Float32Array): Float32Array {
    const output = new Float32Array(this.#resampler.maxOutputSamples(input.length));
    const ready = this.#resampler.process(input, input.length, output);
    const skipped = Math.min(this.#latency, ready);
    this.#latency -= skipped;
    return output.subarray(skipped, ready);
  }
}
