import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/random.ts';
import { compareSlices } from '../../../src/train/compare.ts';
import type { Clip } from '../../../src/train/corpora/clip.ts';
import { durationCurve } from '../../../src/train/duration-curve.ts';
import type { ScoredClip } from '../../../src/train/score-store.ts';
import { judgedTrials, judgeSlices, slicesOf } from '../../../src/train/slices.ts';
import { clipOf } from './toy-corpus.ts';

const HOP_MS = 10;
const DECISION = {
  calibration: { bins: [{ minSpeechMs: 1000, slope: -1, intercept: 0 }], replicas: [] },
  thresholds: [{ falseAlertRate: 0.01, llr: -1 }],
};

/**
 * 240 clips on twelve pages: en and de, three synthesisers of which VITS is as good as human. Logits
 * are 0 for the first two seconds of speech.
 */
function scoredClips(seed = 1): ScoredClip[] {
  const random = createRandom(seed);
  return Array.from({ length: 240 }, (_, index): ScoredClip => {
    const isSpoof = index % 2 === 1;
    const system = ['VITS', 'HiFi-GAN V1', 'HiFi-GAN V2(copy)'][Math.floor(index / 2) % 3]!;
    const clip: Clip = {
      ...clipOf(isSpoof ? 'spoof' : 'bonafide', `page ${Math.floor(index / 20)}`, 'dev'),
      path: `${index}.wav`,
      system: isSpoof ? system : 'human',
      language: index < 160 ? 'en' : 'de',
    };
    const mean = isSpoof && system !== 'VITS' ? 4 : -1;
    const late = mean + random.gaussian();
    return {
      clip,
      page: clip.page,
      system: clip.system,
      isSpoof,
      logits: Float32Array.from({ length: 50 }, (__, step) => (step < 25 ? 0.01 * late : late)),
      voicedFrames: new Uint8Array(50).fill(8),
    };
  });
}

describe('slices', () => {
  const trials = judgedTrials(scoredClips(), DECISION, HOP_MS);
  const seen = new Set(['hifigan']);
  const figures = judgeSlices(slicesOf(trials, seen), 'mulaw', DECISION);
  const find = (value: string) => figures.find((slice) => slice.value === value)!;

  it('are all, then what clips differ in, then synthesisers', () => {
    expect(figures.map(({ dimension, value }) => `${dimension} ${value}`.trim())).toEqual([
      'all',
      'language en',
      'language de',
      'synthesisers seen',
      'synthesisers unseen',
      'family hifigan',
      'family vits',
    ]);
    expect(find('de')).toMatchObject({ channel: 'mulaw', bonafide: 40, spoof: 40 });
    expect(find('seen')).toMatchObject({ bonafide: 120, spoof: 80 });
  });

  it('have figures with intervals around them', () => {
    expect(find('hifigan').eer).toBeLessThan(0.1);
    expect(find('unseen').eer).toBeGreaterThan(0.35);
    expect(find('unseen').auc).toBeLessThan(0.65);
    for (const { eer, eerInterval, resampled } of figures) {
      expect(eerInterval.low).toBeLessThanOrEqual(eer);
      expect(eerInterval.high).toBeGreaterThanOrEqual(eer);
      expect(['groups', 'clips']).toContain(resampled);
    }
    // Twelve pages of all, four of German.
    expect([find('').resampled, find('de').resampled]).toEqual(['groups', 'clips']);
  });

  it('count synthesisers of no known name as neither seen nor unseen', () => {
    const nameless = trials.map((trial, at) => {
      if (trial.clip.system !== 'VITS') return trial;
      return { ...trial, clip: { ...trial.clip, system: at % 4 === 1 ? 'unknown' : '' } };
    });
    const spoofOf = (seenFamilies: readonly string[]) =>
      slicesOf(nameless, new Set(seenFamilies))
        .filter(({ dimension }) => dimension === 'synthesisers')
        .map(({ value, trials: members }) => [value, members.length - 120]);
    expect(spoofOf(['hifigan', 'unknown', ''])).toEqual([['seen', 80]]);
    expect(spoofOf(['tacotron'])).toEqual([['unseen', 80]]);
  });

  it('by SNR where it was measured', () => {
    const heard = scoredClips().map((clip, at) => ({ ...clip, snrDb: at < 120 ? 12 : 38 }));
    const bands = slicesOf(judgedTrials(heard, DECISION, HOP_MS), null)
      .filter(({ dimension }) => dimension === 'SNR')
      .map(({ value, trials: members }) => [value, members.length]);
    expect(bands).toEqual([
      ['below 15 dB', 120],
      ['from 35 dB', 120],
    ]);
  });

  it('leave out what is unknown, shared by all, or small', () => {
    const few = trials.slice(0, 30);
    expect(slicesOf(few, null).map(({ dimension }) => dimension)).toEqual(['all']);
  });
});

describe('durationCurve', () => {
  it('judges by the speech heard so far and says how many clips have as much', () => {
    const curve = durationCurve(scoredClips(), DECISION, HOP_MS);
    expect(curve.map(({ speechSeconds }) => speechSeconds)).toEqual([1, 2, 4, 8]);
    // Fifty steps of eight frames are four seconds.
    expect(curve.map(({ longEnough }) => longEnough)).toEqual([1, 1, 1, 0]);
    expect(curve[3]!.eer).toBe(curve[2]!.eer);
    for (const { eer, eerInterval } of curve) expect(eerInterval.low).toBeLessThanOrEqual(eer);
  });
});

describe('compareSlices', () => {
  const trials = judgedTrials(scoredClips(), DECISION, HOP_MS);
  const random = createRandom(3);

  it('says the same of a detector against itself', () => {
    const rows = compareSlices(slicesOf(trials, null), trials, 'mulaw');
    expect(rows.length).toBeGreaterThan(3);
    for (const row of rows) expect(row).toMatchObject({ difference: 0, verdict: 'same' });
  });

  it('finds the slice that got worse, and the other way round', () => {
    const worse = trials.map((trial) =>
      trial.clip.language === 'de' ? { ...trial, score: random.gaussian() } : trial,
    );
    const verdicts = (ours: typeof trials, theirs: typeof trials) =>
      Object.fromEntries(
        compareSlices(slicesOf(ours, null), theirs, 'mulaw').map((row) => [row.value, row.verdict]),
      );
    expect(verdicts(worse, trials)).toMatchObject({ en: 'same', de: 'worse' });
    expect(verdicts(trials, worse)).toMatchObject({ en: 'same', de: 'better' });
  });

  it('compares the clips that both judged', () => {
    const rows = compareSlices(slicesOf(trials, null), trials.slice(0, 100), 'mulaw');
    expect(rows[0]!.trials).toBe(100);
    expect(compareSlices(slicesOf(trials, null), [], 'mulaw')).toEqual([]);
  });
});
