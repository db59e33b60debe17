import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { z } from 'zod';
import { type Clip, CorpusError, SPLITS, type Split } from './corpora/clip.ts';
import { refuseLeakingSplits, SPLIT_KEYS, type SplitPlan } from './splits.ts';

const splitFileSchema = z.strictObject({
  schemaVersion: z.literal(1),
  seed: z.number().int(),
  disjointBy: z.array(z.enum(SPLIT_KEYS)),
  /** Split of every clip, by its path below the corpus folder. */
  splits: z.record(z.string(), z.enum(SPLITS)),
  /** Of the JSON of the fields above. */
  sha256: z.string(),
});

type SplitContent = Omit<z.infer<typeof splitFileSchema>, 'sha256'>;

/**
 * Writes which clip is in which split, with a hash; clips in the order of their paths.
 * @throws CorpusError when the splits leak
 */
export function writeSplitFile(
  path: string,
  folder: string,
  clips: readonly Clip[],
  plan: Pick<SplitPlan, 'seed' | 'disjointBy'>,
): void {
  writeFileSync(path, splitFileText(folder, clips, plan));
}

/** What `writeSplitFile` writes. @throws CorpusError when the splits leak */
export function splitFileText(
  folder: string,
  clips: readonly Clip[],
  { seed, disjointBy }: Pick<SplitPlan, 'seed' | 'disjointBy'>,
): string {
  refuseLeakingSplits(clips, disjointBy);
  const entries = clips
    .map((clip): [string, Split] => [relative(folder, clip.path), clip.split])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const content: SplitContent = {
    schemaVersion: 1,
    seed,
    disjointBy: [...disjointBy],
    splits: Object.fromEntries(entries),
  };
  return `${JSON.stringify({ ...content, sha256: hashOf(content) }, null, 1)}\n`;
}

/**
 * The clips with the splits of a file.
 * @throws CorpusError when the file was altered, lacks a clip, or its splits leak
 */
export function applySplitFile(path: string, folder: string, clips: readonly Clip[]): Clip[] {
  const { sha256, ...content } = parse(path);
  const expected = hashOf(content);
  if (sha256 !== expected) {
    throw new CorpusError(`${path}: expected sha256 ${expected}, got ${sha256}; it was altered`);
  }
  const applied = clips.map((clip) => {
    const name = relative(folder, clip.path);
    const split = Object.hasOwn(content.splits, name) ? content.splits[name] : undefined;
    if (split === undefined) throw new CorpusError(`${path} has no split of ${name}`);
    return { ...clip, split };
  });
  refuseLeakingSplits(applied, content.disjointBy);
  return applied;
}

function parse(path: string): z.infer<typeof splitFileSchema> {
  try {
    return splitFileSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CorpusError(`${path} is no file of splits: ${why}`, { cause });
  }
}

function hashOf(content: SplitContent): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}
