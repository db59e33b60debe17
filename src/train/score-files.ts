import { readFileSync, writeFileSync } from 'node:fs';
import { CorpusError, labelOf } from './corpora/clip.ts';
import type { TrialScores } from './metrics/trials.ts';

/** Score of one trial; higher = more bona fide. */
export interface TrialScore {
  readonly name: string;
  readonly score: number;
  /** Known where the format or a file of labels says so. */
  readonly label?: 'bonafide' | 'spoof';
  /** Attack or synthesiser, `-` = none; of the 2019 format. */
  readonly source?: string;
}

/**
 * - `plain`, `asvspoof-2021`: `name score`, no header
 * - `asvspoof-2019`: `name source key score`, no header
 * - `asvspoof-5`: tab-separated with the header `filename cm-score`
 */
export const SCORE_FORMATS = ['plain', 'asvspoof-2019', 'asvspoof-2021', 'asvspoof-5'] as const;
export type ScoreFormat = (typeof SCORE_FORMATS)[number];

const HEADER_5 = 'filename\tcm-score';
const LABEL_HEADER_5 = 'filename\tcm-label';

/**
 * Reads a score file of any of the formats; which one shows from the first line.
 * @throws CorpusError naming file and line when a row has another number of columns, a score that is
 * no number, or a name that occurred before
 */
export function readScoreFile(path: string): TrialScore[] {
  const rows = rowsOf(path, HEADER_5);
  const columns = rows[0]!.fields.length;
  if (columns !== 2 && columns !== 4) {
    throw new CorpusError(`${rows[0]!.where}: expected 2 or 4 columns, got ${columns}`);
  }
  const seen = new Set<string>();
  return rows.map(({ fields, where }) => {
    if (fields.length !== columns) {
      throw new CorpusError(`${where}: expected ${columns} columns, got ${fields.length}`);
    }
    const name = fields[0]!;
    const score = Number(fields.at(-1));
    if (Number.isNaN(score)) throw new CorpusError(`${where}: "${fields.at(-1)}" is no score`);
    if (seen.has(name)) throw new CorpusError(`${where}: a second score of ${name}`);
    seen.add(name);
    if (columns === 2) return { name, score };
    return { name, score, source: fields[1]!, label: labelOf(fields[2]!, where) };
  });
}

/**
 * Reads labels by name: two columns (name, label), an ASVspoof 2019 protocol, the keys of 2021, or a
 * protocol or key file of ASVspoof 5.
 * @throws CorpusError when a row has another number of columns or an unknown label
 */
export function readLabelFile(path: string): ReadonlyMap<string, 'bonafide' | 'spoof'> {
  const rows = rowsOf(path, LABEL_HEADER_5);
  const columns = rows[0]!.fields.length;
  const place = LABEL_PLACES.get(columns);
  if (place === undefined) {
    const known = [...LABEL_PLACES.keys()].join(', ');
    throw new CorpusError(`${rows[0]!.where}: expected ${known} columns, got ${columns}`);
  }
  return new Map(
    rows.map(({ fields, where }) => {
      if (fields.length !== columns) {
        throw new CorpusError(`${where}: expected ${columns} columns, got ${fields.length}`);
      }
      return [fields[place.name]!, labelOf(fields[place.label]!, where)];
    }),
  );
}

/** Where name and label stand, by the number of columns. */
const LABEL_PLACES: ReadonlyMap<number, { readonly name: number; readonly label: number }> =
  new Map([
    [2, { name: 0, label: 1 }],
    [5, { name: 1, label: 4 }],
    [8, { name: 1, label: 5 }],
    [10, { name: 1, label: 8 }],
    [13, { name: 1, label: 5 }],
  ]);

/**
 * Joins scores with labels.
 * @throws CorpusError when a labelled trial has no score, or a trial has no label
 */
export function joinLabels(
  scores: readonly TrialScore[],
  labels: ReadonlyMap<string, 'bonafide' | 'spoof'> | null,
): TrialScores {
  const joined = { bonafide: [] as number[], spoof: [] as number[] };
  for (const { name, score, label } of scores) {
    const known = labels === null ? label : labels.get(name);
    if (known === undefined) throw new CorpusError(`${name} has a score but no label`);
    joined[known].push(score);
  }
  if (labels !== null && labels.size !== scores.length) {
    const scored = new Set(scores.map(({ name }) => name));
    const missing = [...labels.keys()].filter((name) => !scored.has(name));
    throw new CorpusError(`${missing.length} trials have no score, for example ${missing[0]}`);
  }
  return joined;
}

/**
 * Writes scores in one of the formats.
 * @throws RangeError when `asvspoof-2019` is asked for and a trial has no label
 */
export function writeScoreFile(
  path: string,
  format: ScoreFormat,
  scores: readonly TrialScore[],
): void {
  const lines = scores.map((trial) => lineOf(trial, format));
  if (format === 'asvspoof-5') lines.unshift(HEADER_5);
  writeFileSync(path, `${lines.join('\n')}\n`);
}

function lineOf({ name, score, label, source }: TrialScore, format: ScoreFormat): string {
  switch (format) {
    case 'plain':
    case 'asvspoof-2021':
      return `${name} ${score}`;
    case 'asvspoof-5':
      return `${name}\t${score}`;
    case 'asvspoof-2019': {
      if (label === undefined) throw new RangeError(`${name} has no label to write`);
      // Columns are told apart by spaces.
      const system = label === 'bonafide' ? '-' : (source ?? '-').replace(/\s+/g, '_');
      return `${name} ${system} ${label} ${score}`;
    }
  }
}

/** Rows of a file split at tabs or spaces, a header that is known left out. */
function rowsOf(path: string, header: string): { fields: string[]; where: string }[] {
  const rows = readFileSync(path, 'utf8')
    .split(/\r?\n/)
    .map((line, index) => ({ line: line.trim(), where: `${path}, line ${index + 1}` }))
    .filter(({ line }) => line !== '' && line !== header)
    .map(({ line, where }) => ({ fields: line.split(/[\t ]+/), where }));
  if (rows.length === 0) throw new CorpusError(`${path} holds no rows`);
  return rows;
}
