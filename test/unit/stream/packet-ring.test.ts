import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createPacketRingMemory,
  maxRecordBytes,
  PacketRingReader,
  PacketRingWriter,
  RECORD,
} from '../../../src/stream/packet-ring.ts';

const format = { codec: 'mulaw', sampleRateHz: 8000, channels: 1 } as const;

function createRing() {
  const memory = createPacketRingMemory(format, 6);
  return {
    writer: new PacketRingWriter(memory, maxRecordBytes(format)),
    reader: new PacketRingReader(memory),
  };
}

describe('packet ring', () => {
  it('gives back packets and control records in order with their times', () => {
    const { writer, reader } = createRing();
    writer.audio(Uint8Array.of(1, 2, 3), 12.5);
    writer.control(RECORD.lost, 2 ** 33 + 7, 13);
    writer.audio(Uint8Array.of(9), 14);
    writer.audio(new Uint8Array(0), 15.5);
    expect(reader.next()).toBe(true);
    expect([reader.kind, reader.payloadBytes, reader.arrivedAtMs]).toEqual([RECORD.audio, 3, 12.5]);
    expect([...reader.payload.subarray(0, 3)]).toEqual([1, 2, 3]);
    reader.next();
    expect([reader.kind, reader.value]).toEqual([RECORD.lost, 2 ** 33 + 7]);
    reader.next();
    expect([reader.kind, reader.payload[0]]).toEqual([RECORD.audio, 9]);
    reader.next();
    expect([reader.kind, reader.payloadBytes, reader.arrivedAtMs]).toEqual([RECORD.audio, 0, 15.5]);
    expect(reader.next()).toBe(false);
  });

  it('holds six seconds, refuses more audio, and still takes control records', () => {
    const { writer, reader } = createRing();
    const packet = new Uint8Array(160);
    let written = 0;
    while (writer.audio(packet, 0)) written++;
    expect(written * 20).toBeGreaterThanOrEqual(6000);
    expect(written * 20).toBeLessThan(7200);
    expect(writer.control(RECORD.end, 0, 0)).toBe(true);
    for (let index = 0; index < written; index++) expect(reader.next()).toBe(true);
    reader.next();
    expect(reader.kind).toBe(RECORD.end);
  });

  it('overwrites what was read, and nothing else', () => {
    const memory = createPacketRingMemory(format, 1);
    // Behind the two places, whose bytes may be anything.
    const bytes = new Uint8Array(memory, 8);
    const held = () => bytes.filter((value) => value === 0xab).length;
    const writer = new PacketRingWriter(memory, maxRecordBytes(format));
    const reader = new PacketRingReader(memory);
    const packet = new Uint8Array(160).fill(0xab);
    // From every place in the ring, also where a record reaches over its end.
    for (let turn = 0; turn < 200; turn++) {
      writer.audio(packet, 0);
      writer.audio(packet, 0);
      expect(reader.next()).toBe(true);
      writer.wipe();
      // A ring keeps one word free, between the newest and the oldest: it cannot be reached.
      expect(held()).toBeGreaterThanOrEqual(160);
      expect(held()).toBeLessThanOrEqual(164);
      expect(reader.next()).toBe(true);
      expect(reader.payload.subarray(0, 160)).toEqual(packet);
      writer.wipe();
      expect(held()).toBeLessThanOrEqual(4);
      expect(writer.fill).toBe(0);
    }
    reader.wipe();
    expect(reader.payload.every((value) => value === 0)).toBe(true);
  });

  it('refuses a packet beyond its record size', () => {
    const { writer } = createRing();
    expect(() => writer.audio(new Uint8Array(1601), 0)).toThrow(
      'packet must be at most 1600 bytes, got 1601',
    );
  });

  it('takes the longest record of every format: its length fits the header', () => {
    const wide = { codec: 'pcm16', sampleRateHz: 192_000, channels: 2 } as const;
    const recordBytes = maxRecordBytes(wide);
    expect(recordBytes).toBe(65_532);
    const memory = createPacketRingMemory(wide, 6);
    const writer = new PacketRingWriter(memory, recordBytes);
    const reader = new PacketRingReader(memory);
    writer.audio(new Uint8Array(recordBytes).fill(7), 0);
    expect(reader.next()).toBe(true);
    expect([reader.payloadBytes, reader.payload[recordBytes - 1]]).toEqual([recordBytes, 7]);
  });

  it('is a queue: any mix of writes and reads (property)', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(fc.uint8Array({ minLength: 0, maxLength: 1600 }), fc.constant('read' as const)),
          { maxLength: 200 },
        ),
        (steps) => {
          const { writer, reader } = createRing();
          const model: Uint8Array[] = [];
          for (const step of steps) {
            if (step === 'read') {
              const expected = model.shift();
              expect(reader.next()).toBe(expected !== undefined);
              if (expected !== undefined) {
                expect(reader.payload.slice(0, reader.payloadBytes)).toEqual(expected);
              }
            } else if (writer.audio(step, 0)) model.push(step);
          }
        },
      ),
      { seed: 1, numRuns: 60 },
    );
  });
});
