import { BandwidthScale } from './bandwidth.ts';
import { Dct } from './dct.ts';
import { filterbankBands } from './filterbank.ts';
import type { FrontEndConfig } from './front-end-config.ts';
import { msToSamples } from './front-end-validate.ts';
import { SpectralKernel } from './spectral-kernel.ts';
import { SpectralShape, shapeBinsOf } from './spectral-shape.ts';
import { createWindow } from './window.ts';

/**
 * The features of one frame without its past: window → power spectrum → filterbank →
 * `ln(max(energy, logFloor))` → optionally an orthonormal DCT-II. Allocates at construction only.
 */
export class StaticFeatures {
  readonly count: number;
  readonly windowSamples: number;
  /** Figures of the spectrum of the last `analyse`d frame. */
  readonly shape: SpectralShape;
  /** What the meters of bandwidth of this configuration share. */
  readonly bandwidthScale: BandwidthScale;
  readonly #kernel: SpectralKernel;
  readonly #dct: Dct | null;
  readonly #coefficients: Float64Array;

  constructor(config: FrontEndConfig) {
    const { sampleRateHz, fftSize, filterbank, cepstra } = config;
    this.windowSamples = msToSamples(config.windowMs, sampleRateHz);
    const shapeBins = shapeBinsOf(config);
    this.#kernel = new SpectralKernel({
      fftSize,
      window: createWindow(config.window, this.windowSamples),
      bands: filterbankBands({ ...filterbank, sampleRateHz, fftSize }),
      logFloor: filterbank.logFloor,
      shape: shapeBins,
    });
    this.shape = new SpectralShape(shapeBins, this.#kernel);
    this.bandwidthScale = new BandwidthScale(config);
    this.#dct = cepstra === null ? null : new Dct(filterbank.bands, cepstra.coefficients);
    this.#coefficients = new Float64Array(cepstra?.coefficients ?? 0);
    this.count = cepstra?.coefficients ?? filterbank.bands;
  }

  /** Power spectrum of the last `analyse`d frame. */
  get power(): Float32Array {
    return this.#kernel.power;
  }

  /** Computes the power spectrum of the frame that starts at `samples[start]`. */
  analyse(samples: Float32Array, start: number): void {
    const { block } = this.#kernel;
    const { length } = block;
    for (let index = 0; index < length; index++) block[index] = samples[start + index]!;
    this.#kernel.computePower();
  }

  /** Writes the `count` features of the analysed frame at `into[offset]`. */
  write(into: Float32Array, offset: number): void {
    const { logEnergies } = this.#kernel;
    this.#kernel.computeLogEnergies();
    if (this.#dct === null) copy(logEnergies, into, offset);
    else {
      this.#dct.apply(logEnergies, this.#coefficients);
      copy(this.#coefficients, into, offset);
    }
  }
}

// Not `set`: for some dozens of numbers its call costs more than the loop.
function copy(from: Float32Array | Float64Array, into: Float32Array, offset: number): void {
  const { length } = from;
  for (let index = 0; index < length; index++) into[offset + index] = from[index]!;
}

const shared = new WeakMap<FrontEndConfig, StaticFeatures>();

/**
 * The features object of a configuration, one for all legs of this thread that have the same
 * configuration object: tables and scratch are 128 KB. What it holds is good until the next `analyse`.
 */
export function sharedStaticFeatures(config: FrontEndConfig): StaticFeatures {
  let statics = shared.get(config);
  if (statics === undefined) {
    statics = new StaticFeatures(config);
    shared.set(config, statics);
  }
  return statics;
}
