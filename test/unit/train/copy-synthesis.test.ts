import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readRecording } from '../../../src/audio-files/read-recording.ts';
import { synthesiseCopies } from '../../../src/train/copy-synthesis.ts';
import type { Clip } from '../../../src/train/corpora/clip.ts';
import { CorpusError } from '../../../src/train/corpora/clip.ts';
import { readExtraClips } from '../../../src/train/corpus.ts';
import { fixturePath } from '../../support/wire-audio.ts';
import { clipOf } from './toy-corpus.ts';
import { writeVocoder } from './toy-vocoder.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-copies-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const human = (page: string): Clip => ({
  ...clipOf('bonafide', page),
  speaker: `ann, of ${page}`,
  path: fixturePath('human_allison_en_8k.flac'),
});

it('copies human training clips only, a vocoder a page, and gives a corpus that training takes', async () => {
  const clips = [
    human('one'),
    human('one'),
    human('one'),
    human('two'),
    { ...human('three'), split: 'dev' as const },
    { ...human('two'), label: 'spoof' as const },
    { ...human('two'), seconds: 0.4 },
  ];
  const outFolder = join(folder, 'copies');
  const { copies, unreadable } = await synthesiseCopies({
    clips,
    vocoders: [writeVocoder(folder, 'first'), writeVocoder(folder, 'second')],
    outFolder,
    clipsPerPage: 2,
    seed: 1,
  });
  expect([copies, unreadable]).toEqual([3, []]);
  const extra = readExtraClips(outFolder, clips);
  expect(extra.map(({ page, system, label, split }) => [page, system, label, split])).toEqual([
    ['one', 'first(copy)', 'spoof', 'train'],
    ['one', 'first(copy)', 'spoof', 'train'],
    ['two', 'second(copy)', 'spoof', 'train'],
  ]);
  expect(extra[0]!.speaker).toBe('ann, of one');
  const { sampleRateHz, channels } = await readRecording(extra[0]!.path);
  expect([sampleRateHz, channels.length]).toEqual([16_000, 1]);
  expect(channels[0]!.some((sample) => Math.abs(sample) > 0.01)).toBe(true);
});

it('extra clips are training clips of no other page than those of training', () => {
  const header = 'file,label,system,speaker,language,page,split,source_rate_hz,seconds';
  const write = (...rows: string[]) =>
    writeFileSync(join(folder, 'manifest.csv'), `${[header, ...rows].join('\n')}\n`);
  const clips = [human('one'), { ...human('two'), split: 'dev' as const }];
  writeFileSync(join(folder, 'a.wav'), '');
  write();
  expect(() => readExtraClips(folder, clips)).toThrow(CorpusError);
  write('a.wav,spoof,x,,,three,val,16000,2');
  expect(() => readExtraClips(folder, clips)).toThrow(/split val/);
  write('a.wav,spoof,x,,,two,train,16000,2');
  expect(() => readExtraClips(folder, clips)).toThrow(CorpusError);
  write('a.wav,spoof,x,,,one,train,16000,2');
  expect(readExtraClips(folder, clips)).toHaveLength(1);
});

it('quotes what the corpus says of a clip, whatever it holds', async () => {
  const language = 'en, "gb"';
  const outFolder = join(folder, 'copies');
  await synthesiseCopies({
    ...{
      clips: [{ ...human('one'), language }],
      vocoders: [writeVocoder(folder, 'first')],
      outFolder,
    },
    ...{ clipsPerPage: 1, seed: 1 },
  });
  expect(readExtraClips(outFolder, [human('one')])[0]).toMatchObject({ language });
});

it('says so when there is nothing to copy, as in a plain folder without splits', async () => {
  const outFolder = join(folder, 'copies');
  const clips = [{ ...human('mine'), split: 'dev' as const }];
  const copy = () => synthesiseCopies({ clips, vocoders: [], outFolder, clipsPerPage: 1, seed: 1 });
  await expect(copy()).rejects.toThrow(CorpusError);
  expect(existsSync(outFolder)).toBe(false);
});

it.each([
  // The shared rule: one of a few, not two.
  { damaged: 1, ends: null },
  {
    damaged: 2,
    ends: /^2 of 3 clips of the split train cannot be read, more than 1 %: .*bad\.flac/,
  },
])('leaves $damaged damaged clips of three out: $ends', async ({ damaged, ends }) => {
  const path = join(folder, 'bad.flac');
  writeFileSync(path, 'fLaC and no more');
  const clips = ['one', 'two', 'three'].map((page, at) =>
    at < damaged ? { ...human(page), path } : human(page),
  );
  const outFolder = join(folder, 'copies');
  const told: number[] = [];
  const copy = synthesiseCopies({
    ...{ clips, vocoders: [writeVocoder(folder, 'first')], outFolder, clipsPerPage: 1, seed: 1 },
    onProgress: (done) => told.push(done),
  });
  if (ends !== null) {
    await expect(copy).rejects.toThrow(ends);
    expect(existsSync(join(outFolder, 'manifest.csv'))).toBe(false);
    return;
  }
  const reason = expect.stringMatching(/^: /);
  expect(await copy).toEqual({ copies: 2, chosen: 3, unreadable: [{ clip: clips[0], reason }] });
  expect(readExtraClips(outFolder, clips).map(({ page }) => page)).toEqual(['two', 'three']);
  expect(told).toEqual([1, 2, 3]);
});
