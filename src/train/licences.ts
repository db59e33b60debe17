import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Clip, CorpusError } from './corpora/clip.ts';
import { readTable } from './corpora/table.ts';

/** Licences of a corpus's pages, as their repositories state them, in lower case. */
export function readPageLicences(folder: string): ReadonlyMap<string, string> {
  const path = join(folder, 'pages.csv');
  if (!existsSync(path)) throw new CorpusError(`${path} is missing: no page states a licence`);
  const rows = readTable(path, {
    delimiter: ',',
    quoted: true,
    needed: ['page', 'repository_licence'],
  });
  return new Map(
    rows.map(({ values }) => [values['page']!, values['repository_licence']!.toLowerCase()]),
  );
}

/**
 * Keeps the training clips of pages whose repository states one of these licences; `val` and `dev`
 * stay whole, since nothing is learnt from them.
 * @throws CorpusError when nothing is left to train on
 */
export function keepLicences(
  clips: readonly Clip[],
  licences: ReadonlyMap<string, string>,
  wanted: readonly string[],
): readonly Clip[] {
  // Nothing between two commas must not stand for the pages that state nothing.
  const names = new Set(
    wanted.map((name) => name.trim().toLowerCase()).filter((name) => name !== ''),
  );
  const kept = clips.filter(
    ({ split, page }) => split !== 'train' || names.has(licences.get(page) ?? ''),
  );
  if (!kept.some(({ split }) => split === 'train')) {
    const found = [...new Set(licences.values())].sort((a, b) => a.localeCompare(b)).join(', ');
    throw new CorpusError(
      `no training page states one of: ${[...names].join(', ')}; the corpus has: ${found}`,
    );
  }
  return kept;
}
