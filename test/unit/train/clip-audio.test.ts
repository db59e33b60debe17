import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createRandom } from '../../../src/random.ts';
import { ClipAudio } from '../../../src/train/clip-audio.ts';
import { CorpusError } from '../../../src/train/corpora/clip.ts';
import { fixturePath } from '../../support/wire-audio.ts';
import { clipOf } from './toy-corpus.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-clip-audio-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** What is said of a clip of these bytes, or of none. */
async function problemOf(name: string, bytes: Uint8Array | null): Promise<string> {
  const path = join(folder, name);
  if (bytes !== null) writeFileSync(path, bytes);
  const audio = new ClipAudio(8000);
  const clip = { ...clipOf('bonafide', 'one'), path };
  const [kept, passing] = await Promise.allSettled([
    audio.samplesOf(clip),
    audio.passing.samplesOf(clip),
  ]);
  for (const result of [kept, passing]) {
    const reason: unknown = result.status === 'rejected' ? result.reason : null;
    expect(reason).toBeInstanceOf(CorpusError);
  }
  return ((kept as PromiseRejectedResult).reason as Error).message.replace(path, 'PATH');
}

it('names a clip that is no audio, is empty, or is not there', async () => {
  const random = createRandom(1);
  const noise = Uint8Array.from({ length: 4000 }, () => random.integer(256));
  expect(await problemOf('noise.wav', noise)).toMatch(/^PATH: this is no WAV, FLAC, MP3/);
  expect(await problemOf('empty.wav', new Uint8Array())).toBe('PATH: the file is empty');
  expect(await problemOf('none.wav', null)).toBe('PATH is not there');
});

it('names a clip whose audio is broken further on', async () => {
  const bytes = readFileSync(fixturePath('human_allison_en_8k.flac'));
  expect(await problemOf('broken.flac', bytes.subarray(0, 60))).toMatch(/^PATH: ./);
});
