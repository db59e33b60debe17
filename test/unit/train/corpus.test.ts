import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CorpusError, type Split } from '../../../src/train/corpora/clip.ts';
import { readCorpus, readExtraClips, requireTrainingSplits } from '../../../src/train/corpus.ts';
import { clipOf } from './toy-corpus.ts';

const HEADER = 'file,label,system,speaker,language,page,split,source_rate_hz,seconds';
const HUMAN = 'a.wav,bonafide,human,ann,en,one,train,16000,2.5';
const FAKE = 'b.wav,spoof,vits,ann,en,one,train,22050,3';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-corpus-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The manifest, and the files that its rows may name. */
function manifest(...lines: readonly string[]): void {
  for (const name of ['a.wav', 'b.wav', 'c.wav']) touch(name);
  writeFileSync(join(folder, 'manifest.csv'), `${lines.join('\n')}\n`);
}

function touch(path: string): void {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), '');
}

describe('a corpus with a manifest', () => {
  it('gives the clips in order', () => {
    manifest(HEADER, HUMAN, FAKE);
    expect(readCorpus(folder)).toEqual([
      {
        path: join(folder, 'a.wav'),
        label: 'bonafide',
        system: 'human',
        speaker: 'ann',
        language: 'en',
        page: 'one',
        split: 'train',
        sourceRateHz: 16_000,
        seconds: 2.5,
      },
      expect.objectContaining({ label: 'spoof', system: 'vits', seconds: 3 }),
    ]);
  });

  it('knows the other names of the labels and lines that end in CRLF', () => {
    manifest(
      `${HEADER}\r`,
      `${HUMAN.replace('bonafide', 'bona-fide')}\r`,
      HUMAN.replace('bonafide', 'real').replace('a.wav', 'c.wav'),
      FAKE.replace('spoof', 'fake'),
    );
    expect(readCorpus(folder).map(({ label }) => label)).toEqual(['bonafide', 'bonafide', 'spoof']);
  });

  it('refuses a file in two rows: it would count twice, or be in two splits', () => {
    const again = HUMAN.replace('a.wav', './a.wav').replace('one,train', 'two,dev');
    manifest(HEADER, HUMAN, FAKE, again);
    expect(() => readCorpus(folder)).toThrow(/manifest\.csv, line 4: a second row of a\.wav$/);
  });

  it.each([
    ['seconds', '2.5 s'],
    ['seconds', '-1'],
    ['source_rate_hz', '16k'],
  ])('refuses %s that are "%s", and takes none for unknown', (column, text) => {
    const row = (value: string) =>
      column === 'seconds' ? HUMAN.replace('2.5', value) : HUMAN.replace('16000', value);
    manifest(HEADER, FAKE, row(text));
    expect(() => readCorpus(folder)).toThrow(`line 3: unknown ${column} "${text}"`);
    manifest(HEADER, FAKE, row(''));
    expect(readCorpus(folder)[1]).toMatchObject(
      column === 'seconds' ? { seconds: 0 } : { sourceRateHz: 0 },
    );
  });

  it('reads what more the manifest knows', () => {
    manifest(`${HEADER},gender,accent,codec,age`, `${HUMAN},F,scottish,gsm,`, `${FAKE},,,,40`);
    expect(readCorpus(folder)).toEqual([
      expect.objectContaining({ gender: 'female', accent: 'scottish', codec: 'gsm' }),
      expect.objectContaining({ label: 'spoof', age: '40' }),
    ]);
    expect(readCorpus(folder)[0]).not.toHaveProperty('age');
  });

  it('names the files that are not there, all before any is decoded', () => {
    manifest(HEADER, HUMAN, FAKE);
    rmSync(join(folder, 'b.wav'));
    expect(() => readCorpus(folder)).toThrow(CorpusError);
    expect(() => readCorpus(folder)).toThrow(/manifest\.csv: 1 of 2 files are not there: b\.wav$/);
    const lost = [1, 2, 3, 4].map((at) => FAKE.replace('b.wav', `audio/${at}.wav`));
    manifest(HEADER, HUMAN, ...lost);
    expect(() => readCorpus(folder)).toThrow(
      /4 of 5 files are not there: audio\/1\.wav, audio\/2\.wav, audio\/3\.wav, …$/,
    );
  });

  it('reads quoted fields', () => {
    manifest(HEADER, HUMAN.replace('ann', '"Doe, ""Ann"""'), FAKE);
    expect(readCorpus(folder)[0]!.speaker).toBe('Doe, "Ann"');
  });

  it.each([
    { what: 'a wrong header', lines: ['file,label', HUMAN], message: /the header must have/ },
    {
      what: 'a wrong column count',
      lines: [HEADER, HUMAN, `${FAKE},more`],
      message: /line 3: expected 9 columns, got 10/,
    },
    {
      what: 'an unknown label',
      lines: [HEADER, HUMAN.replace('bonafide', 'maybe')],
      message: /line 2: unknown label "maybe"/,
    },
    {
      what: 'a label that is a name every object has',
      lines: [HEADER, HUMAN.replace('bonafide', 'constructor'), FAKE],
      message: /unknown label "constructor"/,
    },
    {
      what: 'an unknown split',
      lines: [HEADER, HUMAN.replace('train', 'test')],
      message: /line 2: unknown split "test"/,
    },
    { what: 'one class only', lines: [HEADER, HUMAN], message: /only bonafide clips/ },
    { what: 'no clips', lines: [HEADER], message: /holds no clips/ },
    {
      what: 'a page in two splits',
      lines: [HEADER, HUMAN, FAKE.replace('train', 'dev')],
      message: /page "one" is in the splits train and dev/,
    },
  ])('refuses $what', ({ lines, message }) => {
    manifest(...lines);
    expect(() => readCorpus(folder)).toThrow(CorpusError);
    expect(() => readCorpus(folder)).toThrow(message);
  });
});

