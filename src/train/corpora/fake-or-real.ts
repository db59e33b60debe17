import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { audioFilesIn, foldersBelow, warnOfOtherFiles, warnOfOtherFolders } from './audio-tree.ts';
import { CorpusError, type CorpusLoader, labelOf, type Split } from './clip.ts';

const VARIANTS = [
  'for-original',
  'for-norm',
  'for-2sec',
  'for-2seconds',
  'for-rerec',
  'for-rerecorded',
] as const;
const PARTS: readonly (readonly [string, Split])[] = [
  ['training', 'train'],
  ['validation', 'val'],
  ['testing', 'eval'],
];

/**
 * Fake-or-Real: one variant, or a folder of them; `training|validation|testing` / `real|fake`. The
 * classes of for-norm differ in duration (2.59 s against 1.67 s): a shortcut, of which it warns.
 */
export const fakeOrRealLoader: CorpusLoader = {
  matches: (folder) => variantsOf(folder).length > 0,
  read(folder, { warn }) {
    const variants = variantsOf(folder);
    if (variants.length === 0) throw new CorpusError(`${folder} has no variant of Fake-or-Real`);
    if (variants.some(({ name }) => name === 'for-norm')) {
      warn('for-norm: real clips last 2.59 s and fake ones 1.67 s in the mean; cut them alike');
    }
    const places = variants.flatMap(({ name, root }) =>
      PARTS.flatMap(([part, split]) =>
        ['real', 'fake'].map((kind) => ({ at: join(root, part, kind), name, kind, split })),
      ),
    );
    const read = places.map(({ at }) => at);
    warnOfOtherFiles(read, warn);
    warnOfOtherFolders(foldersBelow(read), 'below real and fake nothing is read', warn);
    warnOfOtherFolders(
      otherFolders(folder, variants),
      'Fake-or-Real has none of such a name',
      warn,
    );
    return places.flatMap(({ at, name, kind, split }) =>
      audioFilesIn(at).map((path) => ({
        path,
        label: labelOf(kind, path),
        system: kind === 'fake' ? 'unknown' : 'human',
        speaker: '',
        language: 'en',
        page: `fake-or-real/${split}`,
        split,
        sourceRateHz: name === 'for-norm' ? 16_000 : 0,
        seconds: 0,
        ...(name.startsWith('for-rerec') ? { codec: 'rerecorded' } : {}),
      })),
    );
  },
};

/** Variants, parts and classes that are not read. */
function otherFolders(
  folder: string,
  variants: readonly { readonly name: string; readonly root: string }[],
): string[] {
  const roots = variants.map(({ root }) => root);
  const parts = PARTS.flatMap(([part]) => roots.map((root) => join(root, part)));
  const isClass = (at: string) => ['real', 'fake'].includes(basename(at));
  const found = new Set(variants.map(({ name }) => name));
  return [
    ...(roots.includes(folder)
      ? []
      : foldersBelow([folder]).filter((at) => !found.has(basename(at)))),
    ...foldersBelow(roots).filter((at) => !parts.includes(at)),
    ...foldersBelow(parts).filter((at) => !isClass(at)),
  ];
}

function variantsOf(folder: string): { name: string; root: string }[] {
  const holdsParts = (root: string) => existsSync(join(root, 'training', 'real'));
  if (holdsParts(folder)) {
    return [{ name: VARIANTS.find((name) => resolve(folder).endsWith(name)) ?? '', root: folder }];
  }
  return VARIANTS.flatMap((name) => {
    // Some copies have the folder within another of a like name.
    const nested = VARIANTS.map((inner) => join(folder, name, inner));
    const root = [join(folder, name), ...nested].find(holdsParts);
    return root === undefined ? [] : [{ name, root }];
  });
}
