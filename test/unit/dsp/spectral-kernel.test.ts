import { describe, expect, it } from 'vitest';
import { PowerSpectrum } from '../../../src/dsp/fft.ts';
import { type Band, SpectralKernel } from '../../../src/dsp/spectral-kernel.ts';
import { createRandom } from '../../../src/random.ts';

const SHAPE = { firstBin: 1, emphasis: [1, 2, 0.5, 1, 1], floor: 1e-12 };
const SIZES = [32, 64, 128, 256, 512, 1024, 2048, 4096, 8192];

function create(fftSize: number, bands: readonly Band[] = [{ firstBin: 0, weights: [1] }]) {
  const window = new Float32Array(fftSize).fill(1);
  return new SpectralKernel({ fftSize, window, bands, logFloor: 1e-8, shape: SHAPE });
}

function fill(kernel: SpectralKernel, sample: (index: number) => number): Float64Array {
  const spectrum = new PowerSpectrum(kernel.block.length);
  for (let index = 0; index < kernel.block.length; index++) {
    kernel.block[index] = sample(index);
    spectrum.input[index] = kernel.block[index]!;
  }
  kernel.computePower();
  spectrum.compute();
  return spectrum.power;
}

describe('power', () => {
  it.each(SIZES)('is that of fft.js at size %i', (fftSize) => {
    const random = createRandom(fftSize);
    const kernel = create(fftSize);
    const expected = fill(kernel, () => random.gaussian());
    const strongest = Math.max(...expected);
    for (const [bin, value] of expected.entries()) {
      expect(Math.abs(kernel.power[bin]! - value)).toBeLessThan(2e-6 * strongest);
    }
  });

  it.each(SIZES)('of a sine is one bin at size %i', (fftSize) => {
    const kernel = create(fftSize);
    const bin = fftSize / 8 + 1;
    fill(kernel, (index) => Math.cos((2 * Math.PI * bin * index) / fftSize));
    const peak = (fftSize / 2) ** 2;
    for (const [at, value] of kernel.power.entries()) {
      expect(Math.abs(value - (at === bin ? peak : 0))).toBeLessThan(1e-6 * peak);
    }
  });

  it('is that of the samples times the window, with nothing behind them', () => {
    const random = createRandom(7);
    const window = Float32Array.from({ length: 25 }, () => random.uniform());
    const bands = [{ firstBin: 0, weights: [1] }];
    const kernel = new SpectralKernel({ fftSize: 32, window, bands, logFloor: 1e-8, shape: SHAPE });
    const spectrum = new PowerSpectrum(32);
    expect(kernel.block).toHaveLength(25);
    for (let index = 0; index < 25; index++) {
      kernel.block[index] = random.gaussian();
      spectrum.input[index] = Math.fround(kernel.block[index]! * window[index]!);
    }
    kernel.computePower();
    spectrum.compute();
    for (const [bin, value] of spectrum.power.entries()) {
      expect(kernel.power[bin]).toBeCloseTo(value, 4);
    }
  });

  it('leaves its input, and does not remember', () => {
    const kernel = create(256);
    fill(kernel, (index) => Math.sin(index * index));
    const input = kernel.block.slice();
    const first = kernel.power.slice();
    fill(kernel, () => 1);
    fill(kernel, (index) => Math.sin(index * index));
    expect(kernel.block).toEqual(input);
    expect(kernel.power).toEqual(first);
  });
});

describe('log energies', () => {
  it('are sums over each band, whatever its width', () => {
    const random = createRandom(3);
    const bands = [1, 2, 3, 4, 5, 7, 9].map((width, index) => ({
      firstBin: 14 - 2 * index,
      weights: Array.from({ length: width }, () => random.uniform()),
    }));
    const kernel = create(32, bands);
    for (let bin = 0; bin <= 16; bin++) kernel.power[bin] = 10 ** (6 * random.uniform() - 6);
    kernel.computeLogEnergies();
    for (const [index, { firstBin, weights }] of bands.entries()) {
      const sum = weights.reduce(
        (total, weight, at) => total + weight * (kernel.power[firstBin + at] ?? 0),
        0,
      );
      expect(kernel.logEnergies[index]).toBeCloseTo(Math.log(sum), 5);
    }
  });

  it('are those of Math.log from the floor up to the largest energies', () => {
    const kernel = create(32);
    for (let exponent = -12; exponent <= 12; exponent += 0.01) {
      kernel.power[0] = 10 ** exponent;
      kernel.computeLogEnergies();
      const expected = Math.log(Math.max(1e-8, 10 ** exponent));
      expect(Math.abs(kernel.logEnergies[0]! - expected)).toBeLessThan(2e-6);
    }
  });

  it('keep off a floor that float32 does not have', () => {
    const bands = [{ firstBin: 0, weights: [1] }];
    const window = [1];
    const kernel = new SpectralKernel({
      fftSize: 32,
      window,
      bands,
      logFloor: 1e-300,
      shape: SHAPE,
    });
    kernel.computeLogEnergies();
    expect(kernel.logEnergies[0]).toBeCloseTo(Math.log(1.2e-38), 3);
  });
});

describe('shape', () => {
  it('is the emphasised amplitudes, scaled to length 1', () => {
    const kernel = create(32);
    kernel.power.set([9, 4, 2, 8, 1, 16, 7]);
    const occupied = kernel.measureShape();
    const emphasised = [4, 4, 4, 1, 16];
    expect(occupied).toBe(5);
    for (const [index, value] of emphasised.entries()) {
      expect(kernel.amplitudes[index]).toBeCloseTo(Math.sqrt(value / 29), 6);
    }
  });

  it('counts the bins within 28 dB of the strongest', () => {
    const kernel = create(32);
    kernel.power.set([0, 1, 0.5 * 10 ** -2.79, 2 * 10 ** -2.81, 0, 10 ** -2.79]);
    expect(kernel.measureShape()).toBe(3);
  });

  it('of digital silence is flat', () => {
    const kernel = create(32);
    expect(kernel.measureShape()).toBe(5);
    expect(kernel.amplitudes[2]).toBeCloseTo(Math.sqrt(1 / 5), 6);
  });
});

it('refuses sizes that it does not take', () => {
  expect(() => create(16)).toThrow('fftSize must be a power of two from 32 to 8192, got 16');
  expect(() => create(200)).toThrow('got 200');
  expect(() => create(16_384)).toThrow('got 16384');
});