describe('a plain folder', () => {
  it('takes real/ and fake/, one level deep, as the split dev of one page', () => {
    const others = ['real/.hidden.wav', 'real/notes.txt', 'fake/vits/README.md'];
    for (const path of [
      'real/ann/1.wav',
      'real/2.wav',
      'fake/vits/3.wav',
      'fake/4.wav',
      ...others,
    ]) {
      touch(path);
    }
    const clips = readCorpus(folder);
    expect(clips.map(({ label, system, speaker }) => [label, system, speaker])).toEqual([
      ['bonafide', 'human', ''],
      ['bonafide', 'human', 'ann'],
      ['spoof', 'unknown', ''],
      ['spoof', 'vits', ''],
    ]);
    expect(new Set(clips.map(({ split }) => split))).toEqual(new Set(['dev']));
    expect(new Set(clips.map(({ page }) => page))).toEqual(new Set([basename(folder)]));
  });

  it('refuses an empty folder and one class only', () => {
    expect(() => readCorpus(folder)).toThrow(/holds no clips/);
    touch('fake/1.wav');
    expect(() => readCorpus(folder)).toThrow(/only spoof clips/);
  });
});

describe('requireTrainingSplits', () => {
  const both = (split: Split) => [clipOf('bonafide', split, split), clipOf('spoof', split, split)];
  const whole = [...both('train'), ...both('val'), ...both('dev')];

  it('takes a corpus with both classes in every split', () => {
    expect(() => requireTrainingSplits(whole)).not.toThrow();
  });

  it('names the split and the class that are missing', () => {
    expect(() => requireTrainingSplits(both('dev'))).toThrow(/split train has no bonafide clips/);
    expect(() => requireTrainingSplits(whole.slice(0, -1))).toThrow(/split dev has no spoof clips/);
  });
});

describe('readExtraClips', () => {
  const COPY = 'b.wav,spoof,voc(copy),,en,one,train,22050,3';

  it('takes copies of pages to train on, also where pages are in several splits', () => {
    manifest(HEADER, COPY);
    const disjoint = [clipOf('bonafide', 'one'), clipOf('spoof', 'two', 'dev')];
    expect(readExtraClips(folder, disjoint)).toHaveLength(1);
    // As a plain folder is split, or a public corpus that lacks a split.
    const bySpeaker = (['train', 'val', 'dev'] as const).map((split) =>
      clipOf('bonafide', 'one', split),
    );
    expect(readExtraClips(folder, bySpeaker)).toHaveLength(1);
  });

  it('refuses copies of a page that is judged, and such as are not for training', () => {
    manifest(HEADER, COPY);
    const judged = [clipOf('bonafide', 'two'), clipOf('bonafide', 'one', 'dev')];
    expect(() => readExtraClips(folder, judged)).toThrow(
      'page "one" is in the splits dev and train',
    );
    manifest(HEADER, COPY.replace('train', 'val'));
    expect(() => readExtraClips(folder, judged)).toThrow('is of the split val');
  });
});
