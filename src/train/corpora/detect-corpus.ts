import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { asvspoof2019LaLoader } from './asvspoof-2019-la.ts';
import { asvspoof2021DfLoader, asvspoof2021LaLoader } from './asvspoof-2021.ts';
import { asvspoof5Loader } from './asvspoof5.ts';
import { CorpusError, type CorpusLoader } from './clip.ts';
import { fakeOrRealLoader } from './fake-or-real.ts';
import { inTheWildLoader } from './in-the-wild.ts';
import { manifestLoader } from './manifest-csv.ts';
import { mlaadLoader } from './mlaad.ts';
import { plainFolderLoader } from './plain-folder.ts';
import { waveFakeLoader } from './wavefake.ts';

/** The corpus layouts that are known, the most telling first. */
export const CORPUS_LOADERS = {
  manifest: manifestLoader,
  'asvspoof-2019-la': asvspoof2019LaLoader,
  'asvspoof-2021-la': asvspoof2021LaLoader,
  'asvspoof-2021-df': asvspoof2021DfLoader,
  'asvspoof-5': asvspoof5Loader,
  'in-the-wild': inTheWildLoader,
  'fake-or-real': fakeOrRealLoader,
  wavefake: waveFakeLoader,
  mlaad: mlaadLoader,
  'plain-folder': plainFolderLoader,
} as const satisfies Record<string, CorpusLoader>;

export type CorpusKind = keyof typeof CORPUS_LOADERS;
export const CORPUS_KINDS = Object.keys(CORPUS_LOADERS) as readonly CorpusKind[];

/** Layouts that other layouts look like, too: taken only when nothing else matches. */
const LAST_RESORTS: ReadonlySet<CorpusKind> = new Set(['plain-folder']);

/**
 * Which corpus a folder holds, by the names in it.
 * @throws CorpusError when it holds none that is known, or two
 */
export function detectCorpusKind(folder: string): CorpusKind {
  if (!existsSync(folder)) throw new CorpusError(`${folder} is not there`);
  // A manifest was written for this program: it wins over what else lies around.
  if (existsSync(join(folder, 'manifest.csv'))) return 'manifest';
  const found = CORPUS_KINDS.filter((kind) => CORPUS_LOADERS[kind].matches(folder));
  const telling = found.filter((kind) => !LAST_RESORTS.has(kind));
  if (telling.length > 1) {
    throw new CorpusError(`${folder} looks like ${telling.join(' and ')}; say which`);
  }
  const kind = telling[0] ?? found[0];
  if (kind === undefined) {
    throw new CorpusError(`${folder} holds no clips in a layout of ${CORPUS_KINDS.join(', ')}`);
  }
  return kind;
}
