import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { firstExisting, foldersIn, withAudio } from './audio-tree.ts';
import { type Clip, CorpusError, type CorpusLoader, genderField, labelOf } from './clip.ts';
import { checkCounts, type PublishedCount } from './published-counts.ts';
import { type Row, readSpacedRows } from './rows.ts';

const KEY_FILE = 'trial_metadata.txt';

/** The columns that one of the two tracks has, by place. */
interface Track {
  readonly name: 'LA' | 'DF';
  readonly columns: number;
  readonly published: PublishedCount;
  /** What the track knows more of a trial. */
  readonly more: (fields: readonly string[]) => Pick<Clip, 'page' | 'language' | 'gender'>;
}

/** Eight columns: speaker, trial, codec, transmission, attack, key, trim, subset. */
export const asvspoof2021LaLoader = loaderOf({
  name: 'LA',
  columns: 8,
  published: { part: 'ASVspoof 2021 LA eval', bonafide: 14_816, spoof: 133_360 },
  more: () => ({ page: 'asvspoof-2021-la', language: 'en' }),
});

/**
 * Thirteen columns: speaker, trial, compression, source, attack, key, trim, subset, vocoder class,
 * task, team, gender pair, language.
 */
export const asvspoof2021DfLoader = loaderOf({
  name: 'DF',
  columns: 13,
  published: { part: 'ASVspoof 2021 DF eval', bonafide: 14_869, spoof: 519_059 },
  more: (fields) => ({
    page: `asvspoof-2021-df/${fields[3]}`,
    language: languageOf(fields[12]!),
    ...pairedGender(fields[11]!),
  }),
});

/** Of the key file only the subset `eval` is taken: official figures are of it alone. */
function loaderOf({ name, columns, published, more }: Track): CorpusLoader {
  const keysOf = (folder: string) =>
    firstExisting(
      join(folder, 'keys', name, 'CM', KEY_FILE),
      join(folder, `${name}-keys-full`, 'keys', name, 'CM', KEY_FILE),
      join(folder, name, 'CM', KEY_FILE),
    );
  return {
    matches: (folder) => keysOf(folder) !== null,
    read(folder, options) {
      const path = keysOf(folder);
      if (path === null) throw new CorpusError(`${folder} has no keys of ASVspoof 2021 ${name}`);
      const folderOf = audioFolders(folder, name);
      const clips = readSpacedRows(path, columns)
        .filter(({ fields }) => fields[7] === 'eval')
        .map((row) => ({ ...clipOf(row, folderOf), ...more(row.fields) }));
      checkCounts(clips, published, options);
      return withAudio(clips, options);
    },
  };
}

/** Where each trial's audio lies: DF comes in four parts, which may have been put together. */
function audioFolders(folder: string, name: string): (trial: string) => string {
  const home = `ASVspoof2021_${name}_eval`;
  const candidates = [folder, ...foldersIn(folder).map((part) => join(folder, part))]
    .flatMap((at) => [join(at, home, 'flac'), join(at, 'flac')])
    .filter((path) => existsSync(path));
  const names = candidates.map((path) => new Set(readdirSync(path)));
  const fallback = join(folder, home, 'flac');
  return (trial) => candidates.find((_, index) => names[index]!.has(`${trial}.flac`)) ?? fallback;
}

function clipOf({ fields, where }: Row, folderOf: (trial: string) => string): Clip {
  const [speaker, trial, codec, , attack, key] = fields as string[];
  const label = labelOf(key!, where);
  return {
    path: join(folderOf(trial!), `${trial}.flac`),
    label,
    system: label === 'spoof' ? attack! : 'human',
    speaker: speaker!,
    language: '',
    page: '',
    split: 'eval',
    sourceRateHz: 16_000,
    seconds: 0,
    codec: codec!,
  };
}

/** VCC 2020 names its languages by a letter; `-` is the English of the other sources. */
function languageOf(text: string): string {
  const known: Readonly<Record<string, string>> = { '-': 'en', E: 'en', F: 'fi', G: 'de', M: 'zh' };
  return known[text] ?? text;
}

/** The gender of a conversion's voice when source and target share it: only then it is certain. */
function pairedGender(pair: string): { gender?: 'female' | 'male' } {
  const letters = pair.replace(/[^A-Za-z]/g, '');
  return letters.length === 2 && letters[0] === letters[1] ? genderField(letters[0]!) : {};
}
