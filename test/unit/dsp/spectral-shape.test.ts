import { expect, it } from 'vitest';
import { CONCENTRATION, COSINE_TO_OLDEST } from '../../../src/dsp/spectral-shape.ts';
import { StaticFeatures } from '../../../src/dsp/static-features.ts';
import { CONFIG, noise, sine } from './signals.ts';

// The history is left out, so the spectra carry no emphasis.
const statics = new StaticFeatures({ ...CONFIG, preEmphasis: 0 });
const { shape } = statics;
const { bins } = shape;
const amplitudes = new Float32Array(2 * bins);

function concentration(): number {
  shape.takeConcentration();
  return shape.figures[CONCENTRATION]!;
}

/** Measures two frames. @returns the cosine of the second to the first */
function cosineOfTwo(samples: Float32Array, firstStart: number, secondStart: number): number {
  statics.analyse(samples, firstStart);
  shape.measure(amplitudes, 0, 0);
  statics.analyse(samples, secondStart);
  shape.measure(amplitudes, bins, 0);
  return shape.figures[COSINE_TO_OLDEST]!;
}

it('a sine is pure, concentrated and steady', () => {
  const cosine = cosineOfTwo(sine(1010, 0.2), 0, 320);
  expect(shape.pure).toBe(true);
  expect(concentration()).toBeGreaterThan(0.99);
  expect(cosine).toBeGreaterThan(0.995);
});

it('noise is none of it', () => {
  const cosine = cosineOfTwo(noise(0.2), 0, 320);
  expect(shape.pure).toBe(false);
  expect(concentration()).toBeLessThan(0.4);
  expect(cosine).toBeLessThan(0.9);
});

it('amplitudes have length 1, whatever the level', () => {
  expect(cosineOfTwo(noise(0.1, 1e-4), 0, 0)).toBeCloseTo(1, 5);
  const squares = amplitudes.subarray(0, bins).reduce((sum, value) => sum + value * value, 0);
  expect(squares).toBeCloseTo(1, 5);
});

it('the cosine is that of the two vectors', () => {
  const cosine = cosineOfTwo(noise(0.2), 0, 320);
  let product = 0;
  for (let bin = 0; bin < bins; bin++) product += amplitudes[bin]! * amplitudes[bins + bin]!;
  expect(cosine).toBeCloseTo(product, 6);
});

it('emphasis already there is not applied twice', () => {
  const emphasised = new StaticFeatures({ ...CONFIG, preEmphasis: 0.97 });
  const samples = noise(0.1);
  const filtered = samples.map((value, at) => value - 0.97 * (samples[at - 1] ?? 0));
  statics.analyse(samples, 200);
  shape.measure(amplitudes, 0, 0);
  emphasised.analyse(filtered, 200);
  emphasised.shape.measure(amplitudes, bins, 0);
  expect(emphasised.shape.figures[COSINE_TO_OLDEST]).toBeGreaterThan(0.999);
});
