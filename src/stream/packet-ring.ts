import { RingBuffer } from 'ringbuf.js';
import type { AudioFormat } from './codecs/decoder.ts';
import { RingPool } from './ring-pool.ts';

/** What a record of the ring says. Control records keep their place among the packets. */
export const RECORD = {
  audio: 0,
  /** `value` samples (at the format's rate) were lost before the next packet. */
  lost: 1,
  pause: 2,
  /** `value` samples passed while paused. */
  resume: 3,
  finalize: 4,
  /** Nothing follows. */
  end: 5,
} as const;

export type RecordKind = (typeof RECORD)[keyof typeof RECORD];
export type ControlKind = Exclude<RecordKind, 0>;

/** Where records go. */
export interface RecordSink {
  /** @returns false when there is no room: nothing was taken. */
  audio(packet: Uint8Array, arrivedAtMs: number): boolean;
  /** @returns false when there is no room even for a control record. */
  control(kind: ControlKind, value: number, arrivedAtMs: number): boolean;
  /** Overwrites what was read already and would lie there until other records take its place. */
  wipe(): void;
  /** Share of the room in use, 0…1. */
  readonly fill: number;
}

/** The ring's unit: a record is copied by the word, a quarter of the work of copying it by the byte. */
const WORD_BYTES = 4;
const HEADER_BYTES = 16;
const HEADER_WORDS = HEADER_BYTES / WORD_BYTES;
/** Kept free of audio so that a control record finds room. */
const CONTROL_RESERVE_WORDS = 32 * HEADER_WORDS;
/** Kept free of everything else, so that the end and a loss before it always find room. */
const END_RESERVE_WORDS = 2 * HEADER_WORDS;
/** 64 kbit/s, well above voice; a leg at twice that has half the time. */
const OPUS_BYTES_PER_SECOND = 8_000;
const PACKETS_PER_SECOND = 100;
/** Longest packet of a record; a 120-ms Opus packet has at most 1,275 bytes a frame. */
const MAX_OPUS_PACKET_BYTES = 7_700;
/** Uncompressed audio is cut into records of at most this. */
export const MAX_RECORD_MS = 200;
/** The header has 16 bits for the length. */
const MAX_PAYLOAD_BYTES = 65_535;

const BYTES_PER_SAMPLE = { pcm16: 2, mulaw: 1, alaw: 1, g722: 0.5, opus: 0 } as const;

/** Bytes of one sample of all channels, half a byte of G.722; 0 for Opus, whose packets have no fixed size. */
export function frameBytesOf(format: AudioFormat): number {
  return BYTES_PER_SAMPLE[format.codec] * format.channels;
}

/** Longest payload of one record in bytes. */
export function maxRecordBytes(format: AudioFormat): number {
  if (format.codec === 'opus') return MAX_OPUS_PACKET_BYTES;
  const frameBytes = frameBytesOf(format);
  const frames = Math.floor((format.sampleRateHz * MAX_RECORD_MS) / 1000);
  return Math.min(frames, Math.floor(MAX_PAYLOAD_BYTES / frameBytes)) * frameBytes;
}

/** Bytes of the records of some seconds of the format. */
export function bytesOfSeconds(format: AudioFormat, seconds: number): number {
  const bytesPerSecond =
    format.codec === 'opus' ? OPUS_BYTES_PER_SECOND : format.sampleRateHz * frameBytesOf(format);
  return seconds * (bytesPerSecond + PACKETS_PER_SECOND * HEADER_BYTES);
}

/** Shared memory for a ring of some seconds of the format. Allocates where the pool has none. */
export function createPacketRingMemory(
  format: AudioFormat,
  seconds: number,
  rings: RingPool = new RingPool(),
): SharedArrayBuffer {
  return rings.take(bytesOfSeconds(format, seconds) + CONTROL_RESERVE_WORDS * WORD_BYTES);
}

function wordsOf(payloadBytes: number): number {
  return Math.ceil(payloadBytes / WORD_BYTES);
}

/**
 * Where records are put together and taken apart. All rings of a thread share it: what is in it is
 * good until the next record of any of them.
 */
const threadWords = new Int32Array(HEADER_WORDS + wordsOf(MAX_PAYLOAD_BYTES));
const threadScratch = new Uint8Array(threadWords.buffer);
const scratchView = new DataView(threadWords.buffer);
const threadPayload = threadScratch.subarray(HEADER_BYTES);

