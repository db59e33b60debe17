import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { audioFilesIn, foldersBelow, withAudio } from './audio-tree.ts';
import { type Clip, type ClipLabel, CorpusError, type CorpusLoader, labelOf } from './clip.ts';
import { checkCounts } from './published-counts.ts';
import { readTable } from './table.ts';

/**
 * In-the-Wild: `meta.csv` with file, speaker, label; English, 16 kHz, for evaluation only. The audio
 * lies beside it or, in copies that were sorted anew, one folder below.
 */
export const inTheWildLoader: CorpusLoader = {
  matches: (folder) => rootOf(folder) !== null,
  read(folder, options) {
    const root = rootOf(folder);
    if (root === null) throw new CorpusError(`${folder} has no meta.csv of In-the-Wild`);
    const table = { delimiter: ',', quoted: true, needed: ['file', 'label'] } as const;
    const placeOf = placesIn(root);
    const clips = readTable(join(root, 'meta.csv'), table).map(({ values, where }): Clip => {
      const label = labelOf(values['label']!, where);
      return {
        path: placeOf(values['file']!, label, where),
        label,
        system: label === 'spoof' ? 'unknown' : 'human',
        speaker: values['speaker'] ?? '',
        language: 'en',
        page: 'in-the-wild',
        split: 'eval',
        sourceRateHz: 16_000,
        seconds: 0,
      };
    });
    checkCounts(clips, { part: 'In-the-Wild', bonafide: 19_963, spoof: 11_816 }, options);
    return withAudio(clips, options);
  },
};

/**
 * Finds the audio of a row. A file that lies in a folder of the other class is not the one that the
 * row means: such a copy has numbered its files anew.
 */
function placesIn(root: string): (file: string, label: ClipLabel, where: string) => string {
  const below = new Map<string, string[]>();
  for (const at of foldersBelow([root]).flatMap(audioFilesIn)) {
    const name = basename(at);
    below.set(name, [...(below.get(name) ?? []), at]);
  }
  return (file, label, where) => {
    const beside = join(root, file);
    const found = below.get(basename(file)) ?? [];
    if (found.length === 0 || existsSync(beside)) return beside;
    const [place, other] = found;
    if (other !== undefined) {
      throw new CorpusError(`${where}: ${file} may be ${place} or ${other}`);
    }
    const sorted = classOf(basename(dirname(place!)));
    if (sorted !== null && sorted !== label) {
      throw new CorpusError(`${where}: ${file} is ${label}, but lies in ${dirname(place!)}`);
    }
    return place!;
  };
}

/** The class that a folder is named after, or null. */
function classOf(name: string): ClipLabel | null {
  if (['real', 'bonafide', 'bona-fide'].includes(name)) return 'bonafide';
  return ['fake', 'spoof'].includes(name) ? 'spoof' : null;
}

function rootOf(folder: string): string | null {
  const roots = [folder, join(folder, 'release_in_the_wild')];
  return roots.find((root) => existsSync(join(root, 'meta.csv'))) ?? null;
}
