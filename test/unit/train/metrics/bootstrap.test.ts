import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../../src/random.ts';
import {
  bootstrapEer,
  type GroupedTrial,
  pairedBootstrapEer,
  percentileInterval,
} from '../../../../src/train/metrics/bootstrap.ts';
import { equalErrorRate } from '../../../../src/train/metrics/eer.ts';
import { splitScores } from '../../../../src/train/metrics/trials.ts';
import { KNOWN_ANSWERS } from './known-answers.ts';

/** Gaussian scores of two classes this far apart, in ten groups. */
function gaussianTrials(apart: number, perClass: number, seed: number): GroupedTrial[] {
  const random = createRandom(seed);
  return [false, true].flatMap((isSpoof) =>
    Array.from({ length: perClass }, (_, index) => ({
      isSpoof,
      score: random.gaussian() + (isSpoof ? 0 : apart),
      group: `group ${index % 10}`,
    })),
  );
}

describe('percentileInterval', () => {
  it('takes the 2.5 and 97.5 percentiles', () => {
    const values = Array.from({ length: 1000 }, (_, index) => 999 - index);
    expect(percentileInterval(values)).toEqual({ low: 25, high: 975 });
    expect(percentileInterval([])).toEqual({ low: Number.NaN, high: Number.NaN });
  });
});

describe('bootstrapEer', () => {
  const trials = gaussianTrials(2, 200, 5);
  const { eer } = equalErrorRate(splitScores(trials));

  it.each(['clip', 'group'] as const)('has an interval around the figure, by %s', (by) => {
    const { low, high } = bootstrapEer(trials, { by, seed: 1 });
    expect(low).toBeLessThan(eer);
    expect(high).toBeGreaterThan(eer);
    // By hand: about ±2 standard errors of a share near 0.16 of 200 trials of each class.
    expect(high - low).toBeGreaterThan(0.03);
    expect(high - low).toBeLessThan(0.14);
    expect(bootstrapEer(trials, { by, seed: 1 })).toEqual({ low, high });
  });

  it('is wider when trials of a group share their fate', () => {
    // Half of the groups are perfect, half are chance by construction.
    const shared = Array.from({ length: 200 }, (_, index) => {
      const group = index % 10;
      const isSpoof = index % 20 >= 10;
      const right = group < 5 || index % 40 < 20;
      return { isSpoof, score: isSpoof === right ? -1 - index : 1 + index, group: `${group}` };
    });
    const width = (by: 'clip' | 'group') => {
      const { low, high } = bootstrapEer(shared, { by, seed: 3 });
      return high - low;
    };
    expect(width('group')).toBeGreaterThan(1.3 * width('clip'));
  });

  it('has none when one class is missing', () => {
    const one = [{ isSpoof: true, score: 1, group: 'a' }];
    expect(bootstrapEer(one, { by: 'clip', seed: 1 })).toEqual({
      low: Number.NaN,
      high: Number.NaN,
    });
  });
});

describe('pairedBootstrapEer', () => {
  it.each(KNOWN_ANSWERS)('walks as the EER does: $name', ({ scores, eer }) => {
    const trials = [
      ...scores.bonafide.map((score) => ({ isSpoof: false, score, group: '' })),
      ...scores.spoof.map((score) => ({ isSpoof: true, score, group: '' })),
    ];
    const perfect = trials.map(({ isSpoof }) => (isSpoof ? -1 : 1));
    const { difference } = pairedBootstrapEer(trials, perfect, { by: 'clip', seed: 1 });
    expect(difference).toBeCloseTo(eer, 6);
  });

  it('finds a worse system although its own interval overlaps', () => {
    const trials = gaussianTrials(2, 200, 5);
    const random = createRandom(9);
    const worse = trials.map((trial) => ({ ...trial, score: trial.score + random.gaussian() }));
    const others = trials.map(({ score }) => score);
    const { difference, low, high } = pairedBootstrapEer(worse, others, { by: 'clip', seed: 2 });
    expect(difference).toBeGreaterThan(0);
    expect(low).toBeGreaterThan(0);
    expect(high).toBeGreaterThan(difference);
  });

  it('says 0 of a system against itself, and refuses other trials', () => {
    const trials = gaussianTrials(1, 20, 6);
    const others = trials.map(({ score }) => score);
    const options = { by: 'group', seed: 1 } as const;
    expect(pairedBootstrapEer(trials, others, options)).toEqual({ difference: 0, low: 0, high: 0 });
    expect(() => pairedBootstrapEer(trials, [1], options)).toThrow(/expected 40 other scores/);
  });
});
