import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ReorderWindow,
  type ReorderWindowOptions,
  type StampedPacket,
} from '../../../src/stream/jitter.ts';

const SAMPLES = 160;

/** Packet number `index` of a stream whose stamps start at the given numbers. */
function stamped(index: number, firstSequence = 0, firstTime = 0): StampedPacket {
  return {
    sequence: (firstSequence + index) >>> 0,
    sampleTime: (firstTime + index * SAMPLES) >>> 0,
    samples: SAMPLES,
    packet: Uint8Array.of(index),
  };
}

/** The same place with other audio. */
function again(index: number, firstSequence = 0): StampedPacket {
  return { ...stamped(index, firstSequence), packet: Uint8Array.of(index, 1) };
}

function listening(options: Partial<ReorderWindowOptions> = {}) {
  const events: (number | string)[] = [];
  let totalSamples = 0;
  const window = new ReorderWindow({
    audio: (packet) => {
      events.push(packet[0]!);
      totalSamples += SAMPLES;
    },
    lost: (samples) => {
      events.push(`lost ${samples}`);
      totalSamples += samples;
    },
    ...options,
  });
  return { window, events, totalSamples: () => totalSamples };
}

function eventsOf(order: readonly number[], options: Partial<ReorderWindowOptions> = {}) {
  const { window, events } = listening(options);
  for (const index of order) window.push(stamped(index));
  window.flush();
  return { events, counts: window.counts };
}

describe('ReorderWindow', () => {
  it('gives a stream in order out at once', () => {
    const { window, events } = listening();
    for (const index of [0, 1, 2]) {
      window.push(stamped(index));
      expect(events.at(-1)).toBe(index);
    }
  });

  it('mends order and counts it', () => {
    const { events, counts } = eventsOf([0, 2, 1, 3]);
    expect(events).toEqual([0, 1, 2, 3]);
    expect(counts).toMatchObject({ reordered: 1, late: 0, lostSamples: 0 });
  });

  it('drops duplicates, waiting or given out', () => {
    const { events, counts } = eventsOf([0, 0, 2, 2, 1, 1]);
    expect(events).toEqual([0, 1, 2]);
    expect(counts).toMatchObject({ duplicates: 3, late: 0 });
  });

  it('gives a packet up when five later ones have come, and drops it then', () => {
    const { events, counts } = eventsOf([0, 2, 3, 4, 5, 6, 1, 7]);
    expect(events).toEqual([0, 'lost 160', 2, 3, 4, 5, 6, 7]);
    expect(counts).toMatchObject({ late: 1, lostSamples: 160, emitted: 7 });
  });

  it('gives a packet up by time where packets are long', () => {
    const { events } = eventsOf([0, 2, 3, 1], { windowSamples: 2 * SAMPLES });
    expect(events).toEqual([0, 'lost 160', 2, 3]);
  });

  it('drops whatever is out of order without a window', () => {
    const { events } = eventsOf([0, 2, 1, 3], { windowPackets: 0 });
    expect(events).toEqual([0, 'lost 160', 2, 3]);
  });

  it('declares what the sender left out although no packet is missing', () => {
    const { window, events } = listening();
    window.push(stamped(0));
    window.push({ ...stamped(1), sampleTime: 1_000 });
    expect(events).toEqual([0, 'lost 840', 1]);
  });

  it('takes a jump of the time for a new start', () => {
    const { window, events } = listening({ maxGapSamples: 8_000 });
    window.push(stamped(0));
    window.push({ ...stamped(1), sampleTime: 1_000_000 });
    window.push({ ...stamped(2), sampleTime: 10 });
    window.push({ ...stamped(3), sampleTime: 10 + SAMPLES });
    expect(events).toEqual([0, 1, 2, 3]);
    expect(window.counts.restarts).toBe(2);
  });

  it('follows a sender that counts from a lower number again', () => {
    const { window, events, totalSamples } = listening();
    for (let index = 0; index < 100; index++) window.push(stamped(index, 5_000));
    window.flush();
    const before = totalSamples();
    for (let index = 0; index < 80; index++) window.push(stamped(index, 1_000));
    expect(totalSamples() - before).toBe(80 * SAMPLES);
    expect(events.at(-1)).toBe(79);
    expect(window.counts.restarts).toBe(1);
  });

  it.each([
    [3, 0],
    [50, 0],
    [90, 1],
    [120, 1],
    [150, 0],
  ])('follows a sender that counts anew after %d packets, from %d', (packets, first) => {
    const { window, totalSamples, events } = listening();
    for (let index = 0; index < packets; index++) window.push(stamped(index, first));
    const late = Math.max(0, packets - 128);
    for (let index = 0; index < late + 3; index++) window.push(again(index, first));
    expect(window.counts.restarts).toBe(1);
    expect(events.at(-1)).toBe(`lost ${(late + 3) * SAMPLES}`);
    for (let index = late + 3; index < 200; index++) window.push(again(index, first));
    expect(totalSamples()).toBe((packets + 200) * SAMPLES);
    expect(window.counts.restarts).toBe(1);
  });

  it('follows a sender that counts anew and whose packets change places', () => {
    const { window, totalSamples } = listening();
    for (let index = 0; index < 50; index++) window.push(stamped(index));
    for (const index of [0, 2, 1, 3, 4, 6, 5]) window.push(again(index));
    expect(window.counts.restarts).toBe(1);
    expect(totalSamples()).toBe((50 + 7) * SAMPLES);
  });

  it('follows a sender that counts anew in silence once it says something', () => {
    const { window, totalSamples } = listening();
    for (let index = 0; index < 50; index++) window.push(stamped(index));
    for (let index = 0; index < 20; index++) window.push(stamped(index));
    for (let index = 20; index < 40; index++) window.push(again(index));
    expect(window.counts.restarts).toBe(1);
    expect(totalSamples()).toBe((50 + 40) * SAMPLES);
  });

  it.each([50, 128])(
    'drops what a sender says again, as the one that is back and cannot know',
    (count) => {
      const { window, events, totalSamples } = listening();
      for (let index = 0; index < count; index++) window.push(stamped(index));
      for (let index = 0; index < count + 20; index++) window.push(stamped(index));
      expect(events.length).toBe(count + 20);
      expect(totalSamples()).toBe((count + 20) * SAMPLES);
      expect(window.counts).toMatchObject({ restarts: 0, duplicates: count });
    },
  );

  it('takes no packets of one number for a new start while others come between them', () => {
    const { window, events } = listening();
    for (let index = 0; index < 50; index++) {
      window.push(stamped(index));
      window.push(again(index));
    }
    expect(events.length).toBe(50);
    expect(window.counts).toMatchObject({ restarts: 0, duplicates: 50 });
  });

  it('sets numbers and time anew after reset', () => {
    const { window, events } = listening();
    window.push(stamped(0));
    window.push(stamped(5));
    window.reset();
    window.push(stamped(50));
    window.flush();
    expect(events).toEqual([0, 50]);
  });

  it('validates its options', () => {
    const create = (options: Partial<ReorderWindowOptions>) => () => listening(options);
    expect(create({ windowPackets: 65 })).toThrow('windowPackets must be an integer 0-64, got 65');
    expect(create({ windowSamples: 0 })).toThrow('windowSamples must be > 0, got 0');
    expect(create({ maxGapSamples: -1 })).toThrow('maxGapSamples must be > 0 and < 2^31, got -1');
  });
});

