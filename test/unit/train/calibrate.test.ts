import { describe, expect, it } from 'vitest';
import { createRandom, type Random } from '../../../src/random.ts';
import { Calibration } from '../../../src/screening/calibration.ts';
import {
  type ClipLogits,
  calibrate,
  fitAffine,
  meanLogitAfter,
  scoresAfter,
  thresholdsOf,
} from '../../../src/train/calibrate.ts';
import { CorpusError } from '../../../src/train/corpora/clip.ts';
import type { ScoredClip } from '../../../src/train/score-store.ts';
import { clipOf } from './toy-corpus.ts';

function clip(logits: readonly number[], voiced: readonly number[], isSpoof = false): ClipLogits {
  return {
    page: 'page',
    system: '',
    isSpoof,
    logits: Float32Array.from(logits),
    voicedFrames: Uint8Array.from(voiced),
  };
}

describe('meanLogitAfter', () => {
  const example = clip([1, 5, 2, -4], [8, 0, 4, 8]);

  it.each([
    [1, 1],
    [8, 1],
    [9, (8 + 8) / 12],
    [13, (8 + 8 - 32) / 20],
    [1000, (8 + 8 - 32) / 20],
  ])('weighs the steps up to %i voiced frames', (frames, mean) => {
    expect(meanLogitAfter(example, frames)).toBeCloseTo(mean, 12);
  });

  it('is NaN for a clip without voiced frames, which gives no score', () => {
    expect(meanLogitAfter(clip([1, 2], [0, 0]), 10)).toBeNaN();
    const scores = scoresAfter([example, clip([3], [0]), clip([2], [8], true)], 80, 10);
    expect(scores).toEqual({ bonafide: [1], spoof: [2] });
  });
});

describe('fitAffine', () => {
  // Normals of one variance: the log-odds are affine, slope (m1 - m0) / s² and
  // intercept (m0² - m1²) / (2 s²).
  const random = createRandom(5);
  const draw = (mean: number) => Array.from({ length: 4000 }, () => mean + 2 * random.gaussian());
  const { slope, intercept } = fitAffine({ bonafide: draw(-1), spoof: draw(2) });

  it('recovers the log-odds of two normals', () => {
    expect(slope).toBeGreaterThan(-0.75 - 0.08);
    expect(slope).toBeLessThan(-0.75 + 0.08);
    expect(intercept).toBeGreaterThan(0.375 - 0.08);
    expect(intercept).toBeLessThan(0.375 + 0.08);
  });

  it('stays finite for classes that a threshold separates', () => {
    const map = fitAffine({ bonafide: [-3, -2], spoof: [2, 3] });
    expect(map.slope).toBeLessThan(-0.5);
    expect(Number.isFinite(map.slope) && Number.isFinite(map.intercept)).toBe(true);
    expect(map.intercept).toBeCloseTo(0, 6);
  });

  // Minima of the same cost by scipy.optimize.minimize (Nelder-Mead, to 1e-10).
  it.each([
    [
      'off the middle',
      [-11, -9, -8.5, -7, -4, -2],
      [-5, -3, -1, 0.5, 1, 2],
      [-0.639367, -2.329175],
    ],
    [
      'far on the wrong side',
      [-12, -9, -6, -4, 1, 8],
      [-7, -1, 3, 6, 10, 13],
      [-0.156269, 0.014392],
    ],
    ['far apart', [-2, -1, 0, 1, 1.5], [6, 7, 7.5, 8, 9], [-1.669647, 5.549588]],
  ])('finds the minimum for classes %s', (_, bonafide, spoof, expected) => {
    const { slope, intercept } = fitAffine({ bonafide, spoof });
    for (const [at, value] of [slope, intercept].entries()) {
      expect(value).toBeCloseTo(expected[at]!, 5);
    }
  });

  it('weighs the classes equally, whatever their counts', () => {
    const few = fitAffine({ bonafide: [-1, 0.5], spoof: [1, -0.5] });
    const many = fitAffine({ bonafide: [-1, 0.5], spoof: [1, -0.5, 1, -0.5, 1, -0.5] });
    expect(many.slope).toBeCloseTo(few.slope, 9);
    expect(many.intercept).toBeCloseTo(few.intercept, 9);
  });
});

describe('thresholdsOf', () => {
  const random = createRandom(6);
  const llrs = Array.from({ length: 2000 }, () => 2 + 1.5 * random.gaussian());

  it('lets no more than the share of the clips lie at or below', () => {
    const thresholds = thresholdsOf(llrs);
    expect(thresholds.map(({ falseAlertRate }) => falseAlertRate)).toEqual([
      0.001, 0.005, 0.01, 0.02, 0.05,
    ]);
    for (const { falseAlertRate, llr } of thresholds) {
      const below = llrs.filter((value) => value <= llr).length;
      expect(below).toBeLessThanOrEqual(falseAlertRate * llrs.length);
      expect(below).toBeGreaterThanOrEqual(falseAlertRate * llrs.length - 1);
    }
  });

  it('goes below the lowest clip when there are too few for a share', () => {
    expect(thresholdsOf([3, 1, 2])[0]).toEqual({ falseAlertRate: 0.001, llr: 0.95 });
  });

  it('says so when no human clip had enough speech', () => {
    expect(() => thresholdsOf([])).toThrow(CorpusError);
    expect(() => thresholdsOf([])).toThrow(/human clips with enough speech/);
  });
});

