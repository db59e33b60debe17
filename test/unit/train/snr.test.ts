import { expect, it } from 'vitest';
import { createRandom } from '../../../src/random.ts';
import { estimateSnrDb } from '../../../src/train/snr.ts';

const RATE_HZ = 8000;

/** Half a second of tone, half a second of rest, over noise of this level. */
function speechLike(noiseLevel: number): Float32Array {
  const random = createRandom(5);
  return Float32Array.from({ length: 4 * RATE_HZ }, (_, at) => {
    const isLoud = Math.floor((2 * at) / RATE_HZ) % 2 === 0;
    const tone = isLoud ? 0.3 * Math.sin((2 * Math.PI * 400 * at) / RATE_HZ) : 0;
    return tone + noiseLevel * random.gaussian();
  });
}

it.each([0.1, 0.03, 0.01, 0.003])('finds the ratio of tone and noise of %f', (level) => {
  const trueDb = 10 * Math.log10((0.045 + level ** 2) / level ** 2);
  expect(Math.abs(estimateSnrDb(speechLike(level), RATE_HZ)! - trueDb)).toBeLessThan(1);
});

it('takes silence, and says nothing of less than 200 ms', () => {
  expect(estimateSnrDb(new Float32Array(RATE_HZ), RATE_HZ)).toBe(0);
  expect(estimateSnrDb(new Float32Array(1500), RATE_HZ)).toBeNull();
});
