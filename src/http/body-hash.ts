import { createHash } from 'node:crypto';

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
    this.#divider = boundary === undefined ? null : Buffer.from(boundary, 'latin1');
  }

  update(piece: Uint8Array): void {
    const divider = this.#divider;
    if (divider === null) {
      this.#hash.update(piece);
      return;
    }
    const bytes = Buffer.concat([this.#rest, piece]);
    let at = 0;
    for (let found = bytes.indexOf(divider); found !== -1; found = bytes.indexOf(divider, at)) {
      this.#hash.update(bytes.subarray(at, found));
      at = found + divider.length;
    }
    const end = Math.max(at, bytes.length - divider.length + 1);
    this.#hash.update(bytes.subarray(at, end));
    this.#rest = bytes.subarray(end);
  }

  /** In hex; ends it. */
  digest(): string {
    return this.#hash.update(this.#rest).digest('hex');
  }
}
