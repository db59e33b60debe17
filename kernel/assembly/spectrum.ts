import { allocate } from './memory';
import { storeTransposed } from './vectors';

/** Points of the complex transform: half the size of the real one. */
let points: i32 = 0;
let even: usize = 0;
let odd: usize = 0;
/** Two buffers that the passes of the transform read and write by turns: real parts, imaginary parts. */
let firstReal: usize = 0;
let firstImaginary: usize = 0;
let secondReal: usize = 0;
let secondImaginary: usize = 0;
/** cos and -sin of 2πk/points for k, 2k and 3k: what the outputs of a butterfly are turned by. */
let turns: usize = 0;
/** cos, then sin, of 2πk/(2·points), k from 1 on. */
let halves: usize = 0;
let power: usize = 0;

/** Takes the size of the real transform, a power of two >= 32. Call once. */
export function configureSpectrum(fftSize: i32): void {
  points = fftSize >> 1;
  even = allocate(points);
  odd = allocate(points);
  firstReal = allocate(points);
  firstImaginary = allocate(points);
  secondReal = allocate(points);
  secondImaginary = allocate(points);
  turns = allocate(6 * (points >> 2));
  halves = allocate(2 * (points >> 1));
  power = allocate(points + 1);
}

/** Address of the even samples; the odd ones' is `oddAt`. */
export function evenAt(): usize {
  return even;
}

export function oddAt(): usize {
  return odd;
}

/** Address of six tables of points/4: cos and -sin of 2πk/points, of 2k, of 3k. */
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
 * Power spectrum of the real block whose samples lie in `even` and `odd`, which it leaves as they are:
 * a complex transform of half the size (Stockham's, radix 4 with a last pass of radix 2 where needed:
 * Van Loan, Computational Frameworks for the FFT, 1992), taken apart into that of the real block.
 */
export function computePower(): void {
  firstPass();
  let fromReal = firstReal;
  let fromImaginary = firstImaginary;
  let toReal = secondReal;
  let toImaginary = secondImaginary;
  let stride: i32 = 4;
  let left: i32 = points >> 2;
  while (left > 1) {
    if (left == 2) lastPassOfTwo(fromReal, fromImaginary, toReal, toImaginary);
    else pass(stride, fromReal, fromImaginary, toReal, toImaginary);
    stride <<= 2;
    left >>= 2;
    const real = fromReal;
    const imaginary = fromImaginary;
    fromReal = toReal;
    fromImaginary = toImaginary;
    toReal = real;
    toImaginary = imaginary;
  }
  takeApart(fromReal, fromImaginary);
}

/** The pass of stride 1: four butterflies side by side, their outputs transposed. */
function firstPass(): void {
  const quarter = <usize>points; // bytes of a quarter of the points
  const table = quarter;
  for (let at: usize = 0; at < quarter; at += 16) {
    const aReal = v128.load(even + at);
    const bReal = v128.load(even + at + quarter);
    const cReal = v128.load(even + at + 2 * quarter);
    const dReal = v128.load(even + at + 3 * quarter);
    const aImaginary = v128.load(odd + at);
    const bImaginary = v128.load(odd + at + quarter);
    const cImaginary = v128.load(odd + at + 2 * quarter);
    const dImaginary = v128.load(odd + at + 3 * quarter);

    const acReal = f32x4.add(aReal, cReal);
    const acImaginary = f32x4.add(aImaginary, cImaginary);
    const bdReal = f32x4.add(bReal, dReal);
    const bdImaginary = f32x4.add(bImaginary, dImaginary);
    const acLessReal = f32x4.sub(aReal, cReal);
    const acLessImaginary = f32x4.sub(aImaginary, cImaginary);
    const bdLessReal = f32x4.sub(bReal, dReal);
    const bdLessImaginary = f32x4.sub(bImaginary, dImaginary);

    const real1 = f32x4.add(acLessReal, bdLessImaginary);
    const imaginary1 = f32x4.sub(acLessImaginary, bdLessReal);
    const real2 = f32x4.sub(acReal, bdReal);
    const imaginary2 = f32x4.sub(acImaginary, bdImaginary);
    const real3 = f32x4.sub(acLessReal, bdLessImaginary);
    const imaginary3 = f32x4.add(acLessImaginary, bdLessReal);

    const turn = turns + at;
    const cosine1 = v128.load(turn);
    const sine1 = v128.load(turn + table);
    const cosine2 = v128.load(turn + 2 * table);
    const sine2 = v128.load(turn + 3 * table);
    const cosine3 = v128.load(turn + 4 * table);
    const sine3 = v128.load(turn + 5 * table);
    storeTransposed(
      firstReal + 4 * at,
      f32x4.add(acReal, bdReal),
      turnedReal(real1, imaginary1, cosine1, sine1),
      turnedReal(real2, imaginary2, cosine2, sine2),
      turnedReal(real3, imaginary3, cosine3, sine3),
    );
    storeTransposed(
      firstImaginary + 4 * at,
      f32x4.add(acImaginary, bdImaginary),
      turnedImaginary(real1, imaginary1, cosine1, sine1),
      turnedImaginary(real2, imaginary2, cosine2, sine2),
      turnedImaginary(real3, imaginary3, cosine3, sine3),
    );
  }
}

