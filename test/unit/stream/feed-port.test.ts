import { describe, expect, it } from 'vitest';
import type { AudioFormat } from '../../../src/stream/codecs/decoder.ts';
import { FeedPort } from '../../../src/stream/feed-port.ts';
import { LANE_TICK_MS } from '../../../src/stream/lane-ticker.ts';
import { PacketRingReader, RECORD } from '../../../src/stream/packet-ring.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const MULAW: AudioFormat = { codec: 'mulaw', sampleRateHz: 8000, channels: 1 };
const STEREO: AudioFormat = { codec: 'pcm16', sampleRateHz: 16_000, channels: 2 };
const OPUS: AudioFormat = { codec: 'opus', sampleRateHz: 48_000, channels: 1 };

function open(format: AudioFormat, live = true) {
  const clock = new FakeClock();
  const port = new FeedPort(1, format, live, { clock });
  const reader = new PacketRingReader(port.ringMemory);
  const drain = () => {
    const records: [number, number][] = [];
    // What waits for room in the ring moves on when time does.
    for (let more = reader.next(); more; more = reader.next()) {
      const { kind, payloadBytes, value } = reader;
      records.push([kind, kind === RECORD.audio ? payloadBytes : value]);
      clock.advance(LANE_TICK_MS);
    }
    return records;
  };
  return { port, drain, clock };
}