/** 60 clips on so many pages, every other one spoofed. */
function scoredClips(pages: number, speakerOf: (index: number) => string = () => ''): ScoredClip[] {
  const random = createRandom(7);
  return Array.from({ length: 60 }, (_, index): ScoredClip => {
    const isSpoof = index % 2 === 1;
    const page = `page ${index % pages}`;
    const logits = Array.from({ length: 60 }, () => (isSpoof ? 1 : -1) + 2 * random.gaussian());
    return {
      ...clip(logits, new Array<number>(60).fill(8), isSpoof),
      page,
      clip: {
        ...clipOf(isSpoof ? 'spoof' : 'bonafide', page),
        path: `${index}.wav`,
        speaker: speakerOf(index),
      },
    };
  });
}

describe('calibrate', () => {
  const OPTIONS = { binEdgesMs: [1000, 2000, 4000], hopMs: 10, replicas: 6 };
  const run = (clips: readonly ScoredClip[], seed: number) =>
    calibrate(clips, { ...OPTIONS, random: createRandom(seed) });
  const ofPages = scoredClips(9);

  it('fits a bin an edge, longer speech with a steeper slope', () => {
    const { bins, replicas } = run(ofPages, 1);
    expect(bins.map(({ minSpeechMs }) => minSpeechMs)).toEqual([1000, 2000, 4000]);
    expect(bins.every(({ slope }) => slope < 0)).toBe(true);
    expect(bins[2]!.slope).toBeLessThan(bins[0]!.slope);
    expect(replicas).toHaveLength(6);
    expect(replicas.every((maps) => maps.length === 3)).toBe(true);
  });

  it('gives the same table for a seed, and the same bins for any', () => {
    expect(run(ofPages, 1)).toEqual(run(ofPages, 1));
    expect(run(ofPages, 2).replicas).not.toEqual(run(ofPages, 1).replicas);
    expect(run(ofPages, 2).bins).toEqual(run(ofPages, 1).bins);
  });

  /** Slopes of the longest bin of replicas that draw these groups as wholes. */
  function slopesOf(strata: readonly (readonly ScoredClip[][])[], random: Random): number[] {
    return Array.from({ length: OPTIONS.replicas }, () => {
      const drawn = strata.flatMap((groups) =>
        groups.flatMap(() => groups[random.integer(groups.length)]!),
      );
      return fitAffine(scoresAfter(drawn, 4000, 10)).slope;
    });
  }

  function expectSlopes(clips: readonly ScoredClip[], strata: readonly ScoredClip[][][]): void {
    const slopes = run(clips, 3).replicas.map((maps) => maps[2]!.slope);
    for (const [at, slope] of slopesOf(strata, createRandom(3)).entries()) {
      expect(slopes[at]).toBeCloseTo(slope, 5);
    }
    expect(new Set(slopes).size).toBeGreaterThan(1);
  }

  it('replicas draw whole pages where there are eight of them', () => {
    const pages = Array.from({ length: 9 }, (_, page) =>
      ofPages.filter((member) => member.page === `page ${page}`),
    );
    expectSlopes(ofPages, [pages]);
  });

  it('never draw without a class where pages hold one each', () => {
    // Page 8 has all the spoofs: of nine draws from nine pages a third would miss it.
    const clips = scoredClips(1).map((member, index) => {
      const page = member.isSpoof ? 'page 8' : `page ${(index / 2) % 8}`;
      return { ...member, page, clip: { ...member.clip, page } };
    });
    const table = calibrate(clips, { ...OPTIONS, replicas: 40, random: createRandom(3) });
    // Fitted to one class alone the LLR is some 4 whatever was heard.
    for (const maps of table.replicas) expect(Math.abs(maps[2]!.intercept)).toBeLessThan(2);
  });

  it('the clips of each class where there are fewer, so that the interval has a width', () => {
    const clips = scoredClips(1);
    const single = [false, true].map((wanted) =>
      clips.filter(({ isSpoof }) => isSpoof === wanted).map((member) => [member]),
    );
    expectSlopes(clips, single);
    const score = { llr: 0, syntheticProbability: 0, low: 0, high: 0 };
    new Calibration(run(clips, 3), 0.5).apply(0.3, 5000, score);
    expect(score.high - score.low).toBeGreaterThan(0.01);
  });

  it('a clip with all of its channels', () => {
    const clips = scoredClips(1);
    const twice = [...clips, ...clips];
    const pairs = [false, true].map((wanted) =>
      clips.filter(({ isSpoof }) => isSpoof === wanted).map((member) => [member, member]),
    );
    expectSlopes(twice, pairs);
  });

  it('speakers where they are known, each class from its own', () => {
    // 20 speakers; those of even numbers are human.
    const clips = scoredClips(1, (index) => `speaker ${index % 20}`);
    const speakers = [0, 1].map((first) =>
      Array.from({ length: 10 }, (_, at) =>
        clips.filter((member) => member.clip.speaker === `speaker ${2 * at + first}`),
      ),
    );
    expectSlopes(clips, speakers);
  });
});
