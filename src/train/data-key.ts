import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { TrainRunOptions } from './train-run.ts';

/**
 * What a training learns from besides its recipe: the clips with label and split, which of them are
 * extra ones, and the detector that it goes on from. Hexadecimal.
 */
export function dataKey({
  clips,
  corpusClips = clips.length,
  from,
}: Pick<TrainRunOptions, 'clips' | 'corpusClips' | 'from'>): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([corpusClips, from?.mean ?? null, from?.scale ?? null]));
  for (const { path, label, system, page, split } of clips) {
    // The same folder by another way to it is the same data.
    hash.update(JSON.stringify([resolve(path), label, system, page, split]));
  }
  for (const [name, { shape, values }] of from?.weights ?? []) {
    hash.update(JSON.stringify([name, shape]));
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest('hex');
}
