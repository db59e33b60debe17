import type { SpectralKernel } from './spectral-kernel.ts';

/** Band that is looked at: the telephone's, whatever the rate. */
const LOW_HZ = 94;
const HIGH_HZ = 3800;
/** Emphasis under which shapes are compared, so that the first formant does not say it all. */
const EMPHASIS = 0.97;
const POWER_FLOOR = 1e-12;

/** Index of the cosine in the figures. */
export const COSINE_TO_OLDEST = 0;
/** Index of the concentration in the figures. */
export const CONCENTRATION = 1;

export interface SpectralShapeOptions {
  readonly sampleRateHz: number;
  readonly fftSize: number;
  readonly windowMs: number;
  /** Emphasis that the spectra already carry. */
  readonly preEmphasis: number;
}

/** The bins that the shape looks at. */
export interface ShapeBins {
  readonly firstBin: number;
  /** Bins from a peak to the end of its main lobe. */
  readonly peakBins: number;
  /** What brings each bin to an emphasis of 0.97. */
  readonly emphasis: readonly number[];
  /** What takes the emphasis out that it carries. */
  readonly removal: readonly number[];
  /** Added to each bin. */
  readonly floor: number;
}

/** The bins between 94 and 3800 Hz of a configuration. */
export function shapeBinsOf(options: SpectralShapeOptions): ShapeBins {
  const { sampleRateHz, fftSize, windowMs, preEmphasis } = options;
  const binHz = sampleRateHz / fftSize;
  const firstBin = Math.ceil(LOW_HZ / binHz);
  const bins = Math.floor(HIGH_HZ / binHz) - firstBin + 1;
  const angles = Array.from(
    { length: bins },
    (_, index) => (2 * Math.PI * (firstBin + index)) / fftSize,
  );
  const removal = angles.map((angle) => 1 / emphasisGain(preEmphasis, angle));
  return {
    firstBin,
    // The main lobe of a Hann window of T seconds reaches 2/T on either side.
    peakBins: Math.ceil(2000 / windowMs / binHz),
    emphasis: angles.map((angle, index) => emphasisGain(EMPHASIS, angle) * removal[index]!),
    removal,
    floor: POWER_FLOOR,
  };
}

/**
 * Figures of the shape of the kernel's power spectrum between 94 and 3800 Hz, after an emphasis of
 * 0.97. All legs of a configuration share it. Allocates at construction only.
 */
export class SpectralShape {
  /** Bins looked at; the length of an amplitude vector. */
  readonly bins: number;
  /** Whether the sound lies within the main lobes of at most two sines. */
  pure: boolean = false;
  readonly #kernel: SpectralKernel;
  readonly #firstBin: number;
  readonly #peakBins: number;
  /** Results by index. An array, because numbers handed back one by one get boxed. */
  readonly figures = new Float64Array(2);
  readonly #plain: Float64Array;
  readonly #removal: Float64Array;

  /** @param kernel made with the same bins */
  constructor(shapeBins: ShapeBins, kernel: SpectralKernel) {
    this.#kernel = kernel;
    this.#firstBin = shapeBins.firstBin;
    this.#peakBins = shapeBins.peakBins;
    this.bins = shapeBins.emphasis.length;
    this.#removal = Float64Array.from(shapeBins.removal);
    this.#plain = new Float64Array(this.bins);
  }

  /**
   * Measures the spectrum, writes its amplitudes, scaled to length 1, at `amplitudes[offset]`, and
   * puts the cosine of their angle to those at `otherOffset` into the figures: 1 = the same shape.
   */
  measure(amplitudes: Float32Array, offset: number, otherOffset: number): void {
    const { bins } = this;
    const measured = this.#kernel.amplitudes;
    this.pure = this.#kernel.measureShape() <= 2 * (2 * this.#peakBins + 1);
    let even = 0;
    let odd = 0;
    // Two sums, so that an addition need not wait for the one before.
    for (let index = 1; index < bins; index += 2) {
      const first = measured[index - 1]!;
      const second = measured[index]!;
      amplitudes[offset + index - 1] = first;
      amplitudes[offset + index] = second;
      even += first * amplitudes[otherOffset + index - 1]!;
      odd += second * amplitudes[otherOffset + index]!;
    }
    if (bins % 2 === 1) {
      const last = measured[bins - 1]!;
      amplitudes[offset + bins - 1] = last;
      even += last * amplitudes[otherOffset + bins - 1]!;
    }
    this.figures[COSINE_TO_OLDEST] = even + odd;
  }

  /** Puts the share of the power, without emphasis, in its two strongest peaks, 0 … 1, into the figures. */
  takeConcentration(): void {
    const { power } = this.#kernel;
    const plain = this.#plain;
    const removal = this.#removal;
    const firstBin = this.#firstBin;
    let total = POWER_FLOOR;
    for (let index = 0; index < plain.length; index++) {
      plain[index] = power[firstBin + index]! * removal[index]!;
      total += plain[index]!;
    }
    this.figures[CONCENTRATION] = 0;
    this.#takePeak();
    this.#takePeak();
    this.figures[CONCENTRATION] = this.figures[CONCENTRATION]! / total;
  }

  /** Adds the main lobe of the strongest peak to the concentration and takes it out. */
  #takePeak(): void {
    const plain = this.#plain;
    let peak = 0;
    let strongest = 0;
    for (let index = 0; index < plain.length; index++) {
      if (plain[index]! > strongest) {
        strongest = plain[index]!;
        peak = index;
      }
    }
    const from = Math.max(0, peak - this.#peakBins);
    const to = Math.min(plain.length - 1, peak + this.#peakBins);
    let sum = 0;
    for (let index = from; index <= to; index++) {
      sum += plain[index]!;
      plain[index] = 0;
    }
    this.figures[CONCENTRATION] = this.figures[CONCENTRATION]! + sum;
  }
}

/** |1 - a·e^(-jω)|². */
function emphasisGain(coefficient: number, angle: number): number {
  return 1 - 2 * coefficient * Math.cos(angle) + coefficient * coefficient;
}
