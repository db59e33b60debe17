const NO_BYTES = new Uint8Array(0);

/**
 * Cuts a stream of raw audio, whose messages may end anywhere, at sample boundaries: the bytes of
 * an unfinished sample wait for the next message. Copies only when a boundary was missed.
 */
export class WholeSamples {
  readonly #frameBytes: number;
  #rest: Uint8Array = NO_BYTES;

  /** `frameBytes` = bytes of one sample of all channels; 1 = messages are passed on as they are. */
  constructor(frameBytes: number) {
    this.#frameBytes = frameBytes;
  }

  /** @returns whole samples, maybe none; good as long as `message` is. */
  take(message: Uint8Array): Uint8Array {
    const bytes = this.#rest.length === 0 ? message : Buffer.concat([this.#rest, message]);
    const restBytes = bytes.length % this.#frameBytes;
    if (restBytes === 0) {
      this.#rest = NO_BYTES;
      return bytes;
    }
    const end = bytes.length - restBytes;
    this.#rest = bytes.slice(end);
    return bytes.subarray(0, end);
  }
}
