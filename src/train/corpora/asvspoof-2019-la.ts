import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { withAudio } from './audio-tree.ts';
import { type Clip, CorpusError, type CorpusLoader, labelOf, type Split } from './clip.ts';
import { checkCounts } from './published-counts.ts';
import { readSpacedRows } from './rows.ts';

const PROTOCOLS = 'ASVspoof2019_LA_cm_protocols';
const PARTS: readonly {
  readonly split: Split;
  readonly file: string;
  readonly bonafide: number;
  readonly spoof: number;
}[] = [
  { split: 'train', file: 'train.trn', bonafide: 2_580, spoof: 22_800 },
  { split: 'dev', file: 'dev.trl', bonafide: 2_548, spoof: 22_296 },
  { split: 'eval', file: 'eval.trl', bonafide: 7_355, spoof: 63_882 },
];

/** ASVspoof 2019 LA: five columns, speaker, trial, `-`, attack, key; English, 16 kHz. */
export const asvspoof2019LaLoader: CorpusLoader = {
  matches: (folder) => rootOf(folder) !== null,
  read(folder, options) {
    const root = rootOf(folder);
    if (root === null) throw new CorpusError(`${folder} has no protocols of ASVspoof 2019 LA`);
    const clips = PARTS.flatMap(({ split, file, bonafide, spoof }) => {
      const path = join(root, PROTOCOLS, `ASVspoof2019.LA.cm.${file}.txt`);
      if (!existsSync(path)) return [];
      const audio = join(root, `ASVspoof2019_LA_${split}`, 'flac');
      const part = readSpacedRows(path, 5).map(({ fields, where }): Clip => {
        const [speaker, trial, , attack, key] = fields as [string, string, string, string, string];
        const label = labelOf(key, where);
        return {
          path: join(audio, `${trial}.flac`),
          label,
          system: label === 'spoof' ? attack : 'human',
          speaker,
          language: 'en',
          page: `asvspoof-2019-la/${split}`,
          split,
          sourceRateHz: 16_000,
          seconds: 0,
        };
      });
      checkCounts(part, { part: `ASVspoof 2019 LA ${split}`, bonafide, spoof }, options);
      return part;
    });
    if (clips.length === 0) throw new CorpusError(`${join(root, PROTOCOLS)} holds no protocol`);
    return withAudio(clips, options);
  },
};

function rootOf(folder: string): string | null {
  return [folder, join(folder, 'LA')].find((root) => existsSync(join(root, PROTOCOLS))) ?? null;
}
