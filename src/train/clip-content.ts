import { statSync } from 'node:fs';
import type { Clip } from './corpora/clip.ts';

/**
 * What tells one recording from another without reading it: path, size and time of change. Part of
 * the keys of what is kept of it.
 */
export function contentOf({ path }: Pick<Clip, 'path'>): string {
  const file = statSync(path, { throwIfNoEntry: false });
  return file === undefined ? path : `${path} ${file.size} ${file.mtimeMs}`;
}
