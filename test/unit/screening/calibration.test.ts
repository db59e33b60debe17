import { describe, expect, it } from 'vitest';
import {
  type CalibratedScore,
  Calibration,
  logit,
  posteriorSynthetic,
} from '../../../src/screening/calibration.ts';

const empty = (): CalibratedScore => ({ llr: 0, syntheticProbability: 0, low: 0, high: 0 });

const table = {
  bins: [
    { minSpeechMs: 0, slope: -1, intercept: 0 },
    { minSpeechMs: 2000, slope: -2, intercept: 0.5 },
  ],
  replicas: [
    [
      { slope: -1, intercept: -1 },
      { slope: -2, intercept: 0 },
    ],
    [
      { slope: -1, intercept: 1 },
      { slope: -2, intercept: 1 },
    ],
  ],
};

describe('posteriorSynthetic', () => {
  it('is the sigmoid of −LLR at even odds', () => {
    expect(posteriorSynthetic(0, 0.5)).toBeCloseTo(0.5, 12);
    expect(posteriorSynthetic(-Math.log(3), 0.5)).toBeCloseTo(0.75, 12);
  });

  it('follows the prior: odds multiply', () => {
    // 1 : 99 prior odds times 99 for synthetic are even odds.
    expect(posteriorSynthetic(-Math.log(99), 0.01)).toBeCloseTo(0.5, 12);
    expect(logit(0.75)).toBeCloseTo(Math.log(3), 12);
  });
});

describe('Calibration', () => {
  it('takes the bin of the speech heard', () => {
    const calibration = new Calibration(table, 0.5);
    const score = empty();
    calibration.apply(1, 1999, score);
    expect(score.llr).toBe(-1);
    calibration.apply(1, 2000, score);
    expect(score.llr).toBe(-1.5);
  });

  it('gives an interval around the score from the replicas', () => {
    const score = empty();
    new Calibration(table, 0.5).apply(0, 0, score);
    // Replica LLRs −1 and 1: the 5 % and 95 % points are −0.9 and 0.9.
    expect(score.low).toBeCloseTo(posteriorSynthetic(0.9, 0.5), 12);
    expect(score.high).toBeCloseTo(posteriorSynthetic(-0.9, 0.5), 12);
    expect(score.syntheticProbability).toBe(0.5);
  });

  it('has no interval without replicas', () => {
    const score = empty();
    new Calibration({ ...table, replicas: [] }, 0.5).apply(1, 0, score);
    expect([score.low, score.high]).toEqual([
      score.syntheticProbability,
      score.syntheticProbability,
    ]);
  });

  it('keeps extreme logits finite', () => {
    const score = empty();
    new Calibration(table, 0.5).apply(1e9, 0, score);
    expect(score.llr).toBe(-20);
    expect(score.syntheticProbability).toBeLessThanOrEqual(1);
  });

  it.each([
    [{ bins: [], replicas: [] }, 0.5, 'at least one bin'],
    [{ ...table, replicas: [[{ slope: 1, intercept: 0 }]] }, 0.5, 'one entry a bin (2), got 1'],
    [table, 1, 'priorSynthetic must be > 0 and < 1, got 1'],
  ])('refuses %#', (bad, prior, message) => {
    expect(() => new Calibration(bad, prior)).toThrow(message);
  });
});
