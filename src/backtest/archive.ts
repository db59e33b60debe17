import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { audioFilesIn, foldersIn } from '../train/corpora/audio-tree.ts';
import { type Clip, CorpusError, type Split } from '../train/corpora/clip.ts';
import { CORPUS_LOADERS, detectCorpusKind } from '../train/corpora/detect-corpus.ts';
import { resampledUnit } from '../train/resampling.ts';
import { systemFamily } from '../train/system-family.ts';

/** One recording of an archive. Empty texts = unknown. */
export interface ArchiveRecording {
  readonly path: string;
  /** Relative to the archive, for people. */
  readonly name: string;
  /** null = nobody said. */
  readonly label: 'human' | 'synthetic' | null;
  readonly language: string;
  readonly gender: string;
  /** Codec or transmission that it went through before. */
  readonly codec: string;
  /** Publisher or campaign. */
  readonly source: string;
  /** Family of the synthesiser. */
  readonly synthesiser: string;
  /** Recordings of one group share their fate when figures are resampled. */
  readonly group: string;
}

const MANIFEST = 'manifest.csv';

/**
 * Reads an archive: a folder with `manifest.csv` (or that file), any corpus layout that training
 * knows, or else all audio files below the folder, unlabelled.
 * @throws CorpusError when there is nothing to read
 */
export function readArchive(path: string, split: Split | null): ArchiveRecording[] {
  const folder = folderOf(path);
  const clips = readClips(folder);
  if (clips === null) {
    if (split !== null) throw new CorpusError(`${folder} has no manifest, so no split ${split}`);
    return unlabelled(folder);
  }
  const chosen = split === null ? clips : clips.filter((clip) => clip.split === split);
  if (chosen.length === 0) {
    const ofSplit = split === null ? '' : ` of split ${split}`;
    throw new CorpusError(`${folder} holds no recordings${ofSplit}`);
  }
  const bySpeaker = resampledUnit(chosen) === 'speaker';
  return chosen.map((clip) => ({
    path: clip.path,
    name: relative(folder, clip.path),
    label: clip.label === 'spoof' ? 'synthetic' : 'human',
    language: clip.language,
    gender: clip.gender ?? '',
    codec: clip.codec ?? '',
    source: clip.page,
    synthesiser: clip.label === 'spoof' ? systemFamily(clip.system) : '',
    group: bySpeaker ? clip.speaker : clip.page,
  }));
}

function folderOf(path: string): string {
  if (!existsSync(path)) throw new CorpusError(`${path} is not there`);
  if (statSync(path).isDirectory()) return resolve(path);
  if (basename(path) === MANIFEST) return dirname(resolve(path));
  throw new CorpusError(`an archive must be a folder or a ${MANIFEST}, got ${path}`);
}

/** null = the folder has no layout that tells labels. */
function readClips(folder: string): readonly Clip[] | null {
  if (!Object.values(CORPUS_LOADERS).some((loader) => loader.matches(folder))) return null;
  const kind = detectCorpusKind(folder);
  return CORPUS_LOADERS[kind].read(folder, { strict: false, warn: () => {} });
}

function unlabelled(folder: string): ArchiveRecording[] {
  const paths = audioBelow(folder);
  if (paths.length === 0) throw new CorpusError(`${folder} holds no recordings`);
  const unknown = { label: null, language: '', gender: '', codec: '', synthesiser: '' } as const;
  return paths.map((path) => {
    const name = relative(folder, path);
    const source = dirname(name) === '.' ? '' : dirname(name);
    return { path, name, ...unknown, source, group: name };
  });
}

function audioBelow(folder: string): string[] {
  return [
    ...audioFilesIn(folder),
    ...foldersIn(folder).flatMap((name) => audioBelow(join(folder, name))),
  ];
}
