import { describe, expect, it } from 'vitest';
import { Load } from '../../../src/bench/load.ts';
import type { LoadWire } from '../../../src/bench/load-wire.ts';
import type { PreparedAudio } from '../../../src/replay/prepare-audio.ts';
import { steppingClock } from '../../support/stepping-clock.ts';

/** Packets 0, 1, … of 160 samples; the last one is shorter. */
function recordingOf(packets: number): PreparedAudio {
  return {
    format: { codec: 'mulaw', sampleRateHz: 8_000, channels: 1 },
    packets: Array.from({ length: packets }, (_, index) =>
      new Uint8Array(index === packets - 1 ? 80 : 160).fill(index),
    ),
    packetSamples: 160,
    seconds: 0.02 * packets - 0.01,
  };
}

/** What each call sent: its packets' first bytes and sizes. */
function recordingWire(): { wire: LoadWire; sent: { id: number; bytes: number }[][] } {
  const sent: { id: number; bytes: number }[][] = [];
  const wire: LoadWire = {
    messageMs: 20,
    async open(index) {
      sent[index] = [];
      return {
        send: (packet) => sent[index]!.push({ id: packet[0]!, bytes: packet.length }),
        stop: () => Promise.resolve(),
      };
    },
    close() {},
  };
  return { wire, sent };
}

describe('the packets of a load', () => {
  it('go round in whole packets, so that no call gets ahead of its time', async () => {
    const { wire, sent } = recordingWire();
    const load = new Load({ wire, clock: steppingClock(), recordings: [recordingOf(4)] });
    await load.open(1);
    await load.run(0.14);
    expect(sent[0]!.map(({ id }) => id)).toEqual([0, 1, 2, 0, 1, 2, 0]);
    expect(sent[0]!.every(({ bytes }) => bytes === 160)).toBe(true);
  });

  it('begin where the call before began, or so many packets behind', async () => {
    const together = recordingWire();
    const apart = recordingWire();
    for (const [{ wire }, packetsApart] of [
      [together, undefined],
      [apart, 2],
    ] as const) {
      const load = new Load({
        wire,
        clock: steppingClock(),
        recordings: [recordingOf(9)],
        ...(packetsApart === undefined ? {} : { packetsApart }),
      });
      await load.open(3);
      await load.run(0.05);
    }
    expect(together.sent.map(([first]) => first!.id)).toEqual([0, 0, 0]);
    expect(apart.sent.map(([first]) => first!.id)).toEqual([0, 2, 4]);
  });
});
