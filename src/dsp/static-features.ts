import { Dct } from './dct.ts';
import { PowerSpectrum } from './fft.ts';
import { Filterbank } from './filterbank.ts';
import type { FrontEndConfig } from './front-end-config.ts';
import { msToSamples } from './front-end-validate.ts';
import { createWindow } from './window.ts';

/**
 * The features of one frame without its past: window → power spectrum → filterbank →
 * `ln(max(energy, logFloor))` → optionally an orthonormal DCT-II. Allocates at construction only.
 */
export class StaticFeatures {
  readonly count: number;
  readonly windowSamples: number;
  readonly #window: Float64Array;
  readonly #spectrum: PowerSpectrum;
  readonly #filterbank: Filterbank;
  readonly #dct: Dct | null;
  readonly #logFloor: number;
  readonly #logEnergies: Float64Array;
  readonly #coefficients: Float64Array;

  constructor(config: FrontEndConfig) {
    const { sampleRateHz, fftSize, filterbank, cepstra } = config;
    this.windowSamples = msToSamples(config.windowMs, sampleRateHz);
    this.#window = createWindow(config.window, this.windowSamples);
    this.#spectrum = new PowerSpectrum(fftSize);
    this.#filterbank = new Filterbank({ ...filterbank, sampleRateHz, fftSize });
    this.#dct = cepstra === null ? null : new Dct(filterbank.bands, cepstra.coefficients);
    this.#logFloor = filterbank.logFloor;
    this.#logEnergies = new Float64Array(filterbank.bands);
    this.#coefficients = new Float64Array(cepstra?.coefficients ?? 0);
    this.count = cepstra?.coefficients ?? filterbank.bands;
  }

  /** Power spectrum of the last `analyse`d frame. */
  get power(): Float64Array {
    return this.#spectrum.power;
  }

  /** Computes the power spectrum of the frame that starts at `samples[start]`. */
  analyse(samples: Float32Array, start: number): void {
    const window = this.#window;
    const input = this.#spectrum.input;
    for (let index = 0; index < window.length; index++) {
      input[index] = window[index]! * samples[start + index]!;
    }
    this.#spectrum.compute();
  }

  /** Writes the `count` features of the analysed frame at `into[offset]`. */
  write(into: Float32Array, offset: number): void {
    const energies = this.#logEnergies;
    const floor = this.#logFloor;
    this.#filterbank.apply(this.#spectrum.power, energies);
    for (let band = 0; band < energies.length; band++) {
      const energy = energies[band]!;
      energies[band] = Math.log(Math.max(energy, floor));
    }
    let values = energies;
    if (this.#dct !== null) {
      this.#dct.apply(energies, this.#coefficients);
      values = this.#coefficients;
    }
    const { length } = values;
    for (let index = 0; index < length; index++) into[offset + index] = values[index]!;
  }
}

const shared = new WeakMap<FrontEndConfig, StaticFeatures>();

/**
 * The features object of a configuration, one for all legs of this thread that have the same
 * configuration object: tables and scratch are 20 KB. What it holds is good until the next `analyse`.
 */
export function sharedStaticFeatures(config: FrontEndConfig): StaticFeatures {
  let statics = shared.get(config);
  if (statics === undefined) {
    statics = new StaticFeatures(config);
    shared.set(config, statics);
  }
  return statics;
}
