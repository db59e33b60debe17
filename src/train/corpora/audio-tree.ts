import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
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

/** Names of the folders in a folder, sorted; none when it is not there. */
export function foldersIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** Paths of the audio files in a folder, sorted, hidden ones left out; none when it is not there. */
export function audioFilesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter(
      (entry) =>
        !(entry.isDirectory() || entry.name.startsWith('.')) &&
        AUDIO_EXTENSIONS.has(extname(entry.name).toLowerCase()),
    )
    .map(({ name }) => join(folder, name))
    .sort();
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
