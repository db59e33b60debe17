import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { withAudio } from './audio-tree.ts';
import { type Clip, CorpusError, type CorpusLoader, labelOf } from './clip.ts';
import { checkCounts } from './published-counts.ts';
import { readTable } from './table.ts';

/** In-the-Wild: `meta.csv` with file, speaker, label; English, 16 kHz, for evaluation only. */
export const inTheWildLoader: CorpusLoader = {
  matches: (folder) => rootOf(folder) !== null,
  read(folder, options) {
    const root = rootOf(folder);
    if (root === null) throw new CorpusError(`${folder} has no meta.csv of In-the-Wild`);
    const table = { delimiter: ',', quoted: true, needed: ['file', 'label'] } as const;
    const clips = readTable(join(root, 'meta.csv'), table).map(({ values, where }): Clip => {
      const label = labelOf(values['label']!, where);
      return {
        path: join(root, values['file']!),
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

function rootOf(folder: string): string | null {
  const roots = [folder, join(folder, 'release_in_the_wild')];
  return roots.find((root) => existsSync(join(root, 'meta.csv'))) ?? null;
}
