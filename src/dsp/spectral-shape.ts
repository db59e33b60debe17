/** Band that is looked at: the telephone's, whatever the rate. */
const LOW_HZ = 94;
const HIGH_HZ = 3800;
/** Emphasis under which shapes are compared, so that the first formant does not say it all. */
const EMPHASIS = 0.97;
/** Bins within 28 dB of the strongest are occupied: the side lobes of a Hann window lie below. */
const OCCUPIED_RATIO = 10 ** -2.8;
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

/**
 * Figures of the shape of one power spectrum between 94 and 3800 Hz, after an emphasis of 0.97.
 * Allocates at construction only.
 */
export class SpectralShape {
  /** Bins looked at; the length of an amplitude vector. */
  readonly bins: number;
  /** Whether the sound lies within the main lobes of at most two sines. */
  pure: boolean = false;
  readonly #firstBin: number;
  readonly #peakBins: number;
  readonly #emphasis: Float64Array;
  /** Results by index. An array, because numbers handed back one by one get boxed. */
  readonly figures = new Float64Array(2);
  readonly #plain: Float64Array;
  readonly #removal: Float64Array;

  constructor(options: SpectralShapeOptions) {
    const { sampleRateHz, fftSize, windowMs, preEmphasis } = options;
    const binHz = sampleRateHz / fftSize;
    this.#firstBin = Math.ceil(LOW_HZ / binHz);
    this.bins = Math.floor(HIGH_HZ / binHz) - this.#firstBin + 1;
    // The main lobe of a Hann window of T seconds reaches 2/T on either side.
    this.#peakBins = Math.ceil(2000 / windowMs / binHz);
    this.#emphasis = new Float64Array(this.bins);
    this.#removal = new Float64Array(this.bins);
    this.#plain = new Float64Array(this.bins);
    for (let index = 0; index < this.bins; index++) {
      const angle = (2 * Math.PI * (this.#firstBin + index)) / fftSize;
      this.#removal[index] = 1 / emphasisGain(preEmphasis, angle);
      this.#emphasis[index] = emphasisGain(EMPHASIS, angle) * this.#removal[index]!;
    }
  }

  /** Measures `power` and writes its amplitudes, scaled to length 1, at `amplitudes[offset]`. */
  measure(power: Float64Array, amplitudes: Float32Array, offset: number): void {
    const emphasis = this.#emphasis;
    const firstBin = this.#firstBin;
    const { bins } = this;
    let sum = 0;
    let strongest = 0;
    for (let index = 0; index < bins; index++) {
      const emphasised = power[firstBin + index]! * emphasis[index]! + POWER_FLOOR;
      sum += emphasised;
      if (emphasised > strongest) strongest = emphasised;
      amplitudes[offset + index] = emphasised;
    }
    const scale = 1 / sum;
    const least = strongest * OCCUPIED_RATIO;
    const end = offset + bins;
    let occupied = 0;
    for (let index = offset; index < end; index++) {
      const emphasised = amplitudes[index]!;
      if (emphasised >= least) occupied++;
      amplitudes[index] = Math.sqrt(emphasised * scale);
    }
    this.pure = occupied <= 2 * (2 * this.#peakBins + 1);
  }

  /** Puts the share of `power`, without emphasis, in its two strongest peaks, 0 … 1, into the figures. */
  takeConcentration(power: Float64Array): void {
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

  /**
   * Puts the cosine of the angle between two amplitude vectors of one array into the figures:
   * 1 = the same shape.
   */
  compare(amplitudes: Float32Array, offset: number, otherOffset: number): void {
    const { bins } = this;
    let even = 0;
    let odd = 0;
    // Two sums, so that an addition need not wait for the one before.
    for (let index = 0; index + 1 < bins; index += 2) {
      even += amplitudes[offset + index]! * amplitudes[otherOffset + index]!;
      odd += amplitudes[offset + index + 1]! * amplitudes[otherOffset + index + 1]!;
    }
    const last = bins - 1;
    const rest = amplitudes[offset + last]! * amplitudes[otherOffset + last]!;
    this.figures[COSINE_TO_OLDEST] = bins % 2 === 1 ? even + odd + rest : even + odd;
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
