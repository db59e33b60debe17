/** Filters of the polyphase resampler, designed once per ratio and shared by all instances. */
export interface ResamplerDesign {
  /** Interpolation and decimation factor: output rate / input rate = up / down, reduced. */
  readonly up: number;
  readonly down: number;
  /** Input samples that one output sample looks at: the longest row of any phase. */
  readonly taps: number;
  /**
   * One row of coefficients per phase, for input samples oldest first, without the zeros at its
   * ends: `rows[p][0]` meets the `starts[p]`-th of the `taps` samples.
   */
  readonly rows: readonly Float64Array[];
  readonly starts: readonly number[];
  /** Delay of the filter in output samples: an integer. */
  readonly latencySamples: number;
  /**
   * For the ratio 1:2 only: the coefficient of the centre input sample, then those of the samples
   * 1, 3, 5, … away from it. The others are zero (half-band filter), and both sides are equal.
   */
  readonly halfBand: Float64Array | undefined;
}

/** Attenuation of the Kaiser window in dB; 10 dB above what the tests ask for. */
const ATTENUATION_DB = 70;
/** Half of the transition band as a share of the lower Nyquist frequency: flat to 0.9, gone at 1.1. */
const HALF_TRANSITION = 0.1;
const MAX_FACTOR = 1_024;

const designs = new Map<string, ResamplerDesign>();

/**
 * The design for a pair of rates. Windowed sinc (Kaiser; Oppenheim & Schafer, Discrete-Time Signal
 * Processing, 7.5.3) with its −6-dB point at the lower of the two Nyquist frequencies.
 * @throws RangeError for rates outside 4,000–192,000 Hz or without a small common ratio
 */
export function resamplerDesign(inputRateHz: number, outputRateHz: number): ResamplerDesign {
  checkRate('inputRateHz', inputRateHz);
  checkRate('outputRateHz', outputRateHz);
  const divisor = greatestCommonDivisor(inputRateHz, outputRateHz);
  const up = outputRateHz / divisor;
  const down = inputRateHz / divisor;
  if (Math.max(up, down) > MAX_FACTOR) {
    throw new RangeError(
      `rates must have a ratio of integers <= ${MAX_FACTOR}, got ${inputRateHz} to ${outputRateHz}`,
    );
  }
  const key = `${up}/${down}`;
  let design = designs.get(key);
  if (design === undefined) {
    design = up === down ? IDENTITY : createDesign(up, down);
    designs.set(key, design);
  }
  return design;
}

const IDENTITY: ResamplerDesign = {
  up: 1,
  down: 1,
  taps: 1,
  rows: [Float64Array.of(1)],
  starts: [0],
  latencySamples: 0,
  halfBand: undefined,
};

function createDesign(up: number, down: number): ResamplerDesign {
  // All frequencies relative to the common rate (input rate × up = output rate × down).
  const cutoff = 0.5 / Math.max(up, down);
  const transitionRadians = 2 * Math.PI * 2 * HALF_TRANSITION * cutoff;
  const order = (ATTENUATION_DB - 7.95) / (2.285 * transitionRadians);
  // The delay is a whole number of output samples, so that outputs can be aligned to inputs.
  const latencySamples = Math.ceil(order / 2 / down);
  const centre = latencySamples * down;
  const prototype = kaiserSinc(centre, cutoff, up);
  const taps = Math.ceil(prototype.length / up);
  const full = Array.from({ length: up }, (_, phase) => phaseRow(prototype, phase, up, taps));
  const halfBand = up === 1 && down === 2 ? halfBandSide(full[0]!, centre) : undefined;
  const starts = full.map((row) => row.findIndex(isNotZero));
  const rows = full.map((row, phase) =>
    row.slice(starts[phase]!, row.findLastIndex(isNotZero) + 1),
  );
  return { up, down, taps, rows, starts, latencySamples, halfBand };
}

/** `2 × centre + 1` coefficients, symmetric, of sum `gain`. */
function kaiserSinc(centre: number, cutoff: number, gain: number): Float64Array {
  const beta = 0.1102 * (ATTENUATION_DB - 8.7);
  const filter = new Float64Array(2 * centre + 1);
  for (let index = 0; index <= centre; index += 1) {
    const offset = index - centre;
    const argument = 2 * Math.PI * cutoff * offset;
    const sinc = offset === 0 ? 1 : Math.sin(argument) / argument;
    const window = besselI0(beta * Math.sqrt(1 - (offset / centre) ** 2)) / besselI0(beta);
    const value = 2 * cutoff * gain * sinc * window;
    filter[index] = value;
    filter[2 * centre - index] = value;
  }
  return filter;
}

/**
 * The coefficients that meet an input sample in one phase, turned round (the oldest input first)
 * and set to the sum 1: every phase passes a constant unchanged.
 */
function phaseRow(prototype: Float64Array, phase: number, up: number, taps: number): Float64Array {
  const row = new Float64Array(taps);
  let sum = 0;
  for (let tap = 0; tap < taps; tap += 1) {
    const value = prototype[phase + tap * up] ?? 0;
    row[taps - 1 - tap] = value;
    sum += value;
  }
  return row.map((value) => value / sum);
}

/** The zeros of a sinc come out as 1e-17 or so. */
function isNotZero(coefficient: number): boolean {
  return Math.abs(coefficient) > 1e-14;
}

/** The centre coefficient, then one side's from the centre outwards. */
function halfBandSide(row: Float64Array, centre: number): Float64Array {
  const side = new Float64Array(1 + Math.ceil(centre / 2));
  side[0] = row[centre]!;
  for (let index = 1; index < side.length; index += 1) side[index] = row[centre + 2 * index - 1]!;
  return side;
}

/** Modified Bessel function of the first kind, order 0, by its power series. */
function besselI0(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > 1e-17 * sum; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

function checkRate(name: string, rateHz: number): void {
  if (!(Number.isInteger(rateHz) && rateHz >= 4_000 && rateHz <= 192_000)) {
    throw new RangeError(`${name} must be an integer in 4000-192000, got ${rateHz}`);
  }
}
