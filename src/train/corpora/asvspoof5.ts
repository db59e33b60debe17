import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { withAudio } from './audio-tree.ts';
import {
  type Clip,
  CorpusError,
  type CorpusLoader,
  genderField,
  labelOf,
  type Split,
} from './clip.ts';
import { checkCounts } from './published-counts.ts';
import { readSpacedRows } from './rows.ts';

const PARTS: readonly {
  readonly split: Split;
  readonly file: string;
  readonly audio: string;
  readonly total: number;
}[] = [
  { split: 'train', file: 'ASVspoof5.train.tsv', audio: 'flac_T', total: 182_357 },
  { split: 'dev', file: 'ASVspoof5.dev.track_1.tsv', audio: 'flac_D', total: 140_950 },
  { split: 'eval', file: 'ASVspoof5.eval.track_1.tsv', audio: 'flac_E_eval', total: 680_774 },
];

/**
 * ASVspoof 5, track 1: named tsv, but ten columns with single spaces between: speaker, file, gender,
 * codec, codec quality, codec seed, attack tag, attack, key, `-`. English, 16 kHz.
 */
export const asvspoof5Loader: CorpusLoader = {
  matches: (folder) => rootOf(folder) !== null,
  read(folder, options) {
    const root = rootOf(folder);
    if (root === null) throw new CorpusError(`${folder} has no protocol of ASVspoof 5`);
    const clips = PARTS.flatMap(({ split, file, audio, total }) => {
      const path = join(root, file);
      if (!existsSync(path)) return [];
      const part = readSpacedRows(path, 10).map(({ fields, where }): Clip => {
        const [speaker, name, gender, codec, , seed, , attack, key] = fields as string[];
        const label = labelOf(key!, where);
        return {
          path: join(folder, audio, `${name}.flac`),
          label,
          system: label === 'spoof' ? attack! : 'human',
          speaker: speaker!,
          language: 'en',
          page: `asvspoof-5/${split}`,
          split,
          sourceRateHz: 16_000,
          seconds: 0,
          codec: codec === '-' ? 'none' : codec!,
          // Codec copies of an utterance hold the same words.
          sentence: seed === '-' ? name! : seed!,
          ...genderField(gender!),
        };
      });
      checkCounts(part, { part: `ASVspoof 5 ${split}`, total }, options);
      return part;
    });
    return withAudio(clips, options);
  },
};

function rootOf(folder: string): string | null {
  const roots = [folder, join(folder, 'protocols'), join(folder, 'ASVspoof5_protocols')];
  return roots.find((root) => PARTS.some(({ file }) => existsSync(join(root, file)))) ?? null;
}
