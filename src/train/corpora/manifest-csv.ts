import { existsSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
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
/** Missing files that a message names. */
const MOST_NAMED = 3;
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
  read: (folder) => {
    const path = join(folder, FILE);
    const format = { delimiter: ',', quoted: true, needed: MANIFEST_COLUMNS } as const;
    const entries = readTable(path, format);
    refuseTwins(entries);
    const clips = entries.map((entry) => clipOf(folder, entry));
    requireFiles(path, clips);
    return clips;
  },
};

/** A file in two rows would count twice, or be judged with what was learnt from it. */
function refuseTwins(entries: readonly Entry[]): void {
  const seen = new Set<string>();
  for (const { values, where } of entries) {
    const file = normalize(values['file']!);
    if (seen.has(file)) throw new CorpusError(`${where}: a second row of ${file}`);
    seen.add(file);
  }
}

/** A manifest was written for its files: a part of them is no corpus, as it is of public ones. */
function requireFiles(manifest: string, clips: readonly Clip[]): void {
  const missing = clips.filter(({ path }) => !existsSync(path));
  if (missing.length === 0) return;
  const names = missing.slice(0, MOST_NAMED).map(({ path }) => relative(dirname(manifest), path));
  const more = missing.length > MOST_NAMED ? ', …' : '';
  throw new CorpusError(
    `${manifest}: ${missing.length} of ${clips.length} files are not there: ${names.join(', ')}${more}`,
  );
}

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
    sourceRateHz: numberOf(text('source_rate_hz'), 'source_rate_hz', where),
    seconds: numberOf(text('seconds'), 'seconds', where),
    ...genderField(text('gender')),
    ...Object.fromEntries(
      OPTIONAL_TEXTS.flatMap((name) => (text(name) === '' ? [] : [[name, text(name)]])),
    ),
  };
}

/** Empty = 0, unknown. */
function numberOf(text: string, column: string, where: string): number {
  const value = Number(text);
  if (value >= 0 && Number.isFinite(value)) return value;
  throw new CorpusError(`${where}: unknown ${column} "${text}"`);
}
