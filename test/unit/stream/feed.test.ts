import { describe, expect, it } from 'vitest';
import type { AudioFormat, PacketDecoder } from '../../../src/stream/codecs/decoder.ts';
import type { LaneEvent } from '../../../src/stream/events.ts';
import { Feed, FeedScratch } from '../../../src/stream/feed.ts';
import { FeedPort } from '../../../src/stream/feed-port.ts';
import type { LegPipeline } from '../../../src/stream/leg-pipeline.ts';
import { PacketRingReader } from '../../../src/stream/packet-ring.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const FORMAT: AudioFormat = { codec: 'mulaw', sampleRateHz: 8000, channels: 1 };
const GOOD = new Uint8Array(160).fill(1);
const BAD = new Uint8Array(160).fill(0);

/** Notes what it is told. */
class NotedPipeline {
  readonly notes: string[] = [];
  readonly sampleRateHz = 8000;
  newestArrivalMs = 0;
  streamTimeMs = 0;
  lostMs = 0;
  steps = 0;
  busy = false;
  decision = { evidence: { speechMs: 0 }, figures: () => null };
  advance(): boolean {
    return !this.busy;
  }
  write(_samples: Float32Array, count: number): void {
    this.#pass('write', count);
  }
  gap(samples: number): void {
    this.#pass('gap', samples);
  }
  skip(samples: number): void {
    this.#pass('skip', samples);
  }
  countConcealed(samples: number): void {
    this.notes.push(`concealed ${samples}`);
  }
  wipe(): void {
    this.notes.push('wipe');
  }
  scoreNow(): void {
    this.notes.push(`score for ${this.newestArrivalMs}`);
  }
  #pass(what: string, samples: number): void {
    this.notes.push(`${what} ${samples}`);
    this.streamTimeMs += samples / 8;
  }
}

/** Takes what begins with a one. */
const decoder: PacketDecoder = {
  sampleRateHz: 8000,
  channels: 1,
  maxPacketSamples: 1600,
  decode: (packet, channels) => {
    if (packet[0] !== 1) return -1;
    channels[0]!.fill(0.5, 0, packet.length);
    return packet.length;
  },
  dispose() {},
};

function createFeed() {
  const port = new FeedPort(7, FORMAT, true, { clock: new FakeClock() });
  const pipeline = new NotedPipeline();
  const events: LaneEvent[] = [];
  const scratch = new FeedScratch();
  const feed = new Feed({
    feedId: 7,
    format: FORMAT,
    reader: new PacketRingReader(port.ringMemory),
    decoder,
    legs: [{ legKey: 70, pipeline: pipeline as unknown as LegPipeline, resampler: null }],
    emit: (event) => events.push(event),
    scratch,
  });
  let nowMs = 0;
  const say = (...packets: Uint8Array[]) => {
    for (const packet of packets) {
      nowMs += 20;
      port.audio(packet, nowMs);
      feed.advance();
    }
  };
  return { port, pipeline, events, feed, say, scratch, notes: pipeline.notes };
}

