import { describe, expect, it } from 'vitest';
import { bootstrapEer } from '../../../../src/train/metrics/bootstrap.ts';
import { pageMacroEer, pageMacroInterval } from '../../../../src/train/metrics/page-macro.ts';
import { type PageTrial, splitScores } from '../../../../src/train/metrics/trials.ts';

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
  const again = oneWrong.map((trial) => ({ ...trial, page: 'again' }));
  const tooFew = trialsOf('too few', [-1, -1, -1, -1], [1, 1, 1, 1, 1, 1]);

  it('is the mean over pages with five clips of each label', () => {
    const { eer, pages } = pageMacroEer([...perfect, ...oneWrong, ...tooFew]);
    expect(pages).toBe(2);
    expect(eer).toBeCloseTo(0.1, 12);
  });

  it('is NaN when no page is large enough', () => {
    expect(pageMacroEer(tooFew)).toEqual({ eer: Number.NaN, pages: 0 });
  });

  it('has an interval of resampled pages', () => {
    const four = (trials: readonly PageTrial[]) =>
      [0, 1, 2, 3].flatMap((at) =>
        trials.map((trial) => ({ ...trial, page: `${trial.page} ${at}` })),
      );
    const { low, high } = pageMacroInterval([...four(perfect), ...four(oneWrong)], { seed: 1 });
    expect(low).toBeCloseTo(0.025, 12);
    expect(high).toBeCloseTo(0.175, 12);
    expect(pageMacroInterval(perfect, { seed: 1 })).toEqual({ low: 0, high: 0 });
    expect(pageMacroInterval(tooFew, { seed: 1 })).toEqual({ low: Number.NaN, high: Number.NaN });
  });

  it('has an interval of resampled clips where there are few pages', () => {
    const one = pageMacroInterval(oneWrong, { seed: 1 });
    expect(one.low).toBeLessThan(0.2);
    expect(one.high).toBeGreaterThan(0.2);
    const trials = oneWrong.map((trial) => ({ ...trial, group: '' }));
    expect(one).toEqual(bootstrapEer(trials, { by: 'clip', seed: 1 }));
    // The mean over two pages is steadier than either.
    const two = pageMacroInterval([...oneWrong, ...again], { seed: 1 });
    expect(two.low).toBeLessThan(0.2);
    expect(two.high).toBeGreaterThan(0.2);
    expect(two.high - two.low).toBeLessThan(one.high - one.low);
  });

  it('of resampled speakers where they are known', () => {
    const bySpeaker = [...oneWrong, ...oneWrong].map((trial, index) => ({
      ...trial,
      speaker: `speaker ${index % 10}`,
      group: `speaker ${index % 10}`,
    }));
    expect(pageMacroInterval(bySpeaker, { seed: 1 })).toEqual(
      bootstrapEer(bySpeaker, { by: 'group', seed: 1 }),
    );
    const twoPages = bySpeaker.map((trial, index) => ({ ...trial, page: `${index % 2}` }));
    const { low, high } = pageMacroInterval([...twoPages, ...twoPages], { seed: 1 });
    expect(high).toBeGreaterThan(low);
  });

  it('splits scores by class', () => {
    expect(splitScores(trialsOf('p', [1, 2], [3]))).toEqual({ bonafide: [1, 2], spoof: [3] });
  });
});