/**
 * Producer's end, on the I/O thread. One record is one push of header and payload, so the reader
 * never sees half of one. Allocates at construction only.
 */
export class PacketRingWriter implements RecordSink {
  readonly #ring: RingBuffer;
  readonly #maxPayloadBytes: number;

  constructor(memory: SharedArrayBuffer, maxPayloadBytes: number) {
    this.#ring = new RingBuffer(memory, Int32Array);
    this.#maxPayloadBytes = maxPayloadBytes;
  }

  /** @returns false when the ring is full: nothing was written. */
  audio(packet: Uint8Array, arrivedAtMs: number): boolean {
    if (packet.length > this.#maxPayloadBytes) {
      throw new RangeError(
        `packet must be at most ${this.#maxPayloadBytes} bytes, got ${packet.length}`,
      );
    }
    const words = HEADER_WORDS + wordsOf(packet.length);
    if (this.#ring.available_write() < words + CONTROL_RESERVE_WORDS) return false;
    // The payload need not fill it, and what lies there is another call's.
    threadWords[words - 1] = 0;
    writeHeader(RECORD.audio, packet.length, 0, arrivedAtMs);
    threadScratch.set(packet, HEADER_BYTES);
    this.#ring.push(threadWords, words);
    return true;
  }

  /** @returns false when not even the reserve for control records has room; never for the end. */
  control(kind: ControlKind, value: number, arrivedAtMs: number): boolean {
    const reserveWords = kind === RECORD.end ? 0 : END_RESERVE_WORDS;
    if (this.#ring.available_write() < HEADER_WORDS + reserveWords) return false;
    writeHeader(kind, 0, value, arrivedAtMs);
    this.#ring.push(threadWords, HEADER_WORDS);
    return true;
  }

  wipe(): void {
    threadScratch.fill(0);
    const ring = this.#ring;
    ring.writeCallback(ring.capacity(), (free, freeAtStart) => {
      free.fill(0);
      freeAtStart.fill(0);
      // Once round: the place to write at stays where it is. 0 would mean all that was offered.
      return ring.capacity() + 1;
    });
  }

  /** Share of the capacity in use, 0…1. */
  get fill(): number {
    return this.#ring.available_read() / this.#ring.capacity();
  }
}

// The length has 16 bits, the value 40: enough for a day of samples at 48 kHz.
function writeHeader(
  kind: RecordKind,
  payloadBytes: number,
  value: number,
  arrivedAtMs: number,
): void {
  scratchView.setUint8(0, kind);
  scratchView.setUint8(1, Math.floor(value / 2 ** 32));
  scratchView.setUint16(2, payloadBytes, true);
  scratchView.setUint32(4, value % 2 ** 32, true);
  scratchView.setFloat64(8, arrivedAtMs, true);
}

/** Consumer's end, on the lane. `next` fills the fields and the payload of the oldest record. */
export class PacketRingReader {
  readonly #ring: RingBuffer;
  kind: RecordKind = RECORD.audio;
  payloadBytes = 0;
  value = 0;
  arrivedAtMs = 0;

  constructor(memory: SharedArrayBuffer) {
    this.#ring = new RingBuffer(memory, Int32Array);
  }

  /** Bytes of the newest record's payload are at the start of this array, until the next record. */
  get payload(): Uint8Array {
    return threadPayload;
  }

  /** Overwrites the newest record's payload. */
  wipe(): void {
    threadScratch.fill(0);
  }

  /** @returns false when the ring is empty. Allocates: no. */
  next(): boolean {
    if (this.#ring.available_read() < HEADER_WORDS) return false;
    this.#ring.pop(threadWords, HEADER_WORDS);
    this.kind = scratchView.getUint8(0) as RecordKind;
    this.payloadBytes = scratchView.getUint16(2, true);
    this.value = scratchView.getUint8(1) * 2 ** 32 + scratchView.getUint32(4, true);
    this.arrivedAtMs = scratchView.getFloat64(8, true);
    const words = wordsOf(this.payloadBytes);
    if (words > 0) this.#ring.pop(threadWords, words, HEADER_WORDS);
    return true;
  }
}