const UINT32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
/** Near the wrap more often than not. */
const STAMP_START = fc.oneof(UINT32, fc.integer({ min: 2 ** 32 - 3_000, max: 2 ** 32 - 1 }));

/** Orders in which no packet comes after more than four of its successors. */
function ordersWithin(displacement: number) {
  return fc
    .array(fc.integer({ min: 0, max: displacement }), { minLength: 1, maxLength: 60 })
    .map((delays) =>
      delays
        .map((delay, index) => ({ index, at: index + delay }))
        .sort((a, b) => a.at - b.at || a.index - b.index)
        .map(({ index }) => index),
    );
}

describe('ReorderWindow, any stream', () => {
  it('gives any order within the window out as if it had come in order', () => {
    fc.assert(
      fc.property(ordersWithin(4), STAMP_START, STAMP_START, (order, sequence, time) => {
        const { window, events } = listening();
        for (const index of order) window.push(stamped(index, sequence, time));
        window.flush();
        expect(events).toEqual(order.map((_, index) => index));
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('accounts for all of the stream time whatever is lost, late or doubled', () => {
    const fate = fc.record({
      delay: fc.integer({ min: 0, max: 12 }),
      lost: fc.boolean(),
      doubled: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(fate, { minLength: 1, maxLength: 80 }),
        fc.integer({ min: 0, max: 8 }),
        STAMP_START,
        STAMP_START,
        (fates, windowPackets, sequence, time) => {
          const { window, totalSamples, events } = listening({ windowPackets });
          const coming = fates
            .map(({ delay, lost, doubled }, index) => ({ index, at: index + delay, lost, doubled }))
            // The ends are there, so that the true length is known.
            .map((packet) =>
              packet.index === 0 || packet.index === fates.length - 1
                ? { ...packet, lost: false, at: packet.index === 0 ? -1 : packet.at }
                : packet,
            )
            .filter(({ lost }) => !lost)
            .sort((a, b) => a.at - b.at || a.index - b.index);
          for (const { index, doubled } of coming) {
            window.push(stamped(index, sequence, time));
            if (doubled) window.push(stamped(index, sequence, time));
          }
          window.flush();
          const numbers = events.filter((event) => typeof event === 'number');
          expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
          expect(totalSamples()).toBe((numbers.at(-1)! + 1) * SAMPLES);
          // Nothing that came is later than the end of the stream.
          expect(numbers.at(-1)).toBe(fates.length - 1);
        },
      ),
      { seed: 1, numRuns: 500 },
    );
  });
});
