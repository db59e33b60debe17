import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { assignSplits } from '../../../src/train/assign-splits.ts';
import type { Clip, Split } from '../../../src/train/corpora/clip.ts';

let folder: string;
let said: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-splits-'));
  said = [];
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function clipsOf(speakers: number, systems: number, split: Split = 'dev'): Clip[] {
  return Array.from({ length: 60 }, (_, index) => {
    const isSpoof = index % 2 === 1;
    return {
      path: join(folder, isSpoof ? 'fake' : 'real', `${index}.wav`),
      label: isSpoof ? 'spoof' : 'bonafide',
      system: isSpoof ? `s${(index >> 1) % systems}` : 'human',
      speaker: isSpoof ? '' : `p${(index >> 1) % speakers}`,
      language: '',
      page: 'mine',
      split,
      sourceRateHz: 0,
      seconds: 0,
    };
  });
}

const assign = (clips: readonly Clip[], isTaken = false) =>
  assignSplits(clips, {
    folder,
    seed: 1,
    splitFile: join(folder, 'splits.json'),
    isTaken,
    say: (line) => said.push(line),
  });

it('keeps speakers and generators apart where there are enough, and writes the file', () => {
  const clips = assign(clipsOf(10, 10));
  for (const key of ['speaker', 'system'] as const) {
    for (const value of new Set(clips.map((clip) => clip[key]).filter((name) => name !== ''))) {
      if (value === 'human') continue;
      expect(
        new Set(clips.filter((clip) => clip[key] === value).map(({ split }) => split)).size,
      ).toBe(1);
    }
  }
  expect(said[0]).toContain('disjoint by speaker, generator');
  expect(JSON.parse(readFileSync(join(folder, 'splits.json'), 'utf8'))).toMatchObject({ seed: 1 });
});

it('leaves the splits of a training that is there as they are, and refuses others', () => {
  const read = () => readFileSync(join(folder, 'splits.json'), 'utf8');
  const clips = clipsOf(10, 10);
  assign(clips);
  const written = read();
  // The same command again, which goes on from the checkpoint.
  assign(clips, true);
  const more = [...clips, { ...clips[0]!, path: join(folder, 'real', 'new.wav') }];
  expect(() => assign(more, true)).toThrow(
    /splits\.json has the splits of a training on other clips/,
  );
  expect(read()).toBe(written);
  assign(more);
  expect(read()).not.toBe(written);
});

it('tears no page apart where there are enough of them', () => {
  const pages = clipsOf(1, 1).map((clip, index) => ({ ...clip, page: `page ${(index >> 1) % 6}` }));
  const own = pages.map((clip, index) => ({
    ...clip,
    speaker: '',
    split: (index >> 1) % 6 < 3 ? ('train' as const) : ('dev' as const),
  }));
  const clips = assign(own);
  for (const page of new Set(clips.map((clip) => clip.page))) {
    const splits = clips.filter((clip) => clip.page === page).map(({ split }) => split);
    expect(new Set(splits).size).toBe(1);
  }
  expect(new Set(clips.map(({ split }) => split))).toEqual(new Set(['train', 'val', 'dev']));
  expect(said[0]).toContain('(val, dev), disjoint by page');
});

it('splits the clips of one generator freely, and says so', () => {
  const clips = assign(clipsOf(1, 1));
  expect(new Set(clips.map(({ split }) => split))).toEqual(new Set(['train', 'val', 'dev']));
  expect(said[0]).toContain('disjoint by nothing');
});

it('leaves a corpus with splits alone', () => {
  const clips = (['train', 'val', 'dev'] as const).flatMap((split) => clipsOf(2, 2, split));
  expect(assign(clips)).toBe(clips);
  expect(said).toEqual([]);
});

const halves = (clips: readonly Clip[], split: Split) =>
  clips.filter((clip) => clip.split === split).length;

it.each(['val', 'dev'] as const)('halves the only one of val and dev that there is: %s', (only) => {
  const clips = [
    ...clipsOf(10, 10, 'train').map((clip) => ({
      ...clip,
      path: `${clip.path}.train`,
      speaker: '',
    })),
    ...clipsOf(10, 1, only),
    ...clipsOf(10, 10, 'eval').map((clip) => ({ ...clip, path: `${clip.path}.eval`, speaker: '' })),
  ];
  const split = assign(clips);
  expect([halves(split, 'train'), halves(split, 'eval')]).toEqual([60, 60]);
  expect(halves(split, 'val')).toBeGreaterThan(15);
  expect(halves(split, 'dev')).toBeGreaterThan(15);
  const speakersOf = (of: Split) =>
    new Set(split.filter((clip) => clip.split === of && clip.speaker !== '').map((c) => c.speaker));
  expect([...speakersOf('val')].filter((speaker) => speakersOf('dev').has(speaker))).toEqual([]);
  expect(said[0]).toContain('split anew (val, dev), disjoint by speaker');
});

it('takes val and dev from the training part where there is neither', () => {
  const clips = [
    ...clipsOf(10, 10, 'train'),
    ...clipsOf(10, 10, 'eval').map((clip) => ({ ...clip, path: `${clip.path}.eval`, speaker: '' })),
  ];
  const split = assign(clips);
  expect(halves(split, 'eval')).toBe(60);
  for (const part of ['train', 'val', 'dev'] as const)
    expect(halves(split, part)).toBeGreaterThan(0);
});