/** A pass of radix 4 with a stride of at least 4: four neighbours of a butterfly side by side. */
function pass(
  stride: i32,
  fromReal: usize,
  fromImaginary: usize,
  toReal: usize,
  toImaginary: usize,
): void {
  const quarter = <usize>points;
  const step = <usize>stride * 4; // bytes
  const table = quarter;
  let to: usize = 0;
  for (let group: usize = 0; group < quarter; group += step) {
    const turn = turns + group;
    const cosine1 = v128.load32_splat(turn);
    const sine1 = v128.load32_splat(turn + table);
    const cosine2 = v128.load32_splat(turn + 2 * table);
    const sine2 = v128.load32_splat(turn + 3 * table);
    const cosine3 = v128.load32_splat(turn + 4 * table);
    const sine3 = v128.load32_splat(turn + 5 * table);
    const end = group + step;
    for (let at = group; at < end; at += 16) {
      const real = fromReal + at;
      const imaginary = fromImaginary + at;
      const aReal = v128.load(real);
      const bReal = v128.load(real + quarter);
      const cReal = v128.load(real + 2 * quarter);
      const dReal = v128.load(real + 3 * quarter);
      const aImaginary = v128.load(imaginary);
      const bImaginary = v128.load(imaginary + quarter);
      const cImaginary = v128.load(imaginary + 2 * quarter);
      const dImaginary = v128.load(imaginary + 3 * quarter);

      const acReal = f32x4.add(aReal, cReal);
      const acImaginary = f32x4.add(aImaginary, cImaginary);
      const bdReal = f32x4.add(bReal, dReal);
      const bdImaginary = f32x4.add(bImaginary, dImaginary);
      const acLessReal = f32x4.sub(aReal, cReal);
      const acLessImaginary = f32x4.sub(aImaginary, cImaginary);
      const bdLessReal = f32x4.sub(bReal, dReal);
      const bdLessImaginary = f32x4.sub(bImaginary, dImaginary);

      const real1 = f32x4.add(acLessReal, bdLessImaginary);
      const imaginary1 = f32x4.sub(acLessImaginary, bdLessReal);
      const real2 = f32x4.sub(acReal, bdReal);
      const imaginary2 = f32x4.sub(acImaginary, bdImaginary);
      const real3 = f32x4.sub(acLessReal, bdLessImaginary);
      const imaginary3 = f32x4.add(acLessImaginary, bdLessReal);

      const outReal = toReal + to;
      const outImaginary = toImaginary + to;
      v128.store(outReal, f32x4.add(acReal, bdReal));
      v128.store(outImaginary, f32x4.add(acImaginary, bdImaginary));
      v128.store(outReal + step, turnedReal(real1, imaginary1, cosine1, sine1));
      v128.store(outImaginary + step, turnedImaginary(real1, imaginary1, cosine1, sine1));
      v128.store(outReal + 2 * step, turnedReal(real2, imaginary2, cosine2, sine2));
      v128.store(outImaginary + 2 * step, turnedImaginary(real2, imaginary2, cosine2, sine2));
      v128.store(outReal + 3 * step, turnedReal(real3, imaginary3, cosine3, sine3));
      v128.store(outImaginary + 3 * step, turnedImaginary(real3, imaginary3, cosine3, sine3));
      to += 16;
    }
    to += 3 * step;
  }
}

/** The last pass when the points are no power of four. */
function lastPassOfTwo(
  fromReal: usize,
  fromImaginary: usize,
  toReal: usize,
  toImaginary: usize,
): void {
  const half = <usize>points * 2; // bytes
  for (let at: usize = 0; at < half; at += 16) {
    const aReal = v128.load(fromReal + at);
    const bReal = v128.load(fromReal + at + half);
    const aImaginary = v128.load(fromImaginary + at);
    const bImaginary = v128.load(fromImaginary + at + half);
    v128.store(toReal + at, f32x4.add(aReal, bReal));
    v128.store(toReal + at + half, f32x4.sub(aReal, bReal));
    v128.store(toImaginary + at, f32x4.add(aImaginary, bImaginary));
    v128.store(toImaginary + at + half, f32x4.sub(aImaginary, bImaginary));
  }
}

/** The power of bin k and of its mirror image from the same two points of the half transform. */
function takeApart(real: usize, imaginary: usize): void {
  const bytes = <usize>points * 4;
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
function turnedReal(real: v128, imaginary: v128, cosine: v128, sine: v128): v128 {
  return f32x4.sub(f32x4.mul(real, cosine), f32x4.mul(imaginary, sine));
}

// @ts-ignore: decorator
@inline
function turnedImaginary(real: v128, imaginary: v128, cosine: v128, sine: v128): v128 {
  return f32x4.add(f32x4.mul(real, sine), f32x4.mul(imaginary, cosine));
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
