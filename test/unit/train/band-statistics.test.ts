import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/random.ts';
import {
  emptyStatistics,
  measureBandStatistics,
  moveStatistics,
} from '../../../src/train/band-statistics.ts';

const BANDS = 3;

function recording(seed: number, { frames = 50, scale = 1, offset = 0 } = {}): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from(
    { length: frames * BANDS },
    (_, at) => offset + scale * (1 + (at % BANDS)) * random.gaussian(),
  );
}

function statisticsOf(features: Float32Array) {
  const statistics = emptyStatistics(BANDS);
  measureBandStatistics(features, statistics);
  return statistics;
}

describe('statistics per band', () => {
  it('are mean and deviation over the frames', () => {
    const { mean, deviation } = statisticsOf(Float32Array.of(1, 0, 5, 3, 0, 9));
    expect([...mean]).toEqual([2, 0, 7]);
    expect(deviation[0]).toBeCloseTo(1);
    expect(deviation[1]).toBeCloseTo(1e-3);
    expect(deviation[2]).toBeCloseTo(2);
  });

  it('stay with share 0 and become the other recording’s with share 1', () => {
    const other = statisticsOf(recording(2, { scale: 4, offset: -7 }));
    const features = recording(1);
    const before = features.slice();
    const own = statisticsOf(features);
    moveStatistics(features, { own, other, share: 0 });
    for (const [at, value] of features.entries()) expect(value).toBeCloseTo(before[at]!, 4);
    moveStatistics(features, { own, other, share: 1 });
    const after = statisticsOf(features);
    for (let band = 0; band < BANDS; band++) {
      expect(after.mean[band]).toBeCloseTo(other.mean[band]!, 3);
      expect(after.deviation[band]).toBeCloseTo(other.deviation[band]!, 3);
    }
  });

  it('lie between both for shares between', () => {
    const other = statisticsOf(recording(2, { scale: 4, offset: -7 }));
    const features = recording(1);
    const own = statisticsOf(features);
    moveStatistics(features, { own, other, share: 0.25 });
    const after = statisticsOf(features);
    for (let band = 0; band < BANDS; band++) {
      expect(after.mean[band]).toBeCloseTo(0.75 * own.mean[band]! + 0.25 * other.mean[band]!, 3);
    }
  });
});
