const TWO_PI = 2 * Math.PI;

/**
 * A periodic (DFT-even) analysis window of `length` samples:
 * Hann `0.5 - 0.5 cos(2πn/length)`, Hamming `0.54 - 0.46 cos(2πn/length)` (Harris 1978). The same as
 * `scipy.signal.get_window(kind, length)`. Allocates the result.
 *
 * @throws RangeError when `length` is not an integer >= 2.
 */
export function createWindow(kind: 'hann' | 'hamming', length: number): Float64Array {
  if (!Number.isInteger(length) || length < 2) {
    throw new RangeError(`window length must be an integer >= 2, got ${length}`);
  }
  const base = kind === 'hann' ? 0.5 : 0.54;
  const values = new Float64Array(length);
  for (let index = 0; index < length; index++) {
    values[index] = base - (1 - base) * Math.cos((TWO_PI * index) / length);
  }
  return values;
}
