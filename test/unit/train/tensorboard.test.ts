import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { crc32c, EventFileWriter, maskedCrc } from '../../../src/train/tensorboard.ts';
import { FakeClock } from '../../support/fake-clock.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-events-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

it('has the CRC of RFC 3720, appendix B.4', () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, index) => index))).toBe(0x46dd794e);
});

it('writes records that carry their length and checksums, and the events inside', () => {
  const writer = new EventFileWriter(folder, '0', new FakeClock());
  writer.scalars(300, { loss: 0.5, 'val/eer': 0.25 });
  const file = readFileSync(writer.path);
  const payloads: Buffer[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    expect(file.readUInt32LE(at + 8)).toBe(maskedCrc(file.subarray(at, at + 8)));
    const data = file.subarray(at + 12, at + 12 + length);
    expect(file.readUInt32LE(at + 12 + length)).toBe(maskedCrc(data));
    payloads.push(data);
    at += length + 16;
  }
  expect(payloads).toHaveLength(2);
  expect(payloads[0]!.subarray(9).toString('latin1')).toBe('\x1a\x0dbrain.Event:2');
  // step = 300 as a varint, then the summary with its two values.
  expect([...payloads[1]!.subarray(9, 12)]).toEqual([0x10, 0xac, 0x02]);
  expect(payloads[1]!.includes('val/eer')).toBe(true);
  const half = Buffer.alloc(4);
  half.writeFloatLE(0.5);
  expect(payloads[1]!.includes(Buffer.concat([Buffer.from([0x15]), half]))).toBe(true);
});
