import { readFileSync, writeFileSync } from 'node:fs';
import { basename, extname, relative } from 'node:path';
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

/** What a file of labels says. */
export interface TrialLabels {
  readonly byName: ReadonlyMap<string, 'bonafide' | 'spoof'>;
  /**
   * Trials that figures leave out: those of other subsets, or all that are not listed where the file
   * was cut to one subset; null = the format knows no subsets.
   */
  readonly others: ReadonlySet<string> | 'unlisted' | null;
}

/**
 * Reads labels by name: two columns (name, label), an ASVspoof 2019 protocol, the keys of 2021, or a
 * protocol or key file of ASVspoof 5. Of the keys of 2021 the subset `eval` is taken.
 * @throws CorpusError when a row has another number of columns or an unknown label, or none is left
 */
export function readLabelFile(path: string): TrialLabels {
  const rows = rowsOf(path, LABEL_HEADER_5);
  const columns = rows[0]!.fields.length;
  const place = LABEL_PLACES.get(columns);
  if (place === undefined) {
    const known = [...LABEL_PLACES.keys()].join(', ');
    throw new CorpusError(`${rows[0]!.where}: expected ${known} columns, got ${columns}`);
  }
  const byName = new Map<string, 'bonafide' | 'spoof'>();
  const others = new Set<string>();
  for (const { fields, where } of rows) {
    if (fields.length !== columns) {
      throw new CorpusError(`${where}: expected ${columns} columns, got ${fields.length}`);
    }
    const name = fields[place.name]!;
    const label = labelOf(fields[place.label]!, where);
    if (place.subset === undefined || fields[place.subset] === SUBSET) byName.set(name, label);
    else others.add(name);
  }
  if (byName.size === 0) throw new CorpusError(`${path} has no trials of the subset ${SUBSET}`);
  if (place.subset === undefined) return { byName, others: null };
  return { byName, others: others.size > 0 ? others : 'unlisted' };
}

/** Official figures are of this subset alone. */
const SUBSET = 'eval';

interface LabelPlace {
  readonly name: number;
  readonly label: number;
  readonly subset?: number;
}

/** Where name, label and subset stand, by the number of columns. */
const LABEL_PLACES: ReadonlyMap<number, LabelPlace> = new Map<number, LabelPlace>([
  [2, { name: 0, label: 1 }],
  [5, { name: 1, label: 4 }],
  [8, { name: 1, label: 5, subset: 7 }],
  [10, { name: 1, label: 8 }],
  [13, { name: 1, label: 5, subset: 7 }],
]);

/**
 * Joins scores with labels; scores of trials that the labels leave out are passed over.
 * @throws CorpusError when a labelled trial has no score, or a trial has no label
 */
export function joinLabels(scores: readonly TrialScore[], labels: TrialLabels | null): TrialScores {
  const joined = { bonafide: [] as number[], spoof: [] as number[] };
  const kept = labels === null ? scores : scores.filter(({ name }) => !isLeftOut(name, labels));
  for (const { name, score, label } of kept) {
    const known = labels === null ? label : labels.byName.get(name);
    if (known === undefined) throw new CorpusError(`${name} has a score but no label`);
    joined[known].push(score);
  }
  if (labels !== null && labels.byName.size !== kept.length) {
    const scored = new Set(kept.map(({ name }) => name));
    const missing = [...labels.byName.keys()].filter((name) => !scored.has(name));
    throw new CorpusError(`${missing.length} trials have no score, for example ${missing[0]}`);
  }
  return joined;
}

/** How many of the scores `joinLabels` passes over. */
export function countLeftOut(scores: readonly TrialScore[], labels: TrialLabels): number {
  return scores.filter(({ name }) => isLeftOut(name, labels)).length;
}

function isLeftOut(name: string, { byName, others }: TrialLabels): boolean {
  return others === 'unlisted' ? !byName.has(name) : others?.has(name) === true;
}

/**
 * Names of trials after their files: base names, or where two files share one, paths below the
 * folder for all. Neither has an ending, unless nothing else tells two files apart.
 */
export function trialNames(paths: readonly string[], folder: string): string[] {
  const bare = (path: string) => path.slice(0, path.length - extname(path).length);
  const namings = [
    (path: string) => basename(bare(path)),
    (path: string) => relative(folder, bare(path)),
    (path: string) => relative(folder, path),
  ];
  let names: string[] = [];
  for (const nameOf of namings) {
    // Columns are told apart by spaces.
    names = paths.map((path) => nameOf(path).replace(/\s+/g, '_'));
    if (new Set(names).size === names.length) break;
  }
  return names;
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
      const system = label === 'bonafide' ? '-' : (source ?? '').trim().replace(/\s+/g, '_') || '-';
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
