import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach } from 'vitest';
import type { Clip, CorpusOptions } from '../../../../src/train/corpora/clip.ts';

const made: string[] = [];

afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A temporary folder with these files; a list becomes lines, null an empty file. */
export function corpusFolder(files: Readonly<Record<string, readonly string[] | null>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'bonafide-corpora-'));
  made.push(folder);
  for (const [name, lines] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, lines === null ? '' : `${lines.join('\n')}\n`);
  }
  return folder;
}

/** Files without content, for `corpusFolder`. */
export function empty(...names: readonly string[]): Record<string, null> {
  return Object.fromEntries(names.map((name) => [name, null]));
}

/** Options that collect warnings. */
export function collecting(strict = false): CorpusOptions & { readonly lines: string[] } {
  const lines: string[] = [];
  return { strict, lines, warn: (line) => lines.push(line) };
}

/** The facts of clips as short texts: file, label, system, speaker. */
export function facts(clips: readonly Clip[]): string[] {
  return clips.map(({ path, label, system, speaker }) =>
    [path.split('/').at(-1), label, system, speaker].join(' '),
  );
}
