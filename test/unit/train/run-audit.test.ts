import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createRandom } from '../../../src/random.ts';
import { type RunAuditOptions, runAudit } from '../../../src/train/audit/run-audit.ts';
import type { Clip } from '../../../src/train/corpora/clip.ts';
import { clipOf } from './toy-corpus.ts';

const RATE_HZ = 8000;

let folder = '';
let decoded = 0;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-audit-'));
  decoded = 0;
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Noise, as long as the name of the file says. */
async function samplesOf({ path }: Clip): Promise<Float32Array> {
  decoded++;
  const random = createRandom(decoded);
  const length = (Number.parseInt(path, 10) * RATE_HZ) / 1000;
  return Float32Array.from({ length }, () => 0.1 * random.gaussian());
}

function audit(clips: readonly Clip[]) {
  const options: RunAuditOptions = {
    clips,
    channel: 'clean',
    sampleRateHz: RATE_HZ,
    audio: { samplesOf },
    seed: 1,
    cacheFolder: folder,
  };
  return runAudit(options);
}

it('leaves out clips that are too short, by what is said of them or by what was decoded', async () => {
  const clips = Array.from({ length: 24 }, (_, index) => ({
    ...clipOf(index % 2 === 0 ? 'bonafide' : 'spoof', 'one', index < 12 ? 'train' : 'dev'),
    path: `500 ${index}`,
    seconds: 0,
  }));
  const short = [
    { ...clips[0]!, path: '10 unknown' },
    { ...clips[1]!, path: '90 unknown' },
    { ...clips[0]!, path: '15 said otherwise', seconds: 3 },
    { ...clips[1]!, path: '500 said to be short', seconds: 0.05 },
  ];
  const report = await audit([...clips, ...short]);
  expect(report).toEqual(await audit(clips));
  expect(report.clips).toBe(12);
  expect(decoded).toBe(clips.length + 3);
});
