import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';

const FILE_VERSION = 'brain.Event:2';
const CRC_MASK_DELTA = 0xa282ead8;
/** CRC-32C (Castagnoli), reflected. */
const CRC_POLYNOMIAL = 0x82f63b78;

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++)
    crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ CRC_POLYNOMIAL;
  return crc;
});

/**
 * Scalars of a run as a TensorBoard event file: TFRecords of `tensorflow.Event` messages
 * (tensorflow/core/util/event.proto and lib/io/record_writer.h). A run that goes on after a kill
 * begins a new file in the same folder, as TensorBoard expects.
 */
export class EventFileWriter {
  readonly #path: string;
  readonly #clock: Clock;

  /** @param tag sets the files of one folder apart, such as the first step */
  constructor(folder: string, tag: string, clock: Clock) {
    mkdirSync(folder, { recursive: true });
    this.#clock = clock;
    const seconds = Math.floor(clock.nowMs() / 1000);
    this.#path = join(folder, `events.out.tfevents.${seconds}.bonafide.${tag}`);
    const version = bytesField(3, Buffer.from(FILE_VERSION));
    writeFileSync(this.#path, record(Buffer.concat([this.#wallTime(), version])));
  }

  get path(): string {
    return this.#path;
  }

  scalars(step: number, values: Readonly<Record<string, number>>): void {
    const summary = Object.entries(values).map(([name, value]) => {
      const number = Buffer.alloc(5);
      number.writeUInt8(tagOf(2, FIXED_32), 0);
      number.writeFloatLE(value, 1);
      return bytesField(1, Buffer.concat([bytesField(1, Buffer.from(name)), number]));
    });
    const stepField = Buffer.from([tagOf(2, VARINT), ...varint(step)]);
    const event = [this.#wallTime(), stepField, bytesField(5, Buffer.concat(summary))];
    appendFileSync(this.#path, record(Buffer.concat(event)));
  }

  #wallTime(): Buffer {
    const field = Buffer.alloc(9);
    field.writeUInt8(tagOf(1, FIXED_64), 0);
    field.writeDoubleLE(this.#clock.nowMs() / 1000, 1);
    return field;
  }
}

// Wire types of protocol buffers: the three fields of an event need no more of the format.
const VARINT = 0;
const FIXED_64 = 1;
const BYTES = 2;
const FIXED_32 = 5;

function tagOf(field: number, wireType: number): number {
  return field * 8 + wireType;
}

function bytesField(field: number, data: Uint8Array): Buffer {
  return Buffer.from([tagOf(field, BYTES), ...varint(data.length), ...data]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) + 128);
  }
}

/** Length, its masked CRC, the data, its masked CRC; little-endian. */
function record(data: Uint8Array): Buffer {
  const framed = Buffer.alloc(data.length + 16);
  framed.writeBigUInt64LE(BigInt(data.length), 0);
  framed.writeUInt32LE(maskedCrc(framed.subarray(0, 8)), 8);
  framed.set(data, 12);
  framed.writeUInt32LE(maskedCrc(data), 12 + data.length);
  return framed;
}

/** CRC-32C as TFRecords keep it: turned right by 15 bits, plus a constant. */
export function maskedCrc(data: Uint8Array): number {
  const crc = crc32c(data);
  return (((crc >>> 15) | (crc << 17)) + CRC_MASK_DELTA) >>> 0;
}

export function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = crcTable[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
