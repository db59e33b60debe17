import { describe, expect, it } from 'vitest';
import type { PreparedAudio } from '../../../src/replay/prepare-audio.ts';
import { stampPacket, timelineOf } from '../../../src/replay/timeline.ts';

const AUDIO: PreparedAudio = {
  format: { codec: 'mulaw', sampleRateHz: 8000, channels: 1 },
  packets: Array.from({ length: 200 }, (_, index) => Uint8Array.of(index)),
  packetSamples: 160,
  seconds: 4,
};

describe('timelineOf', () => {
  it('sends a packet every 20 ms with consecutive stamps', () => {
    const timeline = timelineOf(AUDIO, null);
    expect(timeline).toHaveLength(200);
    expect(timeline[3]).toEqual({
      packet: Uint8Array.of(3),
      sequence: 3,
      sampleTime: 480,
      sendAtMs: 60,
    });
  });

  it('loses the same packets for a seed, others for another, and keeps the stamps', () => {
    const sequences = (seed: number) =>
      timelineOf(AUDIO, { seed, lossShare: 0.2 }).map(({ sequence }) => sequence);
    expect(sequences(1)).toEqual(sequences(1));
    expect(sequences(1)).not.toEqual(sequences(2));
    expect(sequences(1).length).toBeGreaterThan(120);
    expect(sequences(1).length).toBeLessThan(190);
    for (const { packet, sequence, sampleTime } of timelineOf(AUDIO, { seed: 1, lossShare: 0.2 })) {
      expect([packet[0], sampleTime]).toEqual([sequence, 160 * sequence]);
    }
  });

  it('loses all or nothing at the ends', () => {
    expect(timelineOf(AUDIO, { seed: 1, lossShare: 1 })).toEqual([]);
    expect(timelineOf(AUDIO, { seed: 1 })).toEqual(timelineOf(AUDIO, null));
  });
});

describe('stampPacket', () => {
  it('puts sequence and sample time before the packet, big-endian', () => {
    const stamped = stampPacket({
      packet: Uint8Array.of(9, 8),
      sequence: 0x01020304,
      sampleTime: 2 ** 32 + 0x0a0b0c0d,
      sendAtMs: 0,
    });
    expect([...stamped]).toEqual([1, 2, 3, 4, 10, 11, 12, 13, 9, 8]);
  });
});
