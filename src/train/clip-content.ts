import { createHash, randomUUID } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { extname, join, resolve } from 'node:path';
import type { Clip } from './corpora/clip.ts';
import { PART } from './part-files.ts';

const FILE = 'recordings.json';
const CHUNK_BYTES = 2 ** 20;

/** A recording as it was when its bytes were read. */
interface Known {
  readonly bytes: number;
  readonly modifiedMs: number;
  /** SHA-256 of the bytes, hexadecimal. */
  readonly sha256: string;
}

/**
 * What tells one recording from another: a hash of its bytes. It is part of the keys of what is kept
 * of them, so that a corpus that was copied, moved or mounted anew is not prepared again. A file in
 * the cache folder knows the hashes by path, size and time of change: a recording is read again only
 * when one of these is another.
 */
export class ClipContents {
  readonly #folder: string;
  readonly #known: Map<string, Known>;
  #isChanged = false;
  readonly #chunk = new Uint8Array(CHUNK_BYTES);

  constructor(cacheFolder: string) {
    this.#folder = cacheFolder;
    this.#known = readKnown(join(cacheFolder, FILE));
  }

  /**
   * The hash of a clip's recording with the ending of its name, by which raw audio is told apart; its
   * path when it cannot be read.
   */
  contentOf({ path }: Pick<Clip, 'path'>): string {
    const sha256 = this.#hashOf(path);
    return sha256 === undefined ? path : `${sha256}${extname(path).toLowerCase()}`;
  }

  /** Keeps what was read for later runs. Runs beside each other keep what the last one knew. */
  save(): void {
    if (!this.#isChanged) return;
    mkdirSync(this.#folder, { recursive: true });
    const part = join(this.#folder, `${FILE}.${randomUUID()}${PART}`);
    writeFileSync(part, JSON.stringify(Object.fromEntries(this.#known)));
    renameSync(part, join(this.#folder, FILE));
    this.#isChanged = false;
  }

  #hashOf(path: string): string | undefined {
    const file = statSync(path, { throwIfNoEntry: false });
    if (file === undefined) return undefined;
    const name = resolve(path);
    const known = this.#known.get(name);
    if (known !== undefined && known.bytes === file.size && known.modifiedMs === file.mtimeMs) {
      return known.sha256;
    }
    const sha256 = this.#read(path);
    if (sha256 === undefined) return undefined;
    this.#known.set(name, { bytes: file.size, modifiedMs: file.mtimeMs, sha256 });
    this.#isChanged = true;
    return sha256;
  }

  #read(path: string): string | undefined {
    const hash = createHash('sha256');
    try {
      const file = openSync(path, 'r');
      try {
        for (;;) {
          const bytes = readSync(file, this.#chunk);
          if (bytes === 0) return hash.digest('hex');
          hash.update(this.#chunk.subarray(0, bytes));
        }
      } finally {
        closeSync(file);
      }
    } catch {
      // Why, the decoder will say.
      return undefined;
    }
  }
}

function readKnown(path: string): Map<string, Known> {
  try {
    return new Map(Object.entries(JSON.parse(readFileSync(path, 'utf8')) as Record<string, Known>));
  } catch {
    // None yet, or a file that is not whole: the recordings are read again.
    return new Map();
  }
}
