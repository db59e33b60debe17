import { allocate } from './memory';
import { storeTransposed } from './vectors';

/** Points of the complex transform: half the size of the real one. */
let points: i32 = 0;
/** The samples of the real block. */
let block: usize = 0;
/** A factor a sample. */
let window: usize = 0;
/** Even samples, then odd ones: the real and imaginary parts of what is transformed. */
let input: usize = 0;
/** Two buffers that the passes read and write by turns: real parts, then imaginary ones. */
let first: usize = 0;
let second: usize = 0;
/** Four butterflies of the first pass before they are transposed, laid out like a buffer. */
let untransposed: usize = 0;
/** Six vectors for every four k: cos and -sin of 2πk/points, of 2k, of 3k, which turn a butterfly's outputs. */
let turns: usize = 0;
/** The six numbers of one k, a vector each. */
let splats: usize = 0;
/** cos, then sin, of 2πk/(2·points), k from 1 on. */
let halves: usize = 0;
let power: usize = 0;

const TURNS: usize = 6;

/** Takes the size of the real transform, a power of two >= 32. Call once. */
export function configureSpectrum(fftSize: i32): void {
  points = fftSize >> 1;
  block = allocate(2 * points);
  window = allocate(2 * points);
  input = allocate(2 * points);
  first = allocate(2 * points);
  second = allocate(2 * points);
  untransposed = allocate(2 * points);
  turns = allocate(<i32>TURNS * (points >> 2));
  splats = allocate(<i32>TURNS * 4);
  halves = allocate(2 * (points >> 1));
  power = allocate(points + 1);
}

/** Address of the samples of the real block. */
export function blockAt(): usize {
  return block;
}

/** Address of a factor a sample. */
export function windowAt(): usize {
  return window;
}

/** Address of the turns: for every four k six vectors, see above; points/4 values of k. */
export function turnsAt(): usize {
  return turns;
}

/** Address of two tables of points/2: cos and sin of πk/points for k = 1 …. */
export function halvesAt(): usize {
  return halves;
}

/** Address of the points + 1 bins of the power spectrum, zeros behind them. */
export function powerAt(): usize {
  return power;
}

/**
 * Power spectrum of the real block times the window, both of which it leaves as they are: a complex transform of half
 * the size (Stockham's, radix 4 with a last pass of radix 2 where needed: Van Loan, Computational
 * Frameworks for the FFT, 1992), taken apart into that of the real block.
 */
export function computePower(): void {
  split();
  firstPass();
  let from = first;
  let to = second;
  let stride: i32 = 4;
  let left: i32 = points >> 2;
  while (left > 1) {
    if (left == 2) lastPassOfTwo(from, to);
    else pass(stride, from, to);
    stride <<= 2;
    left >>= 2;
    const read = from;
    from = to;
    to = read;
  }
  takeApart(from);
}

/** The block times the window, even samples apart from odd ones. */
function split(): void {
  const bytes = <usize>points * 4;
  for (let at: usize = 0; at < bytes; at += 16) {
    const from = block + 2 * at;
    const factors = window + 2 * at;
    const early = f32x4.mul(v128.load(from), v128.load(factors));
    const late = f32x4.mul(v128.load(from + 16), v128.load(factors + 16));
    v128.store(input + at, v128.shuffle<f32>(early, late, 0, 2, 4, 6));
    v128.store(input + at + bytes, v128.shuffle<f32>(early, late, 1, 3, 5, 7));
  }
}

/** The pass of stride 1: four butterflies side by side, their outputs transposed. */
function firstPass(): void {
  const quarter = <usize>points; // bytes of a quarter of the points
  const imaginary = quarter * 4;
  for (let at: usize = 0; at < quarter; at += 16) {
    butterflies(input + at, untransposed, 16, turns + at * TURNS);
    storeTransposed(first + 4 * at, untransposed);
    storeTransposed(first + 4 * at + imaginary, untransposed + imaginary);
  }
}

/** A pass of radix 4 with a stride of at least 4: four neighbours of a butterfly side by side. */
function pass(stride: i32, from: usize, to: usize): void {
  const quarter = <usize>points;
  const step = <usize>stride * 4; // bytes
  let out = to;
  for (let group: usize = 0; group < quarter; group += step) {
    for (let turn: usize = 0; turn < TURNS * 16; turn += 16) {
      v128.store(splats + turn, v128.load32_splat(turns + group * TURNS + turn));
    }
    const end = group + step;
    for (let at = group; at < end; at += 16) {
      butterflies(from + at, out, step, splats);
      out += 16;
    }
    out += 3 * step;
  }
}

/**
 * Four butterflies of radix 4: their inputs lie a quarter of the points apart, their outputs `step`
 * bytes, and they are turned by the six vectors at `turn`.
 */