describe('Feed', () => {
  it('reads nothing while a leg waits for the engine', () => {
    const { port, pipeline, feed, notes } = createFeed();
    port.audio(GOOD, 5);
    pipeline.busy = true;
    expect(feed.advance()).toBe(false);
    expect(notes).toEqual([]);
    pipeline.busy = false;
    expect(feed.advance()).toBe(true);
    expect(notes).toEqual(['write 160']);
    expect(pipeline.newestArrivalMs).toBe(5);
  });

  it('fills up to 60 ms with silence, more is a gap', () => {
    const { port, feed, notes, events } = createFeed();
    port.lost(480, 0);
    port.lost(481, 0);
    feed.advance();
    expect(notes).toEqual(['concealed 480', 'write 480', 'gap 481']);
    expect(events).toEqual([{ kind: 'gap', legKey: 70, streamTimeMs: 120, lostMs: 60 }]);
  });

  it('counts days of lost audio', () => {
    const { port, feed, events } = createFeed();
    for (let hour = 0; hour < 24; hour++) port.lost(8000 * 3600, 0);
    feed.advance();
    expect(events.at(-1)).toMatchObject({ streamTimeMs: 86_400_000, lostMs: 3_600_000 });
  });

  it('overwrites what it decoded when a pause comes', () => {
    const { port, feed, say, scratch } = createFeed();
    say(GOOD);
    const held = () =>
      scratch
        .decoded(1, 1)
        .flatMap((samples) => [...samples])
        .filter(Boolean);
    expect(held().length).toBeGreaterThan(0);
    port.control('pause', 0, 0);
    feed.advance();
    expect(held()).toEqual([]);
  });

  it('hears nothing while paused, and wipes what it held', () => {
    const { port, feed, say, notes, events } = createFeed();
    say(GOOD);
    port.control('pause', 0, 0);
    say(GOOD, BAD, GOOD);
    port.control('resume', 8000, 0);
    say(GOOD);
    expect(notes).toEqual(['write 160', 'wipe', 'skip 8000', 'write 160']);
    expect(events).toEqual([
      { kind: 'paused', feedId: 7, streamTimeMs: 20 },
      { kind: 'resumed', feedId: 7, streamTimeMs: 1020 },
    ]);
    expect([feed.packets, feed.corruptPackets]).toEqual([2, 0]);
  });

  it('counts no loss while paused: the time of the pause holds it', () => {
    const { port, feed, say, notes, events } = createFeed();
    say(GOOD);
    port.control('pause', 0, 0);
    port.lost(160, 0);
    say(GOOD);
    port.lost(4000, 0);
    port.control('resume', 8000, 0);
    port.lost(160, 0);
    say(GOOD);
    const after = ['concealed 160', 'write 160', 'write 160'];
    expect(notes).toEqual(['write 160', 'wipe', 'skip 8000', ...after]);
    expect(events).toEqual([
      { kind: 'paused', feedId: 7, streamTimeMs: 20 },
      { kind: 'resumed', feedId: 7, streamTimeMs: 1020 },
    ]);
    expect(feed.packets).toBe(2);
  });

  it('scores every leg before it says finalized, and counts the delay from the request', () => {
    const { port, feed, notes, events } = createFeed();
    port.control('finalize', 0, 90_000);
    feed.advance();
    expect(notes).toEqual(['score for 90000']);
    expect(events).toEqual([{ kind: 'finalized', feedId: 7, streamTimeMs: 0 }]);
  });

  it('takes a corrupt packet for 20 ms lost, up to 49 in a row', () => {
    const { feed, say, notes, events } = createFeed();
    say(...Array<Uint8Array>(49).fill(BAD), GOOD, ...Array<Uint8Array>(49).fill(BAD), GOOD);
    expect(notes.filter((note) => note === 'concealed 160')).toHaveLength(98);
    expect(events).toEqual([]);
    expect([feed.packets, feed.corruptPackets, feed.ended]).toEqual([100, 98, false]);
  });

  it('fails at 50 in a row, and then does nothing more', () => {
    const { port, feed, say, notes, events } = createFeed();
    say(...Array<Uint8Array>(50).fill(BAD));
    expect(events).toEqual([{ kind: 'failed', feedId: 7, code: 'SCREEN_ERR_CODEC' }]);
    expect(feed.ended).toBe(true);
    const before = notes.length;
    say(GOOD);
    port.control('end', 0, 0);
    feed.advance();
    feed.fail('SCREEN_ERR_INTERNAL');
    expect([notes.length, events.length]).toEqual([before, 1]);
  });

  it('fails when more than half of two hundred are corrupt', () => {
    const { say, events } = createFeed();
    const pattern = [BAD, BAD, GOOD];
    say(...Array.from({ length: 199 }, (_, index) => pattern[index % 3]!));
    expect(events).toEqual([]);
    say(BAD, BAD);
    expect(events).toEqual([{ kind: 'failed', feedId: 7, code: 'SCREEN_ERR_CODEC' }]);
  });

  it('ends with totals, its scores counted from where it was told', () => {
    const { port, feed, say, events } = createFeed();
    say(GOOD, BAD);
    expect([feed.noteScore(70), feed.noteScore(70)]).toEqual([1, 2]);
    port.control('end', 0, 0);
    feed.advance();
    expect(events).toMatchObject([
      { kind: 'ended', feedId: 7, totals: [{ packets: 2, corruptPackets: 1, scores: 2 }] },
    ]);
    expect(feed.ended).toBe(true);
  });
});
