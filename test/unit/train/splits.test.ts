import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clip } from '../../../src/train/corpora/clip.ts';
import { applySplitFile, writeSplitFile } from '../../../src/train/split-file.ts';
import { makeSplits, refuseLeakingSplits, type SplitPlan } from '../../../src/train/splits.ts';
import { systemFamily } from '../../../src/train/system-family.ts';
import { clipOf } from './toy-corpus.ts';

/** Forty pages of ten clips; pages `3k` and `3k + 1` share a speaker; generators go round in pages. */
function corpus(): Clip[] {
  return Array.from({ length: 40 }, (_, page) =>
    Array.from({ length: 10 }, (_, index): Clip => {
      const label = index % 2 === 0 ? 'bonafide' : 'spoof';
      return {
        ...clipOf(label, `page ${page}`),
        path: `/corpus/${page}/${index}.wav`,
        system: label === 'spoof' ? `gan${'abcdefghijklmnopqrst'[page >> 1]}` : 'human',
        speaker: page % 3 === 2 ? '' : `speaker ${Math.floor(page / 3)}`,
        language: page % 4 === 0 ? 'ru' : 'en',
        gender: page % 2 === 0 ? 'female' : 'male',
      };
    }),
  ).flat();
}

const PLAN: SplitPlan = {
  seed: 7,
  disjointBy: ['speaker', 'page'],
  shares: { train: 0.7, val: 0.15, dev: 0.15 },
};

describe('makeSplits', () => {
  const made = makeSplits(corpus(), PLAN);

  it('keeps to the shares, by label and by what is known of clips', () => {
    for (const test of [
      (clip: Clip) => clip.label === 'spoof',
      (clip: Clip) => clip.language === 'ru',
      (clip: Clip) => clip.gender === 'female',
    ]) {
      const members = made.filter(test);
      const share = members.filter(({ split }) => split === 'train').length / members.length;
      expect(share).toBeGreaterThan(0.6);
      expect(share).toBeLessThan(0.8);
    }
  });

  it('shares no speaker and no page, and is the same by the same seed', () => {
    expect(() => refuseLeakingSplits(made, PLAN.disjointBy)).not.toThrow();
    expect(makeSplits(corpus(), PLAN)).toEqual(made);
    expect(makeSplits(corpus(), { ...PLAN, seed: 8 })).not.toEqual(made);
  });

  it('refuses what hangs together', () => {
    const one = corpus().map((clip) => ({ ...clip, speaker: 'the one' }));
    expect(() => makeSplits(one, PLAN)).toThrow(
      /the split val would have no bonafide clips: 400 of 400 clips hang together/,
    );
    expect(() => makeSplits(one, { ...PLAN, shares: { train: 0.5 } })).toThrow(RangeError);
  });
});

describe('refuseLeakingSplits', () => {
  const both = [clipOf('spoof', 'one', 'train'), clipOf('spoof', 'two', 'dev')] as const;

  it.each([
    { key: 'speaker', field: { speaker: 'ann' } },
    { key: 'sentence', field: { sentence: 'hello' } },
    { key: 'page', field: { page: 'one' } },
    { key: 'generator', field: { system: 'VITS' } },
  ] as const)('finds a $key in two splits', ({ key, field }) => {
    const clips = both.map((clip) => ({ ...clip, ...field }));
    expect(() => refuseLeakingSplits(clips, [key])).toThrow(/is in the splits train and dev/);
  });

  it('takes what is unknown as not shared', () => {
    const clips = both.map((clip) => ({ ...clip, system: 'unknown' }));
    expect(() => refuseLeakingSplits(clips, ['speaker', 'sentence', 'generator'])).not.toThrow();
  });
});

describe('systemFamily', () => {
  it.each([
    ['HiFi-GAN', 'hifigan'],
    ['HiFi-GAN V2(copy)', 'hifigan'],
    ['hifigan_v1', 'hifigan'],
    ['VITS-abl', 'vits'],
    ['FastSpeech2', 'fastspeech2'],
    ['CosyVoice 2', 'cosyvoice'],
    ['A07', 'a07'],
    ['语音', '语音'],
  ])('%s → %s', (system, family) => {
    expect(systemFamily(system)).toBe(family);
  });
});

describe('a file of splits', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bonafide-splits-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const made = makeSplits(corpus(), PLAN);

  it('gives back what was written', () => {
    const path = join(folder, 'splits.json');
    writeSplitFile(path, '/corpus', made, PLAN);
    expect(applySplitFile(path, '/corpus', corpus())).toEqual(made);
  });

  it('is refused when it was altered, lacks a clip, leaks, or is something else', () => {
    const path = join(folder, 'splits.json');
    writeSplitFile(path, '/corpus', made, PLAN);
    const stranger = { ...made[0]!, path: '/corpus/new.wav' };
    expect(() => applySplitFile(path, '/corpus', [stranger])).toThrow(/no split of new\.wav/);
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace('"seed": 7', '"seed": 9'));
    expect(() => applySplitFile(path, '/corpus', corpus())).toThrow(/it was altered/);
    writeFileSync(path, '{}');
    expect(() => applySplitFile(path, '/corpus', corpus())).toThrow(/is no file of splits/);
    const leaking = made.map((clip) => ({ ...clip, page: 'one' }));
    expect(() => writeSplitFile(path, '/corpus', leaking, PLAN)).toThrow(/page "one" is in/);
  });
});
