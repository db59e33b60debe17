import { describe, expect, it } from 'vitest';
import { emptyMediaFrame } from '../../../src/adapters/media-text.ts';
import { MediaTrack } from '../../../src/adapters/media-track.ts';
import type { PlatformStream } from '../../../src/adapters/platform-stream.ts';

/** A track of mu-law, one byte a sample, 8 a ms. */
function trackOf(reorders: boolean) {
  const heard = { lostMs: 0, totalMs: 0 };
  const stream = {
    call: { ports: [{ format: { sampleRateHz: 8_000 }, samplesOf: (p: Uint8Array) => p.length }] },
    lost(_feed: number, samples: number) {
      heard.lostMs += samples / 8;
      heard.totalMs += samples / 8;
    },
    audio(_feed: number, packet: Uint8Array) {
      heard.totalMs += packet.length / 8;
      return null;
    },
  } as unknown as PlatformStream;
  const track = new MediaTrack(stream, 0, reorders);
  const hear = (chunk: number, timestampMs: number, packetMs = 20, sound = 0) => {
    const frame = { ...emptyMediaFrame(), chunk, timestampMs };
    expect(track.take(frame, new Uint8Array(8 * packetMs).fill(sound))).toBeNull();
  };
  return { heard, hear, flush: () => track.flush() };
}

const indices = Array.from({ length: 60 }, (_, index) => index);
const isLost = (index: number) => index >= 20 && index < 23;

describe.each([
  ['in order', false],
  ['through the window', true],
])('MediaTrack %s', (_name, reorders) => {
  it.each([
    ['with time stamps', 5],
    ['without time stamps', null],
  ])('counts loss in whole packets after a short first one, %s', (_case, firstMs) => {
    const { heard, hear, flush } = trackOf(reorders);
    hear(1, firstMs === null ? -1 : 0, 5);
    for (const index of indices.slice(1).filter((each) => !isLost(each))) {
      hear(index + 1, firstMs === null ? -1 : firstMs + 20 * (index - 1));
    }
    flush();
    expect(heard).toEqual({ lostMs: 60, totalMs: 5 + 59 * 20 });
  });

  it('finds loss under a clock that trembles', () => {
    const { heard, hear, flush } = trackOf(reorders);
    for (const index of indices.filter((each) => !isLost(each))) {
      hear(index + 1, 20 * index + 7 * (index % 2));
    }
    flush();
    expect(heard).toEqual({ lostMs: 60, totalMs: 60 * 20 });
  });

  it('does not add up what a clock trembles where two tracks share a counter', () => {
    const { heard, hear, flush } = trackOf(reorders);
    for (const index of indices) hear(2 * index + 1, 20 * index + (index % 7 === 3 ? 14 : 0));
    flush();
    expect(heard.lostMs).toBeLessThanOrEqual(20);
  });

  it('finds loss after packets whose length cannot be told', () => {
    const { heard, hear, flush } = trackOf(reorders);
    for (const chunk of [1, 2]) hear(chunk, 0, 0);
    for (const index of indices.filter((each) => !isLost(each))) hear(index + 3, 20 * index);
    flush();
    expect(heard).toEqual({ lostMs: 60, totalMs: 60 * 20 });
  });

  it.each([20, 60, 100])('loses no time to a sender that counts anew after %d packets', (count) => {
    const { heard, hear, flush } = trackOf(reorders);
    for (let index = 0; index < count; index++) hear(index + 1, 20 * index);
    for (let index = 0; index < 120; index++) hear(index + 1, 20 * index, 20, 1);
    flush();
    // Three packets of the window's make the difference known.
    expect(heard).toEqual({ lostMs: reorders ? 60 : 0, totalMs: (count + 120) * 20 });
  });

  it('takes a pause of the platform for no loss, and finds loss after it', () => {
    const { heard, hear, flush } = trackOf(reorders);
    for (const index of indices.filter((each) => each !== 40)) {
      hear(index + 1, 20 * index + (index >= 30 ? 900 : 0));
    }
    flush();
    expect(heard).toEqual({ lostMs: 20, totalMs: 60 * 20 });
  });

  it('goes on with a sender that sets its clock back', () => {
    const { heard, hear, flush } = trackOf(reorders);
    for (const index of indices.filter((each) => each !== 40)) {
      hear(index + 1, 20 * (index >= 30 ? index - 30 : index));
    }
    flush();
    expect(heard).toEqual({ lostMs: 20, totalMs: 60 * 20 });
  });
});
