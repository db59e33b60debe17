import FFT from 'fft.js';

/** The part of fft.js used here; its own types are `any`. */
interface ComplexTransform {
  transform(out: Float64Array, data: Float64Array): void;
}

/**
 * Power spectrum of a real block of `fftSize` samples: `power[k] = |Σ input[n] e^(-2πikn/fftSize)|²`
 * for k = 0 … fftSize/2, unscaled. The real block is transformed as a complex one of half the size
 * (even samples real, odd samples imaginary) and taken apart, which halves the work. The caller
 * fills `input`; `compute` leaves it as it is. Allocates at construction only.
 */
export class PowerSpectrum {
  readonly input: Float64Array;
  readonly power: Float64Array;
  readonly bins: number;
  readonly #transform: ComplexTransform;
  readonly #half: Float64Array;
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;

  /** @throws RangeError when `fftSize` is not a power of two from 8 to 8192. */
  constructor(fftSize: number) {
    if (!isFftSize(fftSize)) {
      throw new RangeError(`fftSize must be a power of two from 8 to 8192, got ${fftSize}`);
    }
    this.input = new Float64Array(fftSize);
    this.bins = fftSize / 2 + 1;
    this.power = new Float64Array(this.bins);
    this.#half = new Float64Array(fftSize);
    this.#transform = new FFT(fftSize / 2) as ComplexTransform;
    const quarter = fftSize / 4;
    this.#cos = new Float64Array(quarter + 1);
    this.#sin = new Float64Array(quarter + 1);
    for (let index = 0; index <= quarter; index++) {
      this.#cos[index] = Math.cos((2 * Math.PI * index) / fftSize);
      this.#sin[index] = Math.sin((2 * Math.PI * index) / fftSize);
    }
  }

  /** Reads `input`, fills `power`. */
  compute(): void {
    const half = this.#half;
    const power = this.power;
    const cosines = this.#cos;
    const sines = this.#sin;
    this.#transform.transform(half, this.input);
    const last = this.bins - 1;
    const first = half[0]! + half[1]!;
    const nyquist = half[0]! - half[1]!;
    power[0] = first * first;
    power[last] = nyquist * nyquist;
    const middle = last >> 1;
    for (let low = 1; low <= middle; low++) {
      const high = last - low;
      const lowReal = half[2 * low]!;
      const lowImaginary = half[2 * low + 1]!;
      const highReal = half[2 * high]!;
      const highImaginary = half[2 * high + 1]!;
      const evenReal = 0.5 * (lowReal + highReal);
      const evenImaginary = 0.5 * (lowImaginary - highImaginary);
      const oddReal = 0.5 * (lowImaginary + highImaginary);
      const oddImaginary = 0.5 * (highReal - lowReal);
      const cosine = cosines[low]!;
      const sine = sines[low]!;
      const turnedReal = cosine * oddReal + sine * oddImaginary;
      const turnedImaginary = cosine * oddImaginary - sine * oddReal;
      const sumReal = evenReal + turnedReal;
      const sumImaginary = evenImaginary + turnedImaginary;
      const differenceReal = evenReal - turnedReal;
      const differenceImaginary = evenImaginary - turnedImaginary;
      power[low] = sumReal * sumReal + sumImaginary * sumImaginary;
      power[high] = differenceReal * differenceReal + differenceImaginary * differenceImaginary;
    }
  }
}

/** True for the sizes that PowerSpectrum takes: powers of two from 8 to 8192. */
export function isFftSize(value: number): boolean {
  return Number.isInteger(value) && value >= 8 && value <= 8192 && (value & (value - 1)) === 0;
}
