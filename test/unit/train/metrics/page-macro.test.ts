import { describe, expect, it } from 'vitest';
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
    expect(pageMacroInterval([...perfect, ...oneWrong], { seed: 1 })).toEqual({
      low: 0,
      high: 0.2,
    });
    expect(pageMacroInterval(perfect, { seed: 1 })).toEqual({ low: 0, high: 0 });
    expect(pageMacroInterval(tooFew, { seed: 1 })).toEqual({ low: Number.NaN, high: Number.NaN });
  });

  it('splits scores by class', () => {
    expect(splitScores(trialsOf('p', [1, 2], [3]))).toEqual({ bonafide: [1, 2], spoof: [3] });
  });
});
