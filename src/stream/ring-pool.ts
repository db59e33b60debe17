import { RingBuffer } from 'ringbuf.js';

const { BYTES_PER_ELEMENT: WORD_BYTES } = Int32Array;
/** Of a ring besides its capacity. */
const OVERHEAD_BYTES = RingBuffer.getStorageForCapacity(1, Int32Array).byteLength - WORD_BYTES;
/** Of rings that wait to be used again. */
const MAX_WAITING_BYTES = 32 * 2 ** 20;

/**
 * The memory of packet rings, which feeds use one after the other. The garbage collector does not count
 * shared memory: left to it, rings of ended calls pile up to gigabytes before it looks for them.
 */
export class RingPool {
  readonly #maxWaitingBytes: number;
  /** The one that has waited longest first. */
  readonly #waiting: SharedArrayBuffer[] = [];
  #waitingBytes = 0;

  /** @param maxWaitingBytes beyond it those that have waited longest are left to the garbage collector */
  constructor(maxWaitingBytes = MAX_WAITING_BYTES) {
    this.#maxWaitingBytes = maxWaitingBytes;
  }

  /** Memory of an empty ring of words of four bytes. */
  take(capacityBytes: number): SharedArrayBuffer {
    const words = Math.ceil(capacityBytes / WORD_BYTES);
    const bytes = words * WORD_BYTES + OVERHEAD_BYTES;
    const place = this.#waiting.findLastIndex(({ byteLength }) => byteLength === bytes);
    if (place < 0) return RingBuffer.getStorageForCapacity(words, Int32Array);
    this.#waitingBytes -= bytes;
    return this.#waiting.splice(place, 1)[0]!;
  }

  /** Nobody reads or writes this memory any more. Its audio is overwritten at once. */
  giveBack(memory: SharedArrayBuffer): void {
    new Uint8Array(memory).fill(0);
    this.#waiting.push(memory);
    this.#waitingBytes += memory.byteLength;
    while (this.#waitingBytes > this.#maxWaitingBytes) {
      this.#waitingBytes -= this.#waiting.shift()!.byteLength;
    }
  }
}
