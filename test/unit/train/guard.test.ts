import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { loadDetector } from '../../../src/model/detector.ts';
import { type Clip, CorpusError } from '../../../src/train/corpora/clip.ts';
import { guardTransfer } from '../../../src/train/guard.ts';
import { fixturePath } from '../../support/wire-audio.ts';
import { clipOf } from './toy-corpus.ts';

const FOLDER = fileURLToPath(new URL('../../../models/telephone-8k', import.meta.url));
const cacheFolder = mkdtempSync(join(tmpdir(), 'bonafide-guard-'));
afterAll(() => rmSync(cacheFolder, { recursive: true, force: true }));

const clip = (name: string, label: 'bonafide' | 'spoof'): Clip => ({
  ...clipOf(label, name, 'dev'),
  path: fixturePath(name),
});
const say = (line: string) => expect.unreachable(line);
const CLIPS = [
  clip('human_allison_en_8k.flac', 'bonafide'),
  clip('human_carlo_it_8k.flac', 'bonafide'),
  clip('synth_hifigan_v3_allison_en_8k.flac', 'spoof'),
  clip('synth_hifigan_v2_june_fr_8k.flac', 'spoof'),
];

it('holds a detector against the one before; against itself nothing is worse', async () => {
  const before = await loadDetector(FOLDER);
  const options = { before, after: before, channel: 'mulaw', cacheFolder } as const;
  const rows = await guardTransfer({ ...options, say, clips: CLIPS });
  expect(rows.map(({ dimension, trials, verdict }) => [dimension, trials, verdict])).toEqual([
    ['all', 4, 'same'],
  ]);
  // The same evidence turned round: human is synthetic and the other way about.
  const { calibration } = before.manifest;
  const turned = {
    ...before,
    manifest: {
      ...before.manifest,
      calibration: {
        ...calibration,
        bins: calibration.bins.map(({ minSpeechMs, slope, intercept }) => ({
          minSpeechMs,
          slope: -slope,
          intercept: -intercept,
        })),
      },
    },
  };
  const worse = await guardTransfer({ ...options, say, after: turned, clips: CLIPS });
  expect(worse[0]!.verdict).toBe('worse');
  expect(worse[0]!.difference).toBeGreaterThan(0.9);
});

it('refuses a corpus without an evaluation', async () => {
  const before = await loadDetector(FOLDER);
  const clips = CLIPS.map((one) => ({ ...one, split: 'train' as const }));
  await expect(
    guardTransfer({ before, after: before, say, clips, channel: 'mulaw', cacheFolder }),
  ).rejects.toThrow(CorpusError);
});
