import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadOpus } from '../../stream/codecs/create-decoder.ts';
import type { InProcessChannel } from '../channels.ts';
import type { ClipSource } from '../clip-audio.ts';
import { ClipContents } from '../clip-content.ts';
import type { Clip } from '../corpora/clip.ts';
import { heardClip } from '../heard-clips.ts';
import { type Descriptors, describeSamples } from './descriptors.ts';
import { type AuditedClip, type AuditReport, auditShortcuts } from './shortcut-audit.ts';

const AUDIT_VERSION = 1;
const LEAST_SECONDS = 0.1;
const TOO_SHORT = 'too short';

export interface RunAuditOptions {
  readonly clips: readonly Clip[];
  /** The channel that the clips are heard through, as the network gets them. */
  readonly channel: InProcessChannel;
  readonly sampleRateHz: number;
  /** At that rate. */
  readonly audio: ClipSource;
  readonly seed: number;
  readonly cacheFolder: string;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Measures the clips of `train` and `dev` (from the cache when it has them) and audits them, but for
 * those that are too short, by what the corpus says or by what was decoded.
 */
export async function runAudit(options: RunAuditOptions): Promise<AuditReport> {
  const { clips, cacheFolder } = options;
  const indices = clips.flatMap(({ split, seconds }, index) =>
    (split === 'train' || split === 'dev') && (seconds === 0 || seconds >= LEAST_SECONDS)
      ? [index]
      : [],
  );
  const key = createHash('sha256')
    .update(JSON.stringify([AUDIT_VERSION, options.channel, options.sampleRateHz, options.seed]))
    .digest('hex')
    .slice(0, 16);
  const path = join(cacheFolder, `audit-${key}.json`);
  const known: Known = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
  const before = Object.keys(known).length;
  const named = namesOf(options, indices);
  await measure(options, named, known);
  if (Object.keys(known).length > before) {
    mkdirSync(cacheFolder, { recursive: true });
    writeFileSync(`${path}.part`, JSON.stringify(known));
    renameSync(`${path}.part`, path);
  }
  return auditShortcuts(
    [...named].flatMap(([index, name]): AuditedClip[] => {
      const { page, label, split } = clips[index]!;
      const descriptors = known[name]!;
      return descriptors === TOO_SHORT
        ? []
        : [{ page, split, isSpoof: label === 'spoof', descriptors }];
    }),
  );
}

/** What was measured so far: more clips, later, cost only themselves. */
type Known = Record<string, Descriptors | typeof TOO_SHORT>;

// The place in the list is part of what a clip sounds like: it seeds the channel.
function namesOf(
  { clips, cacheFolder }: Pick<RunAuditOptions, 'clips' | 'cacheFolder'>,
  indices: readonly number[],
): ReadonlyMap<number, string> {
  const contents = new ClipContents(cacheFolder);
  const names = new Map(
    indices.map((index): [number, string] => [
      index,
      `${index} ${contents.contentOf(clips[index]!)}`,
    ]),
  );
  contents.save();
  return names;
}

async function measure(
  { clips, channel, sampleRateHz, audio, seed, onProgress }: RunAuditOptions,
  named: ReadonlyMap<number, string>,
  known: Known,
): Promise<void> {
  const opus = await loadOpus();
  let done = 0;
  for (const [index, name] of named) {
    if (known[name] === undefined) {
      const samples = await heardClip(clips[index]!, index, {
        channel,
        sampleRateHz,
        seed,
        opus,
        audio,
      });
      const isTooShort = samples.length < LEAST_SECONDS * sampleRateHz;
      known[name] = isTooShort ? TOO_SHORT : describeSamples(samples, sampleRateHz);
    }
    onProgress?.(++done, named.size);
  }
}
