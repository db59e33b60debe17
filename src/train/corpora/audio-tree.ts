import { type Dirent, existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { type Clip, CorpusError, type CorpusOptions } from './clip.ts';

const AUDIO_EXTENSIONS: ReadonlySet<string> = new Set([
  '.wav',
  '.flac',
  '.mp3',
  '.ogg',
  '.opus',
  '.webm',
  '.ulaw',
  '.alaw',
  '.s16le',
]);

/**
 * Names of the folders in a folder, sorted; none when it is not there. Links to folders are folders,
 * unless they lead back to where the folder lies: a walk along those would not end.
 */
export function foldersIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => leadsToFolder(folder, entry))
    .filter((entry) => !(entry.isSymbolicLink() && leadsBack(folder, entry.name)))
    .map(({ name }) => name)
    .sort();
}

/** Paths of the audio files in a folder, sorted, hidden ones left out; none when it is not there. */
export function audioFilesIn(folder: string): string[] {
  return filesIn(folder)
    .filter((name) => AUDIO_EXTENSIONS.has(endingOf(name)))
    .map((name) => join(folder, name));
}

/** Warns of the files in these folders that `audioFilesIn` passes over because of their ending. */
export function warnOfOtherFiles(folders: readonly string[], warn: CorpusOptions['warn']): void {
  const endings = folders
    .flatMap(filesIn)
    .map(endingOf)
    .filter((ending) => !AUDIO_EXTENSIONS.has(ending))
    .map((ending) => ending || 'none')
    .sort();
  if (endings.length === 0) return;
  const distinct = [...new Set(endings)];
  warn(`${endings.length} files left out because of their ending: ${distinct.join(', ')}`);
}

/** Warns of folders that a loader passes over, and why. */
export function warnOfOtherFolders(
  folders: readonly string[],
  why: string,
  warn: CorpusOptions['warn'],
): void {
  if (folders.length === 0) return;
  warn(`${folders.length} folders left out: ${why}, for example ${folders[0]}`);
}

/** The folders right below these. */
export function foldersBelow(folders: readonly string[]): string[] {
  return folders.flatMap((folder) => foldersIn(folder).map((name) => join(folder, name)));
}

/** Names of the files in a folder, sorted, hidden ones left out; none when it is not there. */
function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !(entry.name.startsWith('.') || leadsToFolder(folder, entry)))
    .map(({ name }) => name)
    .sort();
}

function endingOf(name: string): string {
  return extname(name).toLowerCase();
}

/** A broken link leads to no folder. */
function leadsToFolder(folder: string, entry: Dirent): boolean {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  const path = join(folder, entry.name);
  return existsSync(path) && statSync(path).isDirectory();
}

/** Whether a link leads to a folder that holds it: by real path, or by the links that led here. */
function leadsBack(folder: string, name: string): boolean {
  const target = realpathSync(join(folder, name));
  for (let above = resolve(folder); ; above = dirname(above)) {
    const way = relative(target, realpathSync(above));
    if (way.split('/')[0] !== '..') return true;
    if (above === dirname(above)) return false;
  }
}

/** The first of the folders that is there, or null. */
export function firstExisting(...paths: readonly string[]): string | null {
  return paths.find((path) => existsSync(path)) ?? null;
}

/**
 * The clips whose audio is there; the others are warned of, as public corpora are often kept in part.
 * @throws CorpusError when none is there, or with `strict` when one is missing
 */
export function withAudio(clips: readonly Clip[], { strict, warn }: CorpusOptions): Clip[] {
  const namesOf = new Map<string, ReadonlySet<string>>();
  const kept = clips.filter(({ path }) => {
    const folder = dirname(path);
    let names = namesOf.get(folder);
    if (names === undefined) {
      names = new Set(existsSync(folder) ? readdirSync(folder) : []);
      namesOf.set(folder, names);
    }
    return names.has(basename(path));
  });
  if (kept.length === clips.length) return kept;
  const missing = clips.length - kept.length;
  const line = `${missing} of ${clips.length} clips have no audio file, for example ${firstMissing(clips, kept)}`;
  if (strict || kept.length === 0) throw new CorpusError(line);
  warn(line);
  return kept;
}

function firstMissing(clips: readonly Clip[], kept: readonly Clip[]): string {
  const there = new Set(kept);
  return clips.find((clip) => !there.has(clip))!.path;
}
