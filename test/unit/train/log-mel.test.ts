import { describe, expect, it } from 'vitest';
import { logMel, MEL_BANDS, slaneyBands, VOCODER_RATE_HZ } from '../../../src/train/log-mel.ts';

const BIN_HZ = VOCODER_RATE_HZ / 1024;

function tone(hz: number, seconds = 0.5): Float32Array {
  return Float32Array.from(
    { length: Math.round(seconds * VOCODER_RATE_HZ) },
    (_, at) => 0.5 * Math.sin((2 * Math.PI * hz * at) / VOCODER_RATE_HZ),
  );
}

const PEAK_BINS = [2, 3, 5, 7, 9, 10, 12, 14];
const LAST_PEAK_BIN = 358;
const BAND_MAXIMA = [
  [0, 0.02265139],
  [10, 0.02649254],
  [40, 0.01489547],
  [79, 0.00326599],
] as const;
/** Log mel of a 1-kHz tone of amplitude 0.5 in frame 20, by librosa 0.11. */
const TONE_BANDS = [
  [0, -11.5129],
  [10, -9.3288],
  [20, -6.3321],
  [24, -2.5486],
  [25, 0.6622],
  [26, 1.4278],
  [40, -9.8902],
  [79, -11.5129],
] as const;

// Values of librosa.filters.mel(sr=22050, n_fft=1024, n_mels=80, fmin=0, fmax=8000) 0.11.
describe('slaneyBands', () => {
  it('gives the triangles that librosa gives', () => {
    const bands = slaneyBands();
    expect(bands).toHaveLength(80);
    const peaks = bands.map((weights) => weights.indexOf(Math.max(...weights)));
    expect(peaks.slice(0, 8)).toEqual(PEAK_BINS);
    expect(peaks.at(-1)).toBe(LAST_PEAK_BIN);
    for (const [band, weight] of BAND_MAXIMA) {
      expect(Math.max(...bands[band]!)).toBeCloseTo(weight, 6);
    }
  });

  it('gives every wide band an area of 1', () => {
    for (const weights of slaneyBands().slice(40)) {
      const area = weights.reduce((sum, weight) => sum + weight * BIN_HZ, 0);
      expect(area).toBeGreaterThan(0.97);
      expect(area).toBeLessThan(1.03);
    }
  });
});

it('gives what librosa gives for a tone, and the floor for silence', () => {
  const { values, frames } = logMel(tone(1000));
  expect(frames).toBe(Math.floor(tone(1000).length / 256));
  expect(values).toHaveLength(MEL_BANDS * frames);
  const middle = Array.from({ length: MEL_BANDS }, (_, band) => values[band * frames + 20]!);
  for (const [band, value] of TONE_BANDS) expect(middle[band]).toBeCloseTo(value, 2);
  const silence = logMel(new Float32Array(4096)).values;
  expect(silence.every((value) => Math.abs(value - Math.log(1e-5)) < 1.5)).toBe(true);
});
