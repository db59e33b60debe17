import { describe, expect, it } from 'vitest';
import type { ClipLogits } from '../../../src/train/calibrate.ts';
import { judgeSplit, llrOf } from '../../../src/train/evaluate-detector.ts';

const DECISION = {
  calibration: {
    bins: [
      { minSpeechMs: 1000, slope: -1, intercept: 0 },
      { minSpeechMs: 4000, slope: -2, intercept: 0.5 },
    ],
    replicas: [],
  },
  thresholds: [
    { falseAlertRate: 0.01, llr: -3 },
    { falseAlertRate: 0.05, llr: -1 },
  ],
};

function clipsOf(page: string, bonafide: readonly number[], spoof: readonly number[]) {
  const clip =
    (isSpoof: boolean) =>
    (logit: number): ClipLogits => ({
      page,
      system: '',
      isSpoof,
      logits: new Float32Array(50).fill(logit),
      voicedFrames: new Uint8Array(50).fill(8),
    });
  return [...bonafide.map(clip(false)), ...spoof.map(clip(true))];
}

describe('llrOf', () => {
  it.each([
    [500, -1],
    [1000, -1],
    [3999, -1],
    [4000, -1.5],
    [9000, -1.5],
  ])('takes the bin of %i ms of speech', (speechMs, llr) => {
    expect(llrOf(1, speechMs, DECISION)).toBe(llr);
  });
});

describe('judgeSplit', () => {
  const perfect = clipsOf('perfect', [-1, -2, -3, -4, -5], [1, 2, 3, 4, 5]);
  const oneWrong = clipsOf('one wrong', [-1, -2, -3, -4, 6], [1, 2, 3, 4, -6]);
  const names = { split: 'dev', channel: 'mulaw' };
  const figures = judgeSplit([...perfect, ...oneWrong], names, DECISION, 10);

  it('gives page-macro and pooled error rates', () => {
    expect(figures).toMatchObject({ ...names, clips: 20, pages: 2 });
    expect(Object.keys(figures.pageMacroEer)).toEqual(['1 s', '2 s', '4 s', '8 s']);
    for (const eer of Object.values(figures.pageMacroEer)) expect(eer).toBeCloseTo(0.1, 12);
    expect(figures.pooledEer).toBeCloseTo(0.1, 12);
    expect(figures.minCllr).toBeLessThan(figures.cllr);
  });

  it('counts at the 1 % threshold', () => {
    // LLR = -2 logit + 0.5 <= -3 from a logit of 1.75 on.
    expect(figures.falseAlertRate).toBeCloseTo(1 / 10, 12);
    expect(figures.missRate).toBeCloseTo(3 / 10, 12);
  });

  it('gives the same interval every time, around the figure', () => {
    const [low, high] = figures.pageMacroEerInterval;
    expect(low).toBeLessThan(0.1);
    expect(high).toBeGreaterThan(0.1);
    const again = judgeSplit([...perfect, ...oneWrong], names, DECISION, 10);
    expect(again).toEqual(figures);
  });

  it('resamples speakers where pages are few: what a speaker said shares its fate', () => {
    // Two of ten speakers are wrong throughout, with ten clips each.
    const clips = Array.from({ length: 10 }, (_, speaker) => {
      const [sign, human] = [speaker % 5 === 0 ? -1 : 1, speaker < 5];
      const logits = Array<number>(10).fill(human ? -sign : sign);
      const ofOne = human ? clipsOf('p', logits, []) : clipsOf('p', [], logits);
      return ofOne.map((clip) => ({ ...clip, speaker: `s${speaker}` }));
    }).flat();
    const widthOf = (trials: readonly ClipLogits[]) => {
      const [low, high] = judgeSplit(trials, names, DECISION, 10).pageMacroEerInterval;
      return high - low;
    };
    const unknown = clips.map((clip) => ({ ...clip, speaker: '' }));
    expect(widthOf(clips)).toBeGreaterThan(2 * widthOf(unknown));
  });

  it('leaves out clips without speech', () => {
    const silent = { ...perfect[0]!, voicedFrames: new Uint8Array(50) };
    expect(judgeSplit([...perfect, silent], names, DECISION, 10).clips).toBe(10);
  });

  it('has no page figure when no page is large enough', () => {
    const few = judgeSplit(clipsOf('few', [-1], [1]), names, DECISION, 10);
    expect(few.pageMacroEerInterval).toEqual([Number.NaN, Number.NaN]);
    expect(few.pooledEer).toBe(0);
  });
});
