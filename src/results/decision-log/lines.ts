import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { StoreError } from '../../sqlite.ts';

const NEWLINE = 10;
/** A line of the service is far shorter: what a decision is made of comes in messages of at most 64 KiB. */
const MAX_LINE_BYTES = 16_777_216;
const CHUNK_BYTES = 262_144;

/** How a file is read; a day of the log may be longer than any string, so never as a whole. */
export interface LineReading {
  /** Bytes read at once, at least 1; default 256 KiB. */
  readonly chunkBytes?: number;
  /** Most bytes of one line, without its newline; default 16 MiB. */
  readonly maxLineBytes?: number;
}

/** A line is longer than any that the service writes. */
export class LineTooLongError extends StoreError {
  readonly code = 'LOG_ERR_LINE_TOO_LONG';
  /** What is wrong, without the file. */
  readonly reason: string;

  constructor(file: string, maxLineBytes: number) {
    const reason = `the line is longer than ${maxLineBytes} bytes (LOG_ERR_LINE_TOO_LONG)`;
    super(`${file}: ${reason}`);
    this.reason = reason;
  }
}

/** A line without its newline. */
export interface Line {
  readonly text: string;
  /** False = the file ends here, without a newline. */
  readonly isWhole: boolean;
}

/**
 * The lines of a file from its beginning, as UTF-8. Memory: one chunk and one line.
 * @throws LineTooLongError, and the system's error when the file cannot be read.
 */
export function* linesOf(path: string, reading: LineReading = {}): Generator<Line> {
  const file = openSync(path, 'r');
  const chunk = Buffer.allocUnsafe(reading.chunkBytes ?? CHUNK_BYTES);
  const begun = new LinePieces(path, reading);
  try {
    for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) {
      const bytes = chunk.subarray(0, read);
      let from = 0;
      for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, from)) {
        begun.append(bytes.subarray(from, at));
        yield { text: begun.take(), isWhole: true };
        from = at + 1;
      }
      begun.append(bytes.subarray(from));
    }
    const text = begun.take();
    if (text !== '') yield { text, isWhole: false };
  } finally {
    closeSync(file);
  }
}

/**
 * The same from the end: what follows the last newline comes first, also when that is nothing. Reads no more of the
 * file than is asked for.
 * @throws as `linesOf`
 */
export function* linesFromEnd(path: string, reading: LineReading = {}): Generator<string> {
  const begun = new LinePieces(path, reading);
  for (const { bytes } of chunksFromEnd(path, reading)) {
    let end = bytes.length;
    for (let at = lastNewline(bytes, end); at >= 0; at = lastNewline(bytes, end)) {
      begun.prepend(bytes.subarray(at + 1, end));
      yield begun.take();
      end = at;
    }
    begun.prepend(bytes.subarray(0, end));
  }
  yield begun.take();
}

/** Bytes of a file up to its last newline and with it; 0 = it has none. Whatever follows may be of any length. */
export function wholeBytesOf(path: string, reading: LineReading = {}): number {
  for (const { bytes, start } of chunksFromEnd(path, reading)) {
    const at = lastNewline(bytes, bytes.length);
    if (at >= 0) return start + at + 1;
  }
  return 0;
}

interface Chunk {
  /** Good until the next chunk is asked for. */
  readonly bytes: Buffer;
  /** Where in the file they begin. */
  readonly start: number;
}

function* chunksFromEnd(path: string, reading: LineReading): Generator<Chunk> {
  const file = openSync(path, 'r');
  try {
    const chunk = Buffer.allocUnsafe(reading.chunkBytes ?? CHUNK_BYTES);
    for (let end = fstatSync(file).size; end > 0; ) {
      const start = Math.max(0, end - chunk.length);
      const bytes = chunk.subarray(0, end - start);
      for (let filled = 0; filled < bytes.length; ) {
        const read = readSync(file, bytes, filled, bytes.length - filled, start + filled);
        if (read === 0) throw new StoreError(`${path} became shorter while it was read`);
        filled += read;
      }
      yield { bytes, start };
      end = start;
    }
  } finally {
    closeSync(file);
  }
}

/** The last newline before `end`, or −1. */
function lastNewline(bytes: Buffer, end: number): number {
  // A negative offset would count from the end.
  return end === 0 ? -1 : bytes.lastIndexOf(NEWLINE, end - 1);
}

/** A line whose pieces lie in several chunks; it becomes text as a whole, so no character is torn. */
class LinePieces {
  readonly #path: string;
  readonly #maxBytes: number;
  #pieces: Buffer[] = [];
  #bytes = 0;

  constructor(path: string, { maxLineBytes = MAX_LINE_BYTES }: LineReading) {
    this.#path = path;
    this.#maxBytes = maxLineBytes;
  }

  append(piece: Buffer): void {
    this.#pieces.push(this.#kept(piece));
  }

  prepend(piece: Buffer): void {
    this.#pieces.unshift(this.#kept(piece));
  }

  take(): string {
    const text = Buffer.concat(this.#pieces).toString();
    this.#pieces = [];
    this.#bytes = 0;
    return text;
  }

  #kept(piece: Buffer): Buffer {
    this.#bytes += piece.length;
    if (this.#bytes > this.#maxBytes) throw new LineTooLongError(this.#path, this.#maxBytes);
    // The chunk is filled again.
    return Buffer.from(piece);
  }
}
