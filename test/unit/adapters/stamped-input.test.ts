import { describe, expect, it } from 'vitest';
import { StampedInput } from '../../../src/adapters/stamped-input.ts';
import type { Call } from '../../../src/stream/call.ts';
import { FeedPort } from '../../../src/stream/feed-port.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const OPUS = { codec: 'opus', sampleRateHz: 48_000, channels: 1 } as const;
/** 20 ms by their first byte; more than 120 ms, which no packet has. */
const GOOD = Uint8Array.of(8, 1, 2);
const CORRUPT = Uint8Array.of(3, 63);

function open() {
  const call = {
    ports: [new FeedPort(1, OPUS, true, { clock: new FakeClock() })],
  } as unknown as Call;
  const input = new StampedInput(call);
  const notes: string[] = [];
  input.sendTo({
    audio: (packet) => notes.push(`audio ${packet.length}`),
    lost: (samples) => notes.push(`lost ${samples}`),
  });
  const take = (sequence: number, sampleTime: number, packet: Uint8Array) => {
    const message = new Uint8Array(8 + packet.length);
    new DataView(message.buffer).setUint32(0, sequence);
    new DataView(message.buffer).setUint32(4, sampleTime);
    message.set(packet, 8);
    return input.take(message);
  };
  return { take, notes };
}

describe('StampedInput', () => {
  it('declares no loss for a packet that the lane takes for 20 ms lost already', () => {
    const { take, notes } = open();
    take(0, 0, GOOD);
    take(1, 960, CORRUPT);
    take(2, 1_920, GOOD);
    expect(notes).toEqual(['audio 3', 'audio 2', 'audio 3']);
  });

  it('declares what a longer corrupt packet misses beyond that', () => {
    const { take, notes } = open();
    take(0, 0, CORRUPT);
    take(1, 2_880, GOOD);
    expect(notes).toEqual(['audio 2', 'lost 1920', 'audio 3']);
  });

  it('an empty packet is no audio: the next one tells what is missing', () => {
    const { take, notes } = open();
    take(0, 0, GOOD);
    take(1, 960, new Uint8Array(0));
    take(2, 1_920, GOOD);
    expect(notes).toEqual(['audio 3', 'audio 0', 'lost 960', 'audio 3']);
  });

  it('refuses a message that is shorter than its stamp', () => {
    const { take } = open();
    expect(take(0, 0, GOOD)).toBe(true);
    const call = {
      ports: [new FeedPort(1, OPUS, true, { clock: new FakeClock() })],
    } as unknown as Call;
    expect(new StampedInput(call).take(new Uint8Array(7))).toBe(false);
  });
});
