import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Clip,
  CorpusError,
  type CorpusLoader,
  genderField,
  labelOf,
  SPLITS,
  type Split,
} from './clip.ts';
import { type Entry, readTable } from './table.ts';

const FILE = 'manifest.csv';
/** Columns that the file must have. */
export const MANIFEST_COLUMNS = [
  'file',
  'label',
  'system',
  'speaker',
  'language',
  'page',
  'split',
  'source_rate_hz',
  'seconds',
] as const;
/** May follow, in any order. */
const OPTIONAL_TEXTS = ['age', 'accent', 'codec', 'sentence'] as const;

/** A folder with `manifest.csv`: this project's own format. */
export const manifestLoader: CorpusLoader = {
  matches: (folder) => existsSync(join(folder, FILE)),
  read: (folder) =>
    readTable(join(folder, FILE), { delimiter: ',', quoted: true, needed: MANIFEST_COLUMNS }).map(
      (entry) => clipOf(folder, entry),
    ),
};

function clipOf(folder: string, { values, where }: Entry): Clip {
  const text = (name: string) => values[name] ?? '';
  const split = SPLITS.find((known) => known === values['split']);
  if (split === undefined) throw new CorpusError(`${where}: unknown split "${text('split')}"`);
  return {
    path: join(folder, text('file')),
    label: labelOf(text('label'), where),
    system: text('system'),
    speaker: text('speaker'),
    language: text('language'),
    page: text('page'),
    split: split satisfies Split,
    sourceRateHz: Number(text('source_rate_hz')),
    seconds: Number(text('seconds')),
    ...genderField(text('gender')),
    ...Object.fromEntries(
      OPTIONAL_TEXTS.flatMap((name) => (text(name) === '' ? [] : [[name, text(name)]])),
    ),
  };
}
