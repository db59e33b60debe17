// What several parts do with vectors of four numbers.

/** Stores the four vectors at `from` as columns: the first numbers of all, then the second ones, …. */
// @ts-ignore: decorator
@inline
export function storeTransposed(to: usize, from: usize): void {
  const a = v128.load(from);
  const b = v128.load(from + 16);
  const c = v128.load(from + 32);
  const d = v128.load(from + 48);
  const abLow = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cdLow = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(abLow, cdLow, 0, 1, 4, 5));
  v128.store(to + 16, v128.shuffle<f32>(abLow, cdLow, 2, 3, 6, 7));
  v128.store(to + 32, v128.shuffle<f32>(abHigh, cdHigh, 0, 1, 4, 5));
  v128.store(to + 48, v128.shuffle<f32>(abHigh, cdHigh, 2, 3, 6, 7));
}

/** The sums of the numbers of each of four vectors, as one vector. */
// @ts-ignore: decorator
@inline
export function sumsOfFour(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(
    v128.shuffle<f32>(a, b, 0, 4, 1, 5),
    v128.shuffle<f32>(a, b, 2, 6, 3, 7),
  );
  const cd = f32x4.add(
    v128.shuffle<f32>(c, d, 0, 4, 1, 5),
    v128.shuffle<f32>(c, d, 2, 6, 3, 7),
  );
  return f32x4.add(
    v128.shuffle<f32>(ab, cd, 0, 1, 4, 5),
    v128.shuffle<f32>(ab, cd, 2, 3, 6, 7),
  );
}

/** Natural logarithms of four normal numbers > 0: the `logf` of Cephes (S. L. Moshier), 2e-7 relative. */
// @ts-ignore: decorator
@inline
export function naturalLog(values: v128): v128 {
  const one = f32x4.splat(1);
  const exponentBits = i32x4.sub(i32x4.shr_u(values, 23), i32x4.splat(126));
  const mantissaBits = v128.and(values, i32x4.splat(0x007fffff));
  // From 0.5 to 1.
  let x = v128.or(mantissaBits, f32x4.splat(0.5));
  let exponent = f32x4.convert_i32x4_s(exponentBits);
  const small = f32x4.lt(x, f32x4.splat(0.707106781186547524));
  exponent = f32x4.sub(exponent, v128.and(one, small));
  x = f32x4.add(f32x4.sub(x, one), v128.and(x, small));
  const square = f32x4.mul(x, x);
  let y = f32x4.splat(7.0376836292e-2);
  y = f32x4.add(f32x4.mul(y, x), f32x4.splat(-1.1514610310e-1));
  y = f32x4.add(f32x4.mul(y, x), f32x4.splat(1.1676998740e-1));
  y = f32x4.add(f32x4.mul(y, x), f32x4.splat(-1.2420140846e-1));
  y = f32x4.add(f32x4.mul(y, x), f32x4.splat(1.4249322787e-1));
  y = f32x4.add(f32x4.mul(y, x), f32x4.splat(-1.6668057665e-1));
  y = f32x4.add(f32x4.mul(y, x), f32x4.splat(2.0000714765e-1));
  y = f32x4.add(f32x4.mul(y, x), f32x4.splat(-2.4999993993e-1));
  y = f32x4.add(f32x4.mul(y, x), f32x4.splat(3.3333331174e-1));
  y = f32x4.mul(f32x4.mul(y, x), square);
  y = f32x4.add(y, f32x4.mul(exponent, f32x4.splat(-2.12194440e-4)));
  y = f32x4.sub(y, f32x4.mul(square, f32x4.splat(0.5)));
  return f32x4.add(f32x4.add(x, y), f32x4.mul(exponent, f32x4.splat(0.693359375)));
}
