import { createHash } from 'node:crypto';

const SHORTEST_DIVIDER = 4;

/**
 * The SHA-256 of a body that comes in pieces. What divides the parts of a form is left out: clients draw
 * it anew in every try.
 */
export class BodyHash {
  readonly #hash = createHash('sha256');
  readonly #divider: Buffer | null;
  /** The end of what came, which may be the beginning of a divider. */
  #rest: Buffer = Buffer.alloc(0);

  /** @param contentType of the body */
  constructor(contentType: string) {
    const match = /^multipart\/.*;\s*boundary=(?:"([^"]+)"|([^;,\s]+))/i.exec(contentType);
    const boundary = match?.[1] ?? match?.[2];
    // One of a few characters is no draw, and would be found all over the recording.
    const isDrawn = boundary !== undefined && boundary.length >= SHORTEST_DIVIDER;
    this.#divider = isDrawn ? Buffer.from(boundary, 'latin1') : null;
  }

  update(piece: Uint8Array): void {
    const divider = this.#divider;
    if (divider === null) {
      this.#hash.update(piece);
      return;
    }
    const bytes = Buffer.concat([this.#rest, piece]);
    // What stays is moved together and hashed at once: a body may be nothing but dividers.
    let kept = 0;
    let at = 0;
    for (let found = bytes.indexOf(divider); found !== -1; found = bytes.indexOf(divider, at)) {
      bytes.copyWithin(kept, at, found);
      kept += found - at;
      at = found + divider.length;
    }
    const end = Math.max(at, bytes.length - divider.length + 1);
    bytes.copyWithin(kept, at, end);
    this.#hash.update(bytes.subarray(0, kept + end - at));
    this.#rest = bytes.subarray(end);
  }

  /** In hex; ends it. */
  digest(): string {
    return this.#hash.update(this.#rest).digest('hex');
  }
}