// @ts-ignore: decorator
@inline
function butterflies(from: usize, to: usize, step: usize, turn: usize): void {
  const quarter = <usize>points;
  const imaginary = quarter * 4;
  const aReal = v128.load(from);
  const bReal = v128.load(from + quarter);
  const cReal = v128.load(from + 2 * quarter);
  const dReal = v128.load(from + 3 * quarter);
  const aImaginary = v128.load(from + imaginary);
  const bImaginary = v128.load(from + imaginary + quarter);
  const cImaginary = v128.load(from + imaginary + 2 * quarter);
  const dImaginary = v128.load(from + imaginary + 3 * quarter);

  const acReal = f32x4.add(aReal, cReal);
  const acImaginary = f32x4.add(aImaginary, cImaginary);
  const bdReal = f32x4.add(bReal, dReal);
  const bdImaginary = f32x4.add(bImaginary, dImaginary);
  const acLessReal = f32x4.sub(aReal, cReal);
  const acLessImaginary = f32x4.sub(aImaginary, cImaginary);
  const bdLessReal = f32x4.sub(bReal, dReal);
  const bdLessImaginary = f32x4.sub(bImaginary, dImaginary);

  v128.store(to, f32x4.add(acReal, bdReal));
  v128.store(to + imaginary, f32x4.add(acImaginary, bdImaginary));
  storeTurned(
    to + step,
    f32x4.add(acLessReal, bdLessImaginary),
    f32x4.sub(acLessImaginary, bdLessReal),
    turn,
  );
  storeTurned(
    to + 2 * step,
    f32x4.sub(acReal, bdReal),
    f32x4.sub(acImaginary, bdImaginary),
    turn + 32,
  );
  storeTurned(
    to + 3 * step,
    f32x4.sub(acLessReal, bdLessImaginary),
    f32x4.add(acLessImaginary, bdLessReal),
    turn + 64,
  );
}

/** Stores four numbers multiplied by those whose real and imaginary parts lie at `turn`. */
// @ts-ignore: decorator
@inline
function storeTurned(to: usize, real: v128, imaginary: v128, turn: usize): void {
  const cosine = v128.load(turn);
  const sine = v128.load(turn + 16);
  v128.store(to, f32x4.sub(f32x4.mul(real, cosine), f32x4.mul(imaginary, sine)));
  v128.store(
    to + <usize>points * 4,
    f32x4.add(f32x4.mul(real, sine), f32x4.mul(imaginary, cosine)),
  );
}

/** The last pass when the points are no power of four. */
function lastPassOfTwo(from: usize, to: usize): void {
  const half = <usize>points * 2; // bytes
  // Real parts, then imaginary ones, in the same way.
  for (let part: usize = 0; part <= 2 * half; part += 2 * half) {
    for (let at = part; at < part + half; at += 16) {
      const a = v128.load(from + at);
      const b = v128.load(from + at + half);
      v128.store(to + at, f32x4.add(a, b));
      v128.store(to + at + half, f32x4.sub(a, b));
    }
  }
}

/** The power of bin k and of its mirror image from the same two points of the half transform. */
function takeApart(real: usize): void {
  const bytes = <usize>points * 4;
  const imaginary = real + bytes;
  const sines = halves + (bytes >> 1);
  const first = load<f32>(real) + load<f32>(imaginary);
  const nyquist = load<f32>(real) - load<f32>(imaginary);
  store<f32>(power, first * first);
  store<f32>(power + bytes, nyquist * nyquist);
  const one = f32x4.splat(0.5);
  const half = bytes >> 1;
  for (let at: usize = 0; at < half; at += 16) {
    const low = at + 4;
    const high = bytes - at - 16;
    const lowReal = v128.load(real + low);
    const lowImaginary = v128.load(imaginary + low);
    const highReal = reversed(v128.load(real + high));
    const highImaginary = reversed(v128.load(imaginary + high));
    const evenReal = f32x4.mul(one, f32x4.add(lowReal, highReal));
    const evenImaginary = f32x4.mul(one, f32x4.sub(lowImaginary, highImaginary));
    const oddReal = f32x4.mul(one, f32x4.add(lowImaginary, highImaginary));
    const oddImaginary = f32x4.mul(one, f32x4.sub(highReal, lowReal));
    const cosine = v128.load(halves + at);
    const sine = v128.load(sines + at);
    const turnedRe = f32x4.add(f32x4.mul(cosine, oddReal), f32x4.mul(sine, oddImaginary));
    const turnedIm = f32x4.sub(f32x4.mul(cosine, oddImaginary), f32x4.mul(sine, oddReal));
    const highPower = squared(f32x4.sub(evenReal, turnedRe), f32x4.sub(evenImaginary, turnedIm));
    v128.store(power + high, reversed(highPower));
    v128.store(
      power + low,
      squared(f32x4.add(evenReal, turnedRe), f32x4.add(evenImaginary, turnedIm)),
    );
  }
}

// @ts-ignore: decorator
@inline
function squared(real: v128, imaginary: v128): v128 {
  return f32x4.add(f32x4.mul(real, real), f32x4.mul(imaginary, imaginary));
}

// @ts-ignore: decorator
@inline
function reversed(values: v128): v128 {
  return v128.shuffle<f32>(values, values, 3, 2, 1, 0);
}
