import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

export type ClipLabel = 'bonafide' | 'spoof';
export type Split = 'train' | 'val' | 'dev';

/** One labelled recording of a corpus. */
export interface Clip {
  readonly path: string;
  readonly label: ClipLabel;
  /** Synthesiser, or `human`. */
  readonly system: string;
  readonly speaker: string;
  readonly language: string;
  /** Publisher; no page is in two splits. */
  readonly page: string;
  readonly split: Split;
  readonly sourceRateHz: number;
  readonly seconds: number;
}

/** The corpus cannot be used; one line says why. */
export class CorpusError extends Error {
  override readonly name = 'CorpusError';
}

const COLUMNS = 'file,label,system,speaker,language,page,split,source_rate_hz,seconds';
const LABELS: ReadonlyMap<string, ClipLabel> = new Map([
  ['bonafide', 'bonafide'],
  ['bona-fide', 'bonafide'],
  ['real', 'bonafide'],
  ['spoof', 'spoof'],
  ['fake', 'spoof'],
]);
const SPLITS: readonly string[] = ['train', 'val', 'dev'];

/**
 * Reads a corpus: a folder with `manifest.csv`, or a plain folder with `real/` and `fake/`, which
 * becomes the split `dev`.
 * @throws CorpusError when it is empty, has one class only, an unknown label, or leaking splits
 */
export function readCorpus(folder: string): readonly Clip[] {
  const manifest = join(folder, 'manifest.csv');
  const clips = existsSync(manifest) ? readManifest(folder, manifest) : readPlainFolder(folder);
  if (clips.length === 0) throw new CorpusError(`${folder} holds no clips`);
  const labels = new Set(clips.map(({ label }) => label));
  if (labels.size < 2) {
    throw new CorpusError(`${folder} holds only ${[...labels][0]} clips; both classes are needed`);
  }
  refuseLeaks(clips);
  return clips;
}

/**
 * Training fits on `train`, calibrates on `val` and judges on `dev`.
 * @throws CorpusError when one of them lacks a class
 */
export function requireTrainingSplits(clips: readonly Clip[]): void {
  for (const split of ['train', 'val', 'dev'] as const) {
    for (const label of ['bonafide', 'spoof'] as const) {
      if (clips.some((clip) => clip.split === split && clip.label === label)) continue;
      throw new CorpusError(
        `the split ${split} has no ${label} clips; training needs both classes`,
      );
    }
  }
}

function readManifest(folder: string, path: string): Clip[] {
  const [header, ...lines] = readFileSync(path, 'utf8').trimEnd().split(/\r?\n/);
  if (header !== COLUMNS) {
    throw new CorpusError(`${path}: the header must be "${COLUMNS}", got "${header}"`);
  }
  return lines.map((line, index) => {
    const fields = splitCsvLine(line);
    const where = `${path}, line ${index + 2}`;
    if (fields.length !== 9) {
      throw new CorpusError(`${where}: expected 9 columns, got ${fields.length}`);
    }
    const [file, label, system, speaker, language, page, split, rate, seconds] = fields as string[];
    const known = LABELS.get(label!);
    if (known === undefined) throw new CorpusError(`${where}: unknown label "${label}"`);
    if (!SPLITS.includes(split!)) throw new CorpusError(`${where}: unknown split "${split}"`);
    return {
      path: join(folder, file!),
      label: known,
      system: system!,
      speaker: speaker!,
      language: language!,
      page: page!,
      split: split as Split,
      sourceRateHz: Number(rate),
      seconds: Number(seconds),
    };
  });
}

/** Fields of a CSV line; a field in double quotes may hold commas and doubled quotes. */
export function splitCsvLine(line: string): string[] {
  const fields: string[] = [];
  // Behind a comma in front of the line every field begins alike, an empty first one too.
  const pattern = /,(?:"((?:[^"]|"")*)"|([^,]*))/g;
  for (const [, quoted, plain] of `,${line}`.matchAll(pattern)) {
    fields.push(quoted === undefined ? plain! : quoted.replaceAll('""', '"'));
  }
  return fields;
}

const CLASS_FOLDERS: readonly (readonly [string, ClipLabel])[] = [
  ['real', 'bonafide'],
  ['bonafide', 'bonafide'],
  ['fake', 'spoof'],
  ['spoof', 'spoof'],
];

/** `real/` and `fake/` with files, or one more level that names the speaker or generator. */
function readPlainFolder(folder: string): Clip[] {
  const clips: Clip[] = [];
  for (const [name, label] of CLASS_FOLDERS) {
    const top = join(folder, name);
    if (!existsSync(top)) continue;
    for (const { path, group } of listFiles(top)) {
      clips.push({
        path,
        label,
        system: label === 'spoof' ? group || 'unknown' : 'human',
        speaker: label === 'bonafide' ? group : '',
        language: '',
        page: basename(folder),
        split: 'dev',
        sourceRateHz: 0,
        seconds: 0,
      });
    }
  }
  return clips;
}

function listFiles(top: string): { path: string; group: string }[] {
  return readdirSync(top)
    .sort()
    .flatMap((name) => {
      const path = join(top, name);
      if (!statSync(path).isDirectory()) return [{ path, group: '' }];
      return readdirSync(path)
        .sort()
        .map((file) => ({ path: join(path, file), group: name }));
    });
}

function refuseLeaks(clips: readonly Clip[]): void {
  const splitOf = new Map<string, Split>();
  for (const { page, split } of clips) {
    const known = splitOf.get(page) ?? split;
    if (known !== split) {
      throw new CorpusError(`page "${page}" is in the splits ${known} and ${split}`);
    }
    splitOf.set(page, known);
  }
}
