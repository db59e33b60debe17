import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import {
  audioFilesIn,
  foldersBelow,
  foldersIn,
  warnOfOtherFiles,
  warnOfOtherFolders,
} from './audio-tree.ts';
import type { Clip, ClipLabel, CorpusLoader, CorpusOptions } from './clip.ts';

const CLASS_FOLDERS: readonly (readonly [string, ClipLabel])[] = [
  ['real', 'bonafide'],
  ['bonafide', 'bonafide'],
  ['fake', 'spoof'],
  ['spoof', 'spoof'],
];

/**
 * `real/` and `fake/` (or `bonafide/` and `spoof/`) with audio files, or one more level that names
 * the speaker or the generator. All of it is the split `dev` of one page.
 */
export const plainFolderLoader: CorpusLoader = {
  matches: (folder) => CLASS_FOLDERS.some(([name]) => existsSync(join(folder, name))),
  read(folder, { warn }) {
    const places = CLASS_FOLDERS.flatMap(([name, label]) =>
      // The empty name is the class folder itself.
      ['', ...foldersIn(join(folder, name))].map((group) => ({
        at: join(folder, name, group),
        label,
        group,
      })),
    );
    warnOfOtherFiles(
      places.map(({ at }) => at),
      warn,
    );
    warnOfDeeper(places, warn);
    const known = new Set(CLASS_FOLDERS.map(([name]) => name));
    warnOfOtherFolders(
      foldersBelow([folder]).filter((at) => !known.has(basename(at))),
      'beside real and fake (or bonafide and spoof) nothing is read',
      warn,
    );
    return places.flatMap(({ at, label, group }) =>
      audioFilesIn(at).map((path) => clipOf(folder, path, label, group)),
    );
  },
};

/** A third level has no meaning that is known: its clips are not read. */
function warnOfDeeper(
  places: readonly { readonly at: string; readonly group: string }[],
  warn: CorpusOptions['warn'],
): void {
  const groups = places.filter(({ group }) => group !== '').map(({ at }) => at);
  warnOfOtherFolders(foldersBelow(groups), 'below a speaker or generator nothing is read', warn);
}

function clipOf(folder: string, path: string, label: ClipLabel, group: string): Clip {
  return {
    path,
    label,
    system: label === 'spoof' ? group || 'unknown' : 'human',
    speaker: label === 'bonafide' ? group : '',
    language: '',
    page: basename(resolve(folder)),
    split: 'dev',
    sourceRateHz: 0,
    seconds: 0,
  };
}
