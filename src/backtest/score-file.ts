import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { z } from 'zod';
import { type CallScores, callScoresSchema } from './call-scores.ts';

const READ_BYTES = 1 << 20;

/** How every line begins. */
const LINE_BEGIN = /^\{"key":"[0-9a-f]{32}"/;
const LINE_BEGIN_BYTES = '{"key":""'.length + 32;

const lineSchema = z.strictObject({
  key: z.string().regex(/^[0-9a-f]{32}$/),
  /** For people. */
  name: z.string(),
  ...callScoresSchema.shape,
});

/** The scores of a recording under their key. */
export interface ScoreEntry {
  readonly key: string;
  readonly name: string;
  readonly scores: CallScores;
}

/** The file is somebody else's. */
export class ScoreFileError extends Error {
  override readonly name = 'ScoreFileError';
}

/**
 * Scores of recordings as lines of JSON, only ever appended to, so that a run that was killed goes on.
 * A line that was cut short is taken away. When the disk takes none, entries are counted as unsaved.
 */
export class ScoreFile {
  readonly #path: string;
  /** Of the file, all of them whole lines. */
  #bytes = 0;
  #unsaved = 0;
  #problem: string | null = null;

  /** Makes the folder. */
  constructor(path: string) {
    this.#path = path;
    mkdirSync(dirname(path), { recursive: true });
  }

  /** Entries that the disk did not take. */
  get unsaved(): number {
    return this.#unsaved;
  }

  /** What the disk said last, or null. */
  get problem(): string | null {
    return this.#problem;
  }

  /**
   * Hands over every whole entry, in order; once, before the first `add`.
   * @throws ScoreFileError when something else is in the file: that is left as it is
   */
  read(take: (entry: ScoreEntry) => void): void {
    if (!existsSync(this.#path)) return;
    if (!isScoreFile(this.#path)) {
      throw new ScoreFileError(`${this.#path} holds something else than scores of a backtest`);
    }
    for (const { text, bytes } of linesOf(this.#path)) {
      this.#bytes += bytes;
      const entry = parseEntry(text);
      // A line of another version is scored again.
      if (entry !== null) take(entry);
    }
    truncateSync(this.#path, this.#bytes);
  }

  add({ key, name, scores }: ScoreEntry): void {
    const line = Buffer.from(`${JSON.stringify({ key, name, ...scores })}\n`);
    try {
      this.#append(line);
    } catch (error) {
      this.#unsaved++;
      this.#problem = error instanceof Error ? error.message : String(error);
    }
  }

  #append(line: Uint8Array): void {
    const file = openSync(this.#path, 'a');
    try {
      // A write that failed half-way (a full disk) left part of a line.
      if (fstatSync(file).size > this.#bytes) ftruncateSync(file, this.#bytes);
      for (let written = 0; written < line.length; ) written += writeSync(file, line, written);
      this.#bytes += line.length;
    } finally {
      closeSync(file);
    }
  }
}

/** Empty, or beginning as a line does; a kill may have left less than that of the first one. */
function isScoreFile(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const begin = Buffer.alloc(LINE_BEGIN_BYTES);
    const read = readSync(file, begin);
    const rest = `{"key":"${'0'.repeat(32)}"`.slice(read);
    return LINE_BEGIN.test(begin.toString('latin1', 0, read) + rest);
  } finally {
    closeSync(file);
  }
}

function* linesOf(path: string): Generator<{ text: string; bytes: number }> {
  const file = openSync(path, 'r');
  const decoder = new StringDecoder('utf8');
  const block = Buffer.alloc(READ_BYTES);
  let rest = '';
  try {
    for (let read = readSync(file, block); read > 0; read = readSync(file, block)) {
      const lines = (rest + decoder.write(block.subarray(0, read))).split('\n');
      rest = lines.pop()!;
      for (const text of lines) yield { text, bytes: Buffer.byteLength(text) + 1 };
    }
  } finally {
    closeSync(file);
  }
}

function parseEntry(text: string): ScoreEntry | null {
  try {
    const parsed = lineSchema.safeParse(JSON.parse(text));
    if (!parsed.success) return null;
    const { key, name, ...scores } = parsed.data;
    return { key, name, scores };
  } catch {
    return null;
  }
}
