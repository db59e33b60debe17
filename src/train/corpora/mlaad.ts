import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { foldersBelow, foldersIn, warnOfOtherFolders, withAudio } from './audio-tree.ts';
import {
  type Clip,
  CorpusError,
  type CorpusLoader,
  type CorpusOptions,
  genderField,
} from './clip.ts';
import { type Entry, readTable } from './table.ts';

const NEEDED = ['path', 'original_file', 'language', 'duration', 'model_name'] as const;

/**
 * MLAAD: `fake/<language>/<model>/meta.csv`, pipes between, quotes are text. The bona fide side is
 * M-AILABS, from elsewhere: what lies at `real/<original_file>` is taken. The speaker of both is the
 * reader, so that no reader straddles splits.
 */
export const mlaadLoader: CorpusLoader = {
  matches: (folder) => tablesOf(folder).length > 0,
  read(folder, options) {
    const entries = tablesOf(folder).flatMap((path) =>
      readTable(path, { delimiter: '|', quoted: false, needed: NEEDED }),
    );
    if (entries.length === 0) throw new CorpusError(`${folder} has no meta.csv of MLAAD`);
    const spoof = withAudio(
      entries.map((entry) => spoofClip(folder, entry)),
      options,
    );
    const human = originals(folder, entries);
    warnOfSilence(folder, { entries, human }, options.warn);
    return [...spoof, ...human];
  },
};

/** Models without a table, and originals that are not where they are looked for. */
function warnOfSilence(
  folder: string,
  { entries, human }: { readonly entries: readonly Entry[]; readonly human: readonly Clip[] },
  warn: CorpusOptions['warn'],
): void {
  const models = foldersBelow(foldersBelow([join(folder, 'fake')]));
  warnOfOtherFolders(
    models.filter((model) => !existsSync(join(model, 'meta.csv'))),
    'a model of MLAAD has a meta.csv',
    warn,
  );
  const named = new Set(entries.map(({ values }) => values['original_file']!));
  const missing = named.size - human.length;
  if (missing === 0) return;
  const first = [...named].find((name) => !existsSync(join(folder, 'real', name)))!;
  warn(
    `${missing} of ${named.size} originals have no audio file, for example ${join(folder, 'real', first)}`,
  );
}

function tablesOf(folder: string): string[] {
  const fake = join(folder, 'fake');
  return foldersIn(fake).flatMap((language) =>
    foldersIn(join(fake, language))
      .map((model) => join(fake, language, model, 'meta.csv'))
      .filter((path) => existsSync(path)),
  );
}

function spoofClip(folder: string, { values, where }: Entry): Clip {
  const seconds = Number(values['duration']);
  if (!(seconds >= 0)) throw new CorpusError(`${where}: unknown duration "${values['duration']}"`);
  return {
    path: join(folder, values['path']!),
    label: 'spoof',
    system: values['model_name']!,
    language: values['language']!,
    split: 'eval',
    sourceRateHz: 0,
    seconds,
    ...aboutOriginal(values['original_file']!),
  };
}

/** Each original once, where its audio is there. */
function originals(folder: string, entries: readonly Entry[]): Clip[] {
  const names = new Set(entries.map(({ values }) => values['original_file']!));
  return [...names].flatMap((name) => {
    const path = join(folder, 'real', name);
    if (!existsSync(path)) return [];
    return [
      {
        path,
        label: 'bonafide' as const,
        system: 'human',
        language: partsOf(name)[0]!.slice(0, 2),
        split: 'eval' as const,
        sourceRateHz: 0,
        seconds: 0,
        ...aboutOriginal(name),
      },
    ];
  });
}

/** `en_US/by_book/<gender>/<reader>/<book>/wavs/…`. */
function aboutOriginal(name: string): Pick<Clip, 'speaker' | 'page' | 'sentence' | 'gender'> {
  const [locale, , gender, reader] = partsOf(name);
  return {
    speaker: reader ?? '',
    page: `m-ailabs/${locale}/${reader ?? ''}`,
    sentence: name,
    ...genderField(gender ?? ''),
  };
}

function partsOf(name: string): string[] {
  return name.replace(/^\.\//, '').split('/');
}
