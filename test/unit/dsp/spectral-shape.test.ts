import { expect, it } from 'vitest';
import { CONCENTRATION, COSINE_TO_OLDEST, SpectralShape } from '../../../src/dsp/spectral-shape.ts';
import { StaticFeatures } from '../../../src/dsp/static-features.ts';
import { CONFIG, noise, sine } from './signals.ts';

function concentrationOf(shape: SpectralShape): number {
  shape.takeConcentration(statics.power);
  return shape.figures[CONCENTRATION]!;
}

function cosineOf(shape: SpectralShape, amplitudes: Float32Array, otherOffset: number): number {
  shape.compare(amplitudes, 0, otherOffset);
  return shape.figures[COSINE_TO_OLDEST]!;
}

// The history is left out, so the spectra carry no emphasis.
const shape = new SpectralShape({ ...CONFIG, preEmphasis: 0 });
const statics = new StaticFeatures(CONFIG);
const amplitudes = new Float32Array(2 * shape.bins);

function measure(samples: Float32Array, start: number, row: number): void {
  statics.analyse(samples, start);
  shape.measure(statics.power, amplitudes, row * shape.bins);
}

it('a sine is pure, concentrated and steady', () => {
  const samples = sine(1010, 0.2);
  measure(samples, 0, 0);
  measure(samples, 320, 1);
  expect(shape.pure).toBe(true);
  expect(concentrationOf(shape)).toBeGreaterThan(0.99);
  expect(cosineOf(shape, amplitudes, shape.bins)).toBeGreaterThan(0.995);
});

it('noise is none of it', () => {
  const samples = noise(0.2);
  measure(samples, 0, 0);
  measure(samples, 320, 1);
  expect(shape.pure).toBe(false);
  expect(concentrationOf(shape)).toBeLessThan(0.4);
  expect(cosineOf(shape, amplitudes, shape.bins)).toBeLessThan(0.9);
});

it('amplitudes have length 1, whatever the level', () => {
  measure(noise(0.1, 1e-4), 0, 0);
  expect(cosineOf(shape, amplitudes, 0)).toBeCloseTo(1, 5);
});

it('emphasis already there is not applied twice', () => {
  const emphasised = new SpectralShape(CONFIG);
  const samples = noise(0.1);
  const filtered = samples.map((value, at) => value - 0.97 * (samples[at - 1] ?? 0));
  measure(samples, 200, 0);
  statics.analyse(filtered, 200);
  emphasised.measure(statics.power, amplitudes, shape.bins);
  expect(cosineOf(shape, amplitudes, shape.bins)).toBeGreaterThan(0.999);
});
