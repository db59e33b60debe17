import { isFftSize } from './fft.ts';
import { KERNEL_BASE64 } from './spectral-kernel-bytes.ts';

const SMALLEST_FFT = 32;
/** The kernel's logarithm takes normal numbers only. */
const SMALLEST_NORMAL = 1.2e-38;
const VECTOR = 4;

/** What kernel/assembly exports. `…At` give addresses in bytes. */
interface KernelExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  configureSpectrum(fftSize: number): void;
  blockAt(): number;
  windowAt(): number;
  turnsAt(): number;
  halvesAt(): number;
  powerAt(): number;
  computePower(): void;
  configureShape(firstBin: number, bins: number): void;
  emphasisAt(): number;
  floorsAt(): number;
  amplitudesAt(): number;
  measureShape(): number;
  configureBands(bands: number, weights: number, logFloor: number): void;
  firstBinsAt(): number;
  widthsAt(): number;
  weightsAt(): number;
  logEnergiesAt(): number;
  computeLogEnergies(): void;
}

/** Weights of a filter over the bins from `firstBin` on. */
export interface Band {
  readonly firstBin: number;
  readonly weights: readonly number[];
}

export interface SpectralKernelOptions {
  /** A power of two from 32 to 8192. */
  readonly fftSize: number;
  /** Factor of each sample of a frame, `fftSize` many at most. */
  readonly window: ArrayLike<number>;
  readonly bands: readonly Band[];
  readonly logFloor: number;
  readonly shape: {
    readonly firstBin: number;
    /** Factor of each bin that the shape looks at. */
    readonly emphasis: readonly number[];
    /** Added to each bin. */
    readonly floor: number;
  };
}

/**
 * The work on one frame that is the same for all legs, in WebAssembly with vectors of four float32:
 * samples times window → power spectrum → log energies of bands, and amplitudes of a part of the spectrum. Its
 * source is in kernel/. The arrays are views of the kernel's memory; what they hold is good until the
 * next call. Gives the same bits on every machine. Allocates at construction only.
 */
export class SpectralKernel {
  /** The frame's samples, as many as the window has: the caller fills it, the kernel leaves it. */
  readonly block: Float32Array;
  /** `power[k] = |Σ block[n] window[n] e^(-2πikn/fftSize)|²` for k = 0 … fftSize/2, unscaled. */
  readonly power: Float32Array;
  /** `ln(max(Σ weight · power, logFloor))` of each band. */
  readonly logEnergies: Float32Array;
  /** Square roots of the emphasised power of the shape's bins, scaled to length 1. */
  readonly amplitudes: Float32Array;
  readonly #kernel: KernelExports;

  /** @throws RangeError when `fftSize` is not a power of two from 32 to 8192. */
  constructor(options: SpectralKernelOptions) {
    const { fftSize, window, bands, logFloor, shape } = options;
    if (!isFftSize(fftSize) || fftSize < SMALLEST_FFT) {
      throw new RangeError(
        `fftSize must be a power of two from ${SMALLEST_FFT} to 8192, got ${fftSize}`,
      );
    }
    const kernel = instantiate();
    const widths = bands.map(({ weights }) => Math.ceil(weights.length / VECTOR));
    const fours = widths.reduce((sum, width) => sum + width, 0);
    // Views come after the last allocation: memory that grows leaves older ones behind.
    kernel.configureSpectrum(fftSize);
    kernel.configureShape(shape.firstBin, shape.emphasis.length);
    const paddedBands = Math.ceil(bands.length / VECTOR) * VECTOR;
    const least = Math.max(logFloor, SMALLEST_NORMAL);
    kernel.configureBands(paddedBands, fours * VECTOR, least);
    const floats = (at: number, count: number) => new Float32Array(kernel.memory.buffer, at, count);
    const integers = (at: number) => new Int32Array(kernel.memory.buffer, at, bands.length);

    this.#kernel = kernel;
    this.block = floats(kernel.blockAt(), window.length);
    floats(kernel.windowAt(), fftSize).set(window);
    this.power = floats(kernel.powerAt(), fftSize / 2 + 1);
    this.logEnergies = floats(kernel.logEnergiesAt(), bands.length);
    this.amplitudes = floats(kernel.amplitudesAt(), shape.emphasis.length);
    fillTurns(floats(kernel.turnsAt(), (6 * fftSize) / 8), fftSize / 2);
    fillHalves(floats(kernel.halvesAt(), fftSize / 2), fftSize / 2);
    floats(kernel.emphasisAt(), shape.emphasis.length).set(shape.emphasis);
    floats(kernel.floorsAt(), shape.emphasis.length).fill(shape.floor);
    integers(kernel.firstBinsAt()).set(bands.map(({ firstBin }) => firstBin));
    integers(kernel.widthsAt()).set(widths);
    const weights = floats(kernel.weightsAt(), fours * VECTOR);
    let at = 0;
    for (const [index, band] of bands.entries()) {
      weights.set(band.weights, at);
      at += widths[index]! * VECTOR;
    }
  }

  /** From `block` to `power`. */
  computePower(): void {
    this.#kernel.computePower();
  }

  /** From `power` to `logEnergies`. */
  computeLogEnergies(): void {
    this.#kernel.computeLogEnergies();
  }

  /** From `power` to `amplitudes`. @returns bins within 28 dB of the strongest */
  measureShape(): number {
    return this.#kernel.measureShape();
  }
}

/** What is used of WebAssembly, which TypeScript declares with the browser's library only. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

const { WebAssembly: webAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyApi };
const module = new webAssembly.Module(Buffer.from(KERNEL_BASE64, 'base64'));

function instantiate(): KernelExports {
  return new webAssembly.Instance(module).exports as KernelExports;
}

/** For every four k six vectors: cos and -sin of 2πk/points, of 2k, of 3k. */
function fillTurns(table: Float32Array, points: number): void {
  for (let index = 0; index < points / 4; index++) {
    const lane = index % VECTOR;
    const group = 6 * (index - lane) + lane;
    for (let times = 1; times <= 3; times++) {
      const angle = (2 * Math.PI * times * index) / points;
      table[group + (2 * times - 2) * VECTOR] = Math.cos(angle);
      table[group + (2 * times - 1) * VECTOR] = -Math.sin(angle);
    }
  }
}

/** cos, then sin, of πk/points for k = 1 … points/2. */
function fillHalves(table: Float32Array, points: number): void {
  const half = points / 2;
  for (let index = 0; index < half; index++) {
    const angle = (Math.PI * (index + 1)) / points;
    table[index] = Math.cos(angle);
    table[half + index] = Math.sin(angle);
  }
}