describe('FeedPort', () => {
  it('takes whole samples of all channels only', () => {
    const { port, drain } = open(STEREO);
    expect(port.audio(new Uint8Array(4), 0)).toBe('written');
    for (const bytes of [1, 2, 3, 7]) {
      expect(port.audio(new Uint8Array(bytes), 0)).toBe('bad_size');
    }
    expect(port.audio(new Uint8Array(0), 0)).toBe('written');
    expect(drain()).toEqual([[RECORD.audio, 4]]);
  });

  it('writes nothing once it is closed: its ring may be another call’s', () => {
    for (const live of [true, false]) {
      const { port, drain } = open(MULAW, live);
      port.close();
      expect(port.audio(new Uint8Array(160), 0)).toBe('dropped');
      port.lost(160, 0);
      expect(port.control('end', 0, 0)).toBe(true);
      port.wipe();
      expect(drain()).toEqual([]);
    }
  });

  it('cuts long packets into records without losing a byte', () => {
    const { port, drain } = open(MULAW);
    expect(port.audio(new Uint8Array(3_500), 0)).toBe('written');
    expect(drain()).toEqual([
      [RECORD.audio, 1600],
      [RECORD.audio, 1600],
      [RECORD.audio, 300],
    ]);
  });

  it('takes five seconds at once, and no more', () => {
    for (const format of [MULAW, STEREO]) {
      const { port } = open(format);
      const bytesPerSecond = port.recordBytes * 5;
      for (let second = 0; second < 5; second++) {
        expect(port.audio(new Uint8Array(bytesPerSecond), 0)).toBe('written');
      }
      expect(port.audio(new Uint8Array(bytesPerSecond), 0)).toBe('too_fast');
    }
  });

  it('a live feed drops what has no room and declares it before the next packet', () => {
    const { port, drain } = open(MULAW);
    const second = new Uint8Array(8000);
    let nowMs = 0;
    let dropped = 0;
    for (let count = 0; count < 9; count++) {
      if (port.audio(second, nowMs) === 'dropped') dropped++;
      nowMs += 1000;
    }
    expect(dropped).toBeGreaterThan(0);
    const before = drain();
    const heard = before.reduce((total, [, bytes]) => total + bytes, 0);
    expect(port.audio(second, nowMs)).toBe('written');
    const [first] = drain();
    expect(first).toEqual([RECORD.lost, 9 * 8000 - heard]);
    expect(port.droppedPackets).toBe(dropped);
  });

  it('counts a packet that was cut into records once when it is dropped', () => {
    const { port } = open(MULAW);
    const second = new Uint8Array(8000);
    for (let nowMs = 0; port.audio(second, nowMs) === 'written'; ) nowMs += 1_000;
    expect(port.droppedPackets).toBe(1);
    expect(port.audio(second, 60_000)).toBe('dropped');
    expect(port.droppedPackets).toBe(2);
  });

  it('declares what was dropped before the end, too', () => {
    const { port, drain } = open(MULAW);
    let nowMs = 0;
    for (let count = 0; count < 9; count++, nowMs += 1000) port.audio(new Uint8Array(8000), nowMs);
    expect(port.control('end', 0, nowMs)).toBe(true);
    const records = drain();
    const heard = records.reduce((sum, [kind, n]) => sum + (kind === RECORD.audio ? n : 0), 0);
    expect(records.slice(-2)).toEqual([
      [RECORD.lost, 9 * 8000 - heard],
      [RECORD.end, 0],
    ]);
  });

  it('the fast door has no rate limit, and a full ring is the caller’s to wait for', () => {
    const { port, drain } = open(MULAW, false);
    const packet = new Uint8Array(1600);
    let written = 0;
    while (port.audio(packet, 0) === 'written') written++;
    expect(port.audio(packet, 0)).toBe('full');
    expect(drain()).toHaveLength(written);
    expect(port.droppedPackets).toBe(0);
    expect(port.audio(packet, 0)).toBe('written');
  });

  it('a burst of five seconds comes out whole and in order, and no timer stays', () => {
    const { port, drain, clock } = open(MULAW);
    for (let second = 0; second < 5; second++) port.audio(new Uint8Array(8000 - second), 0);
    port.control('finalize', 7, 0);
    port.control('end', 0, 0);
    expect(port.droppedPackets).toBe(0);
    expect(clock.pendingTimers).toBe(1);
    const lengths = [0, 1, 2, 3, 4].flatMap((less) => [1600, 1600, 1600, 1600, 1600 - less]);
    expect(drain()).toEqual([
      ...lengths.map((bytes) => [RECORD.audio, bytes]),
      [RECORD.finalize, 7],
      [RECORD.end, 0],
    ]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('a closed port keeps nothing and wakes nobody', () => {
    const { port, clock } = open(MULAW);
    for (let second = 0; second < 5; second++) port.audio(new Uint8Array(8000), 0);
    port.close();
    expect(clock.pendingTimers).toBe(0);
    expect(port.control('end', 0, 0)).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it('control records find room in a ring that is full of audio', () => {
    const { port, drain } = open(MULAW);
    for (let nowMs = 0; nowMs < 12_000; nowMs += 1000) port.audio(new Uint8Array(8000), nowMs);
    for (const kind of ['pause', 'resume', 'finalize', 'end'] as const) {
      expect(port.control(kind, 0, 0)).toBe(true);
    }
    expect(
      drain()
        .slice(-4)
        .map(([kind]) => kind),
    ).toEqual([RECORD.pause, RECORD.resume, RECORD.finalize, RECORD.end]);
  });

  it('the end finds room in a ring that is full of control records', () => {
    const { port, drain } = open(MULAW);
    let taken = 0;
    while (port.control('finalize', 0, 0)) taken++;
    expect(taken).toBeGreaterThan(1000);
    port.lost(160, 0);
    expect(port.control('end', 0, 0)).toBe(true);
    expect(drain().at(-1)).toEqual([RECORD.end, 0]);
  });

  it('losses add up, whatever their length', () => {
    const { port, drain } = open(MULAW);
    port.lost(8000 * 3600 * 24, 0);
    port.lost(1, 0);
    expect(drain()).toEqual([
      [RECORD.lost, 691_200_000],
      [RECORD.lost, 1],
    ]);
  });

  it('what cannot be Opus is one corrupt packet, however long it is', () => {
    const { port, drain } = open(OPUS);
    expect(port.audio(Uint8Array.of(3, 0), 0)).toBe('written');
    expect(port.audio(new Uint8Array(60_000).fill(8), 0)).toBe('written');
    expect(port.audio(new Uint8Array(100).fill(8), 0)).toBe('written');
    expect(drain()).toEqual([
      [RECORD.audio, 0],
      [RECORD.audio, 0],
      [RECORD.audio, 100],
    ]);
  });

  it('what cannot be Opus and finds no room is declared lost and counted, in its place', () => {
    const { port, drain } = open(OPUS);
    const bad = Uint8Array.of(3, 0);
    let taken = 0;
    while (port.audio(bad, 0) === 'written') taken++;
    expect(port.droppedPackets).toBe(1);
    port.audio(bad, 0);
    expect([port.packets, port.droppedPackets]).toEqual([taken + 2, 2]);
    port.control('end', 0, 0);
    const records = drain();
    expect(records.slice(-2)).toEqual([
      [RECORD.lost, 2 * 960],
      [RECORD.end, 0],
    ]);
    expect(records).toHaveLength(taken + 2);
  });

  it('a clock that jumps gives no more than the burst and never goes into debt', () => {
    const { port } = open(MULAW);
    const second = new Uint8Array(8000);
    for (let count = 0; count < 5; count++) port.audio(second, 0);
    expect(port.audio(second, -3_600_000)).toBe('too_fast');
    expect(port.audio(second, 86_400_000)).not.toBe('too_fast');
    for (let count = 0; count < 4; count++) port.audio(second, 86_400_000);
    expect(port.audio(second, 86_400_000)).toBe('too_fast');
  });
});
