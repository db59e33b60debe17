import { describe, expect, it } from 'vitest';
import { Dct } from '../../../src/dsp/dct.ts';
import { isFftSize, PowerSpectrum } from '../../../src/dsp/fft.ts';
import { filterbankBands, hzToMel, melToHz } from '../../../src/dsp/filterbank.ts';
import { createWindow } from '../../../src/dsp/window.ts';
import { createRandom } from '../../../src/random.ts';

describe('createWindow', () => {
  it('is periodic', () => {
    const window = createWindow('hann', 4);
    for (const [index, value] of [0, 0.5, 1, 0.5].entries()) {
      expect(window[index]).toBeCloseTo(value, 12);
    }
    expect(createWindow('hamming', 8)[0]).toBeCloseTo(0.08, 12);
  });

  it('refuses a length that is none', () => {
    expect(() => createWindow('hann', 1)).toThrow('window length must be an integer >= 2, got 1');
  });
});

describe('PowerSpectrum', () => {
  it.each([8, 16, 64, 256])('is the plain sum at size %i', (size) => {
    const random = createRandom(size);
    const spectrum = new PowerSpectrum(size);
    for (let index = 0; index < size; index++) spectrum.input[index] = random.gaussian();
    spectrum.compute();
    for (let bin = 0; bin <= size / 2; bin++) {
      let real = 0;
      let imaginary = 0;
      for (let index = 0; index < size; index++) {
        real += spectrum.input[index]! * Math.cos((2 * Math.PI * bin * index) / size);
        imaginary -= spectrum.input[index]! * Math.sin((2 * Math.PI * bin * index) / size);
      }
      expect(spectrum.power[bin]).toBeCloseTo(real * real + imaginary * imaginary, 8);
    }
  });

  it('refuses other sizes', () => {
    expect(() => new PowerSpectrum(100)).toThrow(
      'fftSize must be a power of two from 8 to 8192, got 100',
    );
    expect([4, 8, 8192, 16_384, 8.5].map(isFftSize)).toEqual([false, true, true, false, false]);
  });
});

describe('Filterbank', () => {
  const options = {
    scale: 'linear',
    bands: 3,
    lowHz: 0,
    highHz: 4000,
    sampleRateHz: 8000,
    fftSize: 16,
  } as const;

  it('is triangles that sum to 1 between the outer centres', () => {
    const bands = filterbankBands(options);
    for (let bin = 2; bin <= 6; bin++) {
      const weights = bands.map(({ firstBin, weights: some }) => some[bin - firstBin] ?? 0);
      expect(weights.reduce((sum, value) => sum + value)).toBeCloseTo(1, 12);
    }
  });

  it('refuses bands without a bin, and edges outside the spectrum', () => {
    expect(() => filterbankBands({ ...options, bands: 30 })).toThrow(
      'band 0 (0.0-258.1 Hz) has none',
    );
    expect(() => filterbankBands({ ...options, highHz: 4001 })).toThrow('<= 4000, got 4001');
  });

  it('turns mel back into Hz', () => {
    expect(hzToMel(1000)).toBeCloseTo(999.99, 1);
    expect(melToHz(hzToMel(1234))).toBeCloseTo(1234, 9);
  });
});

describe('Dct', () => {
  it('is orthonormal', () => {
    const dct = new Dct(5, 5);
    const output = new Float64Array(5);
    dct.apply(Float32Array.of(1, -2, 3, 0.5, 4), output);
    const square = output.reduce((sum, value) => sum + value * value, 0);
    expect(square).toBeCloseTo(1 + 4 + 9 + 0.25 + 16, 12);
  });

  it('refuses more outputs than inputs', () => {
    expect(() => new Dct(4, 5)).toThrow('outputs must be an integer from 1 to 4, got 5');
    expect(() => new Dct(0, 1)).toThrow('inputs must be an integer >= 1, got 0');
  });
});
