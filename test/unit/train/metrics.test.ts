import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cllr,
  equalErrorRate,
  minCllr,
  type PageTrial,
  pageMacroEer,
  splitScores,
  type TrialScores,
} from '../../../src/train/metrics.ts';

interface KnownAnswer {
  readonly name: string;
  readonly scores: TrialScores;
  readonly eer: number;
  readonly threshold: number;
  readonly cllr: number;
  readonly minCllr: number | null;
}

const KNOWN: readonly KnownAnswer[] = [
  {
    name: 'separable',
    scores: { bonafide: [1, 2, 3], spoof: [-3, -2, -1] },
    eer: 0,
    threshold: -1,
    cllr: 0.235052,
    minCllr: 0,
  },
  {
    name: 'one crossing',
    scores: { bonafide: [2, 1.5, 0.4, -0.6, 3.1, 0.9], spoof: [-2.2, -1.1, 0.7, -0.3, -3, -0.8] },
    eer: 0.166667,
    threshold: -0.3,
    cllr: 0.569108,
    minCllr: 0.333333,
  },
  {
    name: 'unequal counts',
    scores: {
      bonafide: [0.1, 1.2, 2.4, -0.2],
      spoof: [-0.5, 0.3, -1.4, -2, 1.8, -0.9, -0.1, -2.7, 0.2, -1],
    },
    eer: 0.275,
    threshold: -0.1,
    cllr: 0.740996,
    minCllr: 0.53282,
  },
  {
    name: 'ties across classes',
    scores: { bonafide: [1, 0, 0, 2], spoof: [0, 0, -1, 1] },
    eer: 0.5,
    threshold: 0,
    cllr: 0.872705,
    minCllr: null,
  },
  {
    name: 'all scores equal',
    scores: { bonafide: [0, 0], spoof: [0, 0] },
    eer: 1,
    threshold: 0,
    cllr: 1,
    minCllr: 1,
  },
];

describe('figures with known answers', () => {
  it.each(KNOWN)('$name', (known) => {
    const { eer, threshold } = equalErrorRate(known.scores);
    expect(eer).toBeCloseTo(known.eer, 6);
    expect(threshold).toBeCloseTo(known.threshold, 6);
    expect(cllr(known.scores)).toBeCloseTo(known.cllr, 6);
    if (known.minCllr !== null) expect(minCllr(known.scores)).toBeCloseTo(known.minCllr, 6);
  });

  it('needs both classes', () => {
    expect(() => equalErrorRate({ bonafide: [1], spoof: [] })).toThrow(RangeError);
    expect(() => equalErrorRate({ bonafide: [], spoof: [1] })).toThrow(/got 0 bona fide/);
  });

  it('stays finite for extreme log-likelihood ratios', () => {
    expect(cllr({ bonafide: [1e6], spoof: [-1e6] })).toBe(0);
    expect(cllr({ bonafide: [-1e4], spoof: [1e4] })).toBeCloseTo(1e4 / Math.LN2, 3);
  });
});

const score = fc.double({ min: -20, max: 20, noNaN: true });
const trialScores = fc.record({
  bonafide: fc.array(score, { minLength: 1, maxLength: 20 }),
  spoof: fc.array(score, { minLength: 1, maxLength: 20 }),
});

describe('properties', () => {
  it('recalibration never costs, and the minimum lies in [0, 1]', () => {
    fc.assert(
      fc.property(trialScores, (scores) => {
        const minimum = minCllr(scores);
        expect(minimum).toBeGreaterThanOrEqual(-1e-12);
        expect(minimum).toBeLessThanOrEqual(Math.min(1, cllr(scores)) + 1e-9);
      }),
      { seed: 11, numRuns: 200 },
    );
  });

  it('the EER lies in [0, 1] and does not move with a shift of all scores', () => {
    const whole = fc.integer({ min: -50, max: 50 });
    const wholeScores = fc.record({
      bonafide: fc.array(whole, { minLength: 1, maxLength: 20 }),
      spoof: fc.array(whole, { minLength: 1, maxLength: 20 }),
    });
    fc.assert(
      fc.property(wholeScores, whole, ({ bonafide, spoof }, shift) => {
        const { eer } = equalErrorRate({ bonafide, spoof });
        expect(eer).toBeGreaterThanOrEqual(0);
        expect(eer).toBeLessThanOrEqual(1);
        const shifted = equalErrorRate({
          bonafide: bonafide.map((value) => value + shift),
          spoof: spoof.map((value) => value + shift),
        });
        expect(shifted.eer).toBe(eer);
      }),
      { seed: 12, numRuns: 200 },
    );
  });
});

function trialsOf(page: string, bonafide: readonly number[], spoof: readonly number[]) {
  const trial =
    (isSpoof: boolean) =>
    (value: number): PageTrial => ({ page, isSpoof, score: value });
  return [...bonafide.map(trial(false)), ...spoof.map(trial(true))];
}

describe('pageMacroEer', () => {
  const perfect = trialsOf('perfect', [1, 2, 3, 4, 5], [-1, -2, -3, -4, -5]);
  // One of five on each side is wrong: EER 0.2.
  const oneWrong = trialsOf('one wrong', [1, 2, 3, 4, -6], [-1, -2, -3, -4, 6]);
  const tooFew = trialsOf('too few', [-1, -1, -1, -1], [1, 1, 1, 1, 1, 1]);

  it('is the mean over pages with five clips of each label', () => {
    const { eer, pages } = pageMacroEer([...perfect, ...oneWrong, ...tooFew]);
    expect(pages).toBe(2);
    expect(eer).toBeCloseTo(0.1, 12);
  });

  it('is NaN when no page is large enough', () => {
    expect(pageMacroEer(tooFew)).toEqual({ eer: Number.NaN, pages: 0 });
  });

  it('splits scores by class', () => {
    expect(splitScores(trialsOf('p', [1, 2], [3]))).toEqual({ bonafide: [1, 2], spoof: [3] });
  });
});
