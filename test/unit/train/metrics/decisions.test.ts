import { describe, expect, it } from 'vitest';
import { calibrationError } from '../../../../src/train/metrics/calibration-error.ts';
import { confusionAt } from '../../../../src/train/metrics/confusion.ts';

describe('confusionAt', () => {
  it('counts synthetic as positive, the threshold itself included', () => {
    const confusion = confusionAt({ bonafide: [3, 2, 1, -2], spoof: [-3, -1, 4] }, -1);
    expect(confusion.matrix).toEqual({
      spoofCalledSpoof: 2,
      spoofCalledBonafide: 1,
      bonafideCalledSpoof: 1,
      bonafideCalledBonafide: 3,
    });
    expect(confusion.accuracy).toBeCloseTo(5 / 7, 12);
    expect(confusion.balancedAccuracy).toBeCloseTo((2 / 3 + 3 / 4) / 2, 12);
    expect(confusion.precision).toBeCloseTo(2 / 3, 12);
    expect(confusion.recall).toBeCloseTo(2 / 3, 12);
    expect(confusion.f1).toBeCloseTo(2 / 3, 12);
    expect(confusion.falseAlertRate).toBeCloseTo(1 / 4, 12);
    expect(confusion.missRate).toBeCloseTo(1 / 3, 12);
  });

  it('has no precision when nothing was called synthetic', () => {
    const { precision, recall, f1 } = confusionAt({ bonafide: [1], spoof: [2] }, 0);
    expect([precision, recall, f1]).toEqual([Number.NaN, 0, 0]);
  });
});

describe('calibrationError', () => {
  // LLR ln 3 = a quarter synthetic: said and found agree in both bins.
  const honest = {
    bonafide: [Math.log(3), Math.log(3), Math.log(3), -Math.log(3)],
    spoof: [-Math.log(3), -Math.log(3), -Math.log(3), Math.log(3)],
  };

  it('is 0 when probabilities keep what they say', () => {
    const { ece, bins } = calibrationError(honest);
    expect(ece).toBeCloseTo(0, 12);
    expect(bins).toHaveLength(10);
    expect(bins[2]).toMatchObject({ low: 0.2, high: 0.3, trials: 4 });
    expect(bins[2]!.said).toBeCloseTo(0.25, 12);
    expect(bins[2]!.found).toBeCloseTo(0.25, 12);
    expect(bins[0]).toMatchObject({ trials: 0, weight: 0, said: Number.NaN, found: Number.NaN });
  });

  it('is what is missing when they say too much', () => {
    const bold = {
      bonafide: honest.bonafide.map((llr) => 100 * llr),
      spoof: honest.spoof.map((llr) => 100 * llr),
    };
    expect(calibrationError(bold).ece).toBeCloseTo(0.25, 9);
  });

  it('does not depend on how many trials of each class there are', () => {
    const more = { bonafide: honest.bonafide, spoof: [...honest.spoof, ...honest.spoof] };
    expect(calibrationError(more).ece).toBeCloseTo(0, 12);
  });
});
