import { expect, it } from 'vitest';
import { createRandom } from '../../../src/random.ts';
import { varyRecording } from '../../../src/train/variations.ts';

const RATE_HZ = 8_000;
const tone = Float32Array.from(
  { length: 2 * RATE_HZ },
  (_, at) => 0.3 * Math.sin((2 * Math.PI * 500 * at) / RATE_HZ),
);

function upwardCrossings(samples: Float32Array): number {
  let count = 0;
  for (let at = 1; at < samples.length; at++)
    if (samples[at - 1]! < 0 && samples[at]! >= 0) count++;
  return count;
}

it('changes speed and pitch together, by 5 % at most, and leaves the input alone', () => {
  const before = tone.slice();
  const paces = new Set<number>();
  for (let seed = 0; seed < 24; seed++) {
    const varied = varyRecording(tone, { random: createRandom(seed), sampleRateHz: RATE_HZ });
    const pace = tone.length / varied.length;
    paces.add(Math.round(100 * pace));
    // As many cycles in less or more time.
    expect(Math.abs(upwardCrossings(varied) - upwardCrossings(tone))).toBeLessThanOrEqual(2);
  }
  expect(paces).toEqual(new Set([95, 100, 105]));
  expect(tone).toEqual(before);
});

it('shifts by a small constant and dithers within a step', () => {
  const silence = new Float32Array(RATE_HZ);
  const offsets = Array.from({ length: 20 }, (_, seed) => {
    const varied = varyRecording(silence, { random: createRandom(seed), sampleRateHz: RATE_HZ });
    const mean = varied.reduce((sum, sample) => sum + sample, 0) / varied.length;
    expect(varied.every((sample) => Math.abs(sample - mean) < 1.2 / 32_768)).toBe(true);
    expect(new Set(varied).size).toBeGreaterThan(1000);
    return mean;
  });
  expect(Math.max(...offsets.map(Math.abs))).toBeLessThanOrEqual(0.01);
  expect(new Set(offsets.map(Math.sign))).toEqual(new Set([-1, 1]));
});
