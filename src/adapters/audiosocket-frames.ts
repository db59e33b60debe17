const HEADER_BYTES = 3;
/** Room for a 20-ms frame of up to 48 kHz; longer frames make it grow, to 64 KiB at most. */
const FIRST_ROOM_BYTES = 2_048;
const NO_BYTES = new Uint8Array(0);

export interface FrameHandler {
  /** A frame's header has come. `stop` may be called here, before its payload is waited for. */
  begins(kind: number, payloadBytes: number): void;
  /** A whole frame has come. The payload is good until the call returns. */
  frame(kind: number, payload: Uint8Array): void;
}

/**
 * Cuts a byte stream into AudioSocket frames: one byte of kind, two of length (big-endian), then
 * the payload. Reads may split and join frames anywhere. Allocates nothing a frame as long as
 * payloads have the same length.
 */
export class AudioSocketFrames {
  readonly #handler: FrameHandler;
  readonly #header = new Uint8Array(HEADER_BYTES);
  #headerBytes = 0;
  #room = NO_BYTES;
  /** The payload of the frame under way: a view of `#room`. */
  #payload = NO_BYTES;
  #payloadBytes = 0;
  #stopped = false;

  constructor(handler: FrameHandler) {
    this.#handler = handler;
  }

  /** Takes the next bytes of the stream and hands over every frame that they complete. */
  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length && !this.#stopped) {
      at =
        this.#headerBytes < HEADER_BYTES
          ? this.#takeHeader(bytes, at)
          : this.#takePayload(bytes, at);
    }
  }

  /** Nothing is read any more; what is held is let go. */
  stop(): void {
    this.#stopped = true;
    this.#room = NO_BYTES;
    this.#payload = NO_BYTES;
  }

  #takeHeader(bytes: Uint8Array, start: number): number {
    let at = start;
    while (at < bytes.length && this.#headerBytes < HEADER_BYTES) {
      this.#header[this.#headerBytes++] = bytes[at++]!;
    }
    if (this.#headerBytes < HEADER_BYTES) return at;
    const payloadBytes = this.#header[1]! * 256 + this.#header[2]!;
    this.#handler.begins(this.#header[0]!, payloadBytes);
    if (this.#stopped) return at;
    this.#makeRoom(payloadBytes);
    if (payloadBytes === 0) this.#complete();
    return at;
  }

  // Copied byte by byte: a view of the read's buffer would be an object a frame.
  #takePayload(bytes: Uint8Array, start: number): number {
    const payload = this.#payload;
    const count = Math.min(payload.length - this.#payloadBytes, bytes.length - start);
    const offset = this.#payloadBytes;
    for (let index = 0; index < count; index++) payload[offset + index] = bytes[start + index]!;
    this.#payloadBytes += count;
    if (this.#payloadBytes === payload.length) this.#complete();
    return start + count;
  }

  #makeRoom(payloadBytes: number): void {
    this.#payloadBytes = 0;
    if (payloadBytes === this.#payload.length) return;
    if (payloadBytes > this.#room.length) {
      this.#room = new Uint8Array(Math.max(FIRST_ROOM_BYTES, payloadBytes));
    }
    this.#payload = this.#room.subarray(0, payloadBytes);
  }

  #complete(): void {
    this.#headerBytes = 0;
    this.#handler.frame(this.#header[0]!, this.#payload);
  }
}
