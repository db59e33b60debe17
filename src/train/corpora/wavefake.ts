import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import {
  audioFilesIn,
  firstExisting,
  foldersBelow,
  foldersIn,
  warnOfOtherFiles,
  warnOfOtherFolders,
} from './audio-tree.ts';
import { type Clip, CorpusError, type CorpusLoader } from './clip.ts';

const SPEAKERS: readonly (readonly [string, string, string])[] = [
  ['ljspeech_', 'ljspeech', 'en'],
  ['jsut_', 'jsut', 'ja'],
  // Prompts of many people, all in the voice of LJSpeech.
  ['common_voices_prompts', 'ljspeech', 'en'],
];

/** Where the bona fide sides lie, which may be beside the vocoders themselves. */
const ORIGINALS = ['LJSpeech-1.1', 'jsut'];

/**
 * WaveFake: `generated_audio/<speaker>_<vocoder>/`, copies of LJSpeech and JSUT. The originals come
 * from elsewhere: `LJSpeech-1.1/wavs` and `jsut/` beside it are taken as bona fide where they are.
 */
export const waveFakeLoader: CorpusLoader = {
  matches: (folder) => generatedOf(folder) !== null,
  read(folder, { warn }) {
    const root = generatedOf(folder);
    if (root === null) throw new CorpusError(`${folder} has no generated_audio of WaveFake`);
    const originals = root === folder ? ORIGINALS : [];
    const unknown: string[] = [];
    const spoof = foldersIn(root).flatMap((name) => {
      const known = SPEAKERS.find(([prefix]) => name.startsWith(prefix));
      if (known === undefined) {
        if (!originals.includes(name)) unknown.push(join(root, name));
        return [];
      }
      const [prefix, speaker, language] = known;
      const system = name.replace(prefix, '').replace(/^_/, '') || name;
      const about = { label: 'spoof', system, speaker, language } as const;
      return [{ at: join(root, name), about }];
    });
    warnOfOtherFolders(unknown, 'WaveFake has no vocoder of such a name', warn);
    const human = { label: 'bonafide', system: 'human' } as const;
    const ljSpeech = {
      at: join(folder, 'LJSpeech-1.1', 'wavs'),
      about: { ...human, speaker: 'ljspeech', language: 'en' },
    };
    const jsut = foldersIn(join(folder, 'jsut')).map((part) => ({
      at: join(folder, 'jsut', part, 'wav'),
      about: { ...human, speaker: 'jsut', language: 'ja' },
    }));
    const places = [...spoof, ljSpeech, ...jsut];
    const read = places.map(({ at }) => at);
    warnOfOtherFiles(read, warn);
    warnOfOtherFolders(foldersBelow(read), 'below a vocoder or speaker nothing is read', warn);
    warnOfOtherFolders(
      jsut.filter(({ at }) => !existsSync(at)).map(({ at }) => dirname(at)),
      'a part of JSUT has its audio in wav',
      warn,
    );
    return places.flatMap(({ at, about }) => audioFilesIn(at).map((path) => clipOf(path, about)));
  },
};

function generatedOf(folder: string): string | null {
  const below = firstExisting(join(folder, 'generated_audio'));
  if (below !== null) return below;
  return existsSync(join(folder, 'ljspeech_melgan')) ? folder : null;
}

/** LJSpeech has 22.05 kHz, JSUT 24 kHz in the copies. */
function clipOf(
  path: string,
  about: Pick<Clip, 'label' | 'system' | 'speaker' | 'language'>,
): Clip {
  const sentence = basename(path).replace(/(_gen|_generated)?\.\w+$/, '');
  return {
    path,
    ...about,
    page: `wavefake/${about.speaker}`,
    split: 'eval',
    sourceRateHz: about.speaker === 'jsut' ? 24_000 : 22_050,
    seconds: 0,
    // The prompts are numbered apart from the sentences of LJSpeech.
    sentence: about.system.includes('conformer') ? `prompt ${sentence}` : sentence,
  };
}
