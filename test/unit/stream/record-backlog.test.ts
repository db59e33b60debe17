import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LANE_TICK_MS } from '../../../src/stream/lane-ticker.ts';
import {
  bytesOfSeconds,
  createPacketRingMemory,
  maxRecordBytes,
  PacketRingReader,
  PacketRingWriter,
  RECORD,
} from '../../../src/stream/packet-ring.ts';
import { RecordBacklog } from '../../../src/stream/record-backlog.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const FORMAT = { codec: 'mulaw', sampleRateHz: 8000, channels: 1 } as const;

function open(maxBytes = bytesOfSeconds(FORMAT, 4)) {
  const clock = new FakeClock();
  const memory = createPacketRingMemory(FORMAT, 1);
  const ring = new PacketRingWriter(memory, maxRecordBytes(FORMAT));
  const reader = new PacketRingReader(memory);
  return { clock, ring, reader, backlog: new RecordBacklog(ring, maxBytes, clock) };
}

describe('RecordBacklog', () => {
  it('is a queue whatever the reader does (property)', () => {
    const write = fc.record({ bytes: fc.integer({ min: 0, max: 1600 }) });
    const control = fc.record({ value: fc.integer({ min: 0, max: 1e9 }) });
    const step = fc.oneof(
      write,
      control,
      fc.constant('read' as const),
      fc.constant('wait' as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const { clock, reader, backlog } = open();
        const expected: string[] = [];
        const heard: string[] = [];
        const read = () => {
          if (!reader.next()) return false;
          const isAudio = reader.kind === RECORD.audio;
          const first = isAudio ? `${reader.payloadBytes}/${reader.payload[0]}` : reader.value;
          heard.push(`${reader.kind} ${first} ${reader.arrivedAtMs}`);
          return true;
        };
        for (const [at, what] of steps.entries()) {
          if (what === 'read') read();
          else if (what === 'wait') clock.advance(LANE_TICK_MS);
          else if ('value' in what) {
            if (backlog.control(RECORD.lost, what.value, at))
              expected.push(`1 ${what.value} ${at}`);
          } else {
            const packet = new Uint8Array(what.bytes + 1).fill(at);
            if (packet.length > 1600 || !backlog.audio(packet, at)) continue;
            expected.push(`0 ${packet.length}/${at % 256} ${at}`);
            // The caller's buffer is its own again.
            packet.fill(255);
          }
        }
        for (let turn = 0; turn < 1_000; turn++) {
          while (read());
          clock.advance(LANE_TICK_MS);
        }
        expect(heard).toEqual(expected);
        expect(clock.pendingTimers).toBe(0);
        expect(backlog.fill).toBe(0);
      }),
    );
  });

  it('refuses more than its bytes, but never the end', () => {
    const { backlog, reader, clock } = open(4_000);
    const packet = new Uint8Array(160);
    let taken = 0;
    while (backlog.audio(packet, 0)) taken++;
    expect(backlog.fill).toBeGreaterThan(0.8);
    while (backlog.control(RECORD.finalize, 0, 0)) taken++;
    expect(backlog.control(RECORD.end, 0, 0)).toBe(true);
    let last: number = RECORD.audio;
    let heard = 0;
    for (let more = reader.next(); more; more = reader.next()) {
      last = reader.kind;
      heard++;
      clock.advance(LANE_TICK_MS);
    }
    expect(heard).toBe(taken + 1);
    expect(last).toBe(RECORD.end);
  });

  it('runs no timer while the ring has room', () => {
    const { backlog, clock } = open();
    expect(backlog.audio(new Uint8Array(160), 0)).toBe(true);
    expect(backlog.control(RECORD.pause, 0, 0)).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });
});
