import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { audioFilesIn, foldersIn } from './audio-tree.ts';
import type { Clip, ClipLabel, CorpusLoader } from './clip.ts';

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
  read: (folder) =>
    CLASS_FOLDERS.flatMap(([name, label]) => {
      const top = join(folder, name);
      return [
        ...audioFilesIn(top).map((path) => clipOf(folder, path, label, '')),
        ...foldersIn(top).flatMap((group) =>
          audioFilesIn(join(top, group)).map((path) => clipOf(folder, path, label, group)),
        ),
      ];
    }),
};

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
