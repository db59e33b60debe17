import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadOpus } from '../../stream/codecs/create-decoder.ts';
import type { InProcessChannel } from '../channels.ts';
import { ClipAudio } from '../clip-audio.ts';
import type { Clip } from '../corpora/clip.ts';
import { heardClip } from '../heard-clips.ts';
import { type Descriptors, describeSamples } from './descriptors.ts';
import { type AuditedClip, type AuditReport, auditShortcuts } from './shortcut-audit.ts';

const AUDIT_VERSION = 1;
const LEAST_SECONDS = 0.1;

export interface RunAuditOptions {
  readonly clips: readonly Clip[];
  /** The channel that the clips are heard through, as the network gets them. */
  readonly channel: InProcessChannel;
  readonly sampleRateHz: number;
  readonly seed: number;
  readonly cacheFolder: string;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Measures the clips of `train` and `dev` (from the cache when it has them) and audits them. */
export async function runAudit(options: RunAuditOptions): Promise<AuditReport> {
  const { clips, cacheFolder } = options;
  const indices = clips.flatMap(({ split, seconds }, index) =>
    (split === 'train' || split === 'dev') && (seconds === 0 || seconds >= LEAST_SECONDS)
      ? [index]
      : [],
  );
  const key = createHash('sha256')
    .update(
      JSON.stringify([
        AUDIT_VERSION,
        options.channel,
        options.sampleRateHz,
        options.seed,
        indices.map((index) => clips[index]!.path),
      ]),
    )
    .digest('hex')
    .slice(0, 16);
  const path = join(cacheFolder, `audit-${key}.json`);
  if (!existsSync(path)) {
    mkdirSync(cacheFolder, { recursive: true });
    writeFileSync(path, JSON.stringify(await measure(options, indices)));
  }
  const measured = JSON.parse(readFileSync(path, 'utf8')) as Descriptors[];
  return auditShortcuts(
    indices.map((index, at): AuditedClip => {
      const { page, label, split } = clips[index]!;
      return { page, split, isSpoof: label === 'spoof', descriptors: measured[at]! };
    }),
  );
}

async function measure(
  { clips, channel, sampleRateHz, seed, onProgress }: RunAuditOptions,
  indices: readonly number[],
): Promise<Descriptors[]> {
  const opus = await loadOpus();
  const measured: Descriptors[] = [];
  for (const index of indices) {
    // One at a time: keeping them all decoded would take a gigabyte.
    const audio = new ClipAudio(sampleRateHz);
    const samples = await heardClip(clips[index]!, index, {
      channel,
      sampleRateHz,
      seed,
      opus,
      audio,
    });
    measured.push(describeSamples(samples, sampleRateHz));
    onProgress?.(measured.length, indices.length);
  }
  return measured;
}
