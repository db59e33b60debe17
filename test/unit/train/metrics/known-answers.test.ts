import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CorpusError } from '../../../../src/train/corpora/clip.ts';
import { cllr, minCllr } from '../../../../src/train/metrics/cllr.ts';
import { areaUnderRoc, detPoints } from '../../../../src/train/metrics/det.ts';
import { equalErrorRate, realisableEqualErrorRate } from '../../../../src/train/metrics/eer.ts';
import { actDcf, bayesThreshold, minDcf } from '../../../../src/train/metrics/min-dcf.ts';
import {
  ASVSPOOF2019_VERIFIER,
  minTandemDcf,
  tandemWeights2019,
  tandemWeights2021,
} from '../../../../src/train/metrics/t-dcf.ts';
import { KNOWN_ANSWERS } from './known-answers.ts';

const form2019 = tandemWeights2019(ASVSPOOF2019_VERIFIER);
const form2021 = tandemWeights2021(ASVSPOOF2019_VERIFIER);

describe('figures with known answers', () => {
  it.each(KNOWN_ANSWERS)('$name', (known) => {
    const { eer, threshold } = equalErrorRate(known.scores);
    expect(eer).toBeCloseTo(known.eer, 6);
    expect(threshold).toBeCloseTo(known.threshold, 6);
    expect(realisableEqualErrorRate(known.scores).eer).toBeCloseTo(known.realisableEer, 6);
    expect(minDcf(known.scores)).toBeCloseTo(known.minDcf, 6);
    expect(actDcf(known.scores)).toBeCloseTo(known.actDcf, 6);
    expect(cllr(known.scores)).toBeCloseTo(known.cllr, 6);
    if (known.minCllr !== null) expect(minCllr(known.scores)).toBeCloseTo(known.minCllr, 6);
    expect(minTandemDcf(known.scores, form2019)).toBeCloseTo(known.tandem2019, 6);
    expect(minTandemDcf(known.scores, form2021)).toBeCloseTo(known.tandem2021, 6);
  });

  it('needs both classes, and numbers', () => {
    expect(() => equalErrorRate({ bonafide: [1], spoof: [] })).toThrow(CorpusError);
    expect(() => equalErrorRate({ bonafide: [], spoof: [1] })).toThrow(/got 0 bona fide/);
    expect(() => minDcf({ bonafide: [Number.NaN], spoof: [1] })).toThrow(/got NaN/);
  });

  it('stays finite for extreme log-likelihood ratios', () => {
    expect(cllr({ bonafide: [1e6], spoof: [-1e6] })).toBe(0);
    expect(cllr({ bonafide: [-1e4], spoof: [1e4] })).toBeCloseTo(1e4 / Math.LN2, 3);
  });
});

describe('constants of the challenges', () => {
  it('ASVspoof 2019 LA: the rates of the organisers’ verifier and both sets of weights', () => {
    expect(ASVSPOOF2019_VERIFIER.falseAccept).toBeCloseTo(0.0246047, 7);
    expect(ASVSPOOF2019_VERIFIER.miss).toBeCloseTo(0.024581, 6);
    expect(ASVSPOOF2019_VERIFIER.spoofMiss).toBeCloseTo(0.2393475, 7);
    expect(form2019.c1).toBeCloseTo(0.9150441, 6);
    expect(form2019.c2).toBeCloseTo(0.3803262, 6);
    expect(form2019.c1 / form2019.c2).toBeCloseTo(2.405945, 5);
    expect(form2021.c0).toBeCloseTo(0.0254559, 6);
    expect(form2021.c1).toBeCloseTo(0.9150441, 6);
    expect(form2021.c2).toBeCloseTo(0.3803262, 6);
  });

  it('ASVspoof 5: the threshold of Bayes’ rule', () => {
    expect(bayesThreshold()).toBeCloseTo(-0.641854, 6);
  });

  it('refuses a verifier that makes a weight 0', () => {
    const useless = tandemWeights2019({ falseAccept: 1, miss: 1, spoofMiss: 1 });
    expect(() => minTandemDcf({ bonafide: [1], spoof: [0] }, useless)).toThrow(RangeError);
  });
});

describe('points and areas', () => {
  it('has one point a trial and one before all', () => {
    const points = detPoints({ bonafide: [1, 2], spoof: [0, 1] });
    expect(points).toEqual([
      { frr: 0, far: 1, threshold: -0.001 },
      { frr: 0, far: 0.5, threshold: 0 },
      { frr: 0.5, far: 0.5, threshold: 1 },
      { frr: 0.5, far: 0, threshold: 1 },
      { frr: 1, far: 0, threshold: 2 },
    ]);
  });

  it.each([
    { what: 'separable', bonafide: [1, 2, 3], spoof: [-3, -2, -1], area: 1 },
    { what: 'the wrong way round', bonafide: [-1], spoof: [1], area: 0 },
    { what: 'constant', bonafide: [0, 0], spoof: [0, 0, 0], area: 0.5 },
    // Of the four pairs two are right, one is a tie, one is wrong.
    { what: 'mixed', bonafide: [1, 3], spoof: [1, 2], area: 2.5 / 4 },
  ])('area under the curve: $what', ({ bonafide, spoof, area }) => {
    expect(areaUnderRoc({ bonafide, spoof })).toBeCloseTo(area, 12);
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

  it('no fixed threshold costs less than the best one', () => {
    fc.assert(
      fc.property(trialScores, (scores) => {
        expect(minDcf(scores)).toBeLessThanOrEqual(Math.min(1, actDcf(scores)) + 1e-12);
      }),
      { seed: 13, numRuns: 200 },
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
