import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/random.ts';
import { binByDeciles, binOf, populationStabilityIndex } from '../../../src/screening/drift.ts';

const EVEN = { shares: new Array<number>(10).fill(0.1) };

describe('population stability index', () => {
  // By another program, from the definition with half an observation added to every bin.
  it.each([
    ['the same shares', EVEN.shares, 1_000, new Array(10).fill(100), 0],
    [
      'half of the bins thrice as full',
      EVEN.shares,
      1_000,
      [10, 10, 10, 10, 10, 30, 30, 30, 30, 30],
      0.2600857137682655,
    ],
    [
      'everything in one bin',
      EVEN.shares,
      500,
      [0, 0, 0, 0, 0, 0, 0, 0, 0, 200],
      5.262990521537475,
    ],
    ['three bins', [0.25, 0.5, 0.25], 400, [30, 40, 30], 0.04085571288900165],
  ] as const)('of %s', (...[, shares, referenceSize, counts, index]) => {
    expect(populationStabilityIndex({ shares }, referenceSize, counts)).toBeCloseTo(index, 9);
  });

  it('is that of the textbooks when there are many observations', () => {
    // Σ (a − e) · ln(a ⁄ e) with a = 0.05 and 0.15, five times each.
    const counts = [1, 3, 1, 3, 1, 3, 1, 3, 1, 3].map((part) => part * 1e7);
    const textbook = 5 * (-0.05 * Math.log(0.5) + 0.05 * Math.log(1.5));
    expect(populationStabilityIndex(EVEN, 1e9, counts)).toBeCloseTo(textbook, 6);
  });

  it('of drawn samples is small from the same population and large from another', () => {
    const random = createRandom(7);
    const draw = (count: number, mean: number) =>
      Array.from({ length: count }, () => mean + random.gaussian());
    const reference = binByDeciles(draw(1_000, 0));
    const indexOf = (values: readonly number[]) => {
      const counts = new Uint32Array(10);
      for (const value of values) counts[binOf(reference, value)]!++;
      return populationStabilityIndex(reference, 1_000, counts);
    };
    expect(indexOf(draw(500, 0))).toBeLessThan(0.1);
    expect(indexOf(draw(500, 0.7))).toBeGreaterThan(0.25);
  });
});

describe('deciles', () => {
  it('hold a tenth of the values each', () => {
    const values = Array.from({ length: 100 }, (_, index) => index);
    const { edges, shares } = binByDeciles(values);
    expect(edges).toEqual([9, 19, 29, 39, 49, 59, 69, 79, 89]);
    for (const share of shares) expect(share).toBeCloseTo(0.1, 9);
  });

  it('say so where values are alike', () => {
    const { edges, shares } = binByDeciles([1, 1, 1, 1, 1, 1, 1, 1, 1, 2]);
    expect(edges).toEqual(new Array(9).fill(1));
    expect(shares[0]).toBeCloseTo(0.9, 9);
    expect(shares[9]).toBeCloseTo(0.1, 9);
    expect(shares.slice(1, 9)).toEqual(new Array(8).fill(0));
  });

  it('need values', () => {
    expect(() => binByDeciles([])).toThrow(/got none/);
  });
});
