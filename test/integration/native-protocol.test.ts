import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startedSchema } from '../../src/adapters/native-messages.ts';
import { stampPacket, timelineOf } from '../../src/replay/timeline.ts';
import { PCM_RATES_HZ } from '../../src/stream/codecs/create-decoder.ts';
import type { AudioFormat } from '../../src/stream/codecs/decoder.ts';
import { closeTestServices, startTestService, type TestService } from '../support/start-service.ts';
import { speechPackets } from '../support/wire-audio.ts';

const probability = z.number().min(0).max(1).nullable();
const figures = {
  streamTimeMs: z.number().int().min(0),
  speechMs: z.number().int().min(0),
  syntheticProbability: probability,
  llr: z.number().nullable(),
  interval: z.tuple([z.number(), z.number()]).nullable(),
  recent: z.strictObject({ syntheticProbability: probability, speechMs: z.number() }),
  verdict: z.enum(['human', 'synthetic', 'undecided']),
  firm: z.boolean(),
  abstain: z.string().nullable(),
  quality: z.strictObject({
    levelDbfs: z.number(),
    bandwidthHz: z.number(),
    clippedShare: z.number(),
    lostMs: z.number(),
  }),
};
const names = {
  callId: z.string(),
  leg: z.string(),
  seq: z.number().int().min(1),
  detector: z.string().regex(/^tiny@[0-9a-f]{12}$/),
  latencyMs: z.number().min(0),
};
const scoreSchema = z.strictObject({ type: z.literal('score'), ...names, ...figures });
const verdictSchema = z.strictObject({
  type: z.literal('verdict'),
  ...names,
  ...figures,
  from: figures.verdict,
  to: figures.verdict,
  reason: z.enum(['evidence', 'recent', 'cleared', 'abstained', 'insufficient_speech']),
});
const stoppedSchema = z.strictObject({
  type: z.literal('stopped'),
  callId: z.string(),
  reason: z.enum(['stop', 'socket_lost', 'idle', 'drained', 'policy', 'failed']),
  legs: z.array(
    z.strictObject({
      leg: z.string(),
      streamTimeMs: z.number(),
      speechMs: z.number(),
      lostMs: z.number(),
      packets: z.number(),
      corruptPackets: z.number(),
      scores: z.number(),
      steps: z.number(),
      finalScore: z.strictObject(figures).nullable(),
    }),
  ),
});

const MONO: readonly AudioFormat[] = [
  ...PCM_RATES_HZ.map(
    (sampleRateHz): AudioFormat => ({ codec: 'pcm16', sampleRateHz, channels: 1 }),
  ),
  { codec: 'mulaw', sampleRateHz: 8000, channels: 1 },
  { codec: 'alaw', sampleRateHz: 8000, channels: 1 },
  { codec: 'opus', sampleRateHz: 48_000, channels: 1 },
  { codec: 'opus', sampleRateHz: 16_000, channels: 1 },
];
const STEREO: readonly AudioFormat[] = [
  { codec: 'pcm16', sampleRateHz: 44_100, channels: 2 },
  { codec: 'mulaw', sampleRateHz: 8000, channels: 2 },
  { codec: 'alaw', sampleRateHz: 8000, channels: 2 },
  { codec: 'opus', sampleRateHz: 48_000, channels: 2 },
];

let host: TestService;
beforeAll(async () => {
  host = await startTestService();
});
afterAll(closeTestServices);

describe('a session from start to stop', () => {
  it.each([...MONO, ...STEREO])(
    '$codec at $sampleRateHz Hz, $channels channels',
    async (format) => {
      const audio = await speechPackets(format);
      const client = await host.connect();
      const started = startedSchema.parse(
        await client.start({ callId: 'session', audio: format, pace: 'fast' }),
      );
      expect(started.audio).toEqual({ ...format, framing: 'raw' });
      expect(started.legs.map(({ id }) => id)).toEqual(
        ['caller', 'callee'].slice(0, format.channels),
      );
      expect(started.detector).toMatchObject({ name: 'tiny', sampleRateHz: 8000 });
      expect(started.resumed).toBe(false);
      client.send(audio.packets);
      const stopped = stoppedSchema.parse(await client.stop());
      expect(await client.closed).toBe(1000);
      expect(stopped).toMatchObject({ callId: 'session', reason: 'stop' });
      expect(stopped.legs).toHaveLength(format.channels);
      for (const { leg, scores, ...totals } of stopped.legs) {
        const own = client.of('score').filter((score) => score.leg === leg);
        expect(own.map(({ seq }) => seq)).toEqual(own.map((_, index) => index + 1));
        expect(own.map(({ streamTimeMs }) => streamTimeMs).slice(0, 3)).toEqual([500, 1000, 1500]);
        expect(scores).toBe(own.length);
        expect(totals).toMatchObject({
          lostMs: 0,
          corruptPackets: 0,
          packets: audio.packets.length,
        });
        expect(Math.abs(totals.streamTimeMs - 4000)).toBeLessThan(60);
        expect(totals.speechMs).toBeGreaterThan(1000);
      }
      for (const score of client.of('score')) scoreSchema.parse(score);
      for (const verdict of client.of('verdict')) verdictSchema.parse(verdict);
      const last = client.of('score').at(-1)!;
      expect(last.syntheticProbability).not.toBeNull();
      expect(client.messages.at(-1)?.type).toBe('stopped');
    },
  );

  it('names legs, roles, the score interval and the call as asked', async () => {
    const client = await host.connect();
    const started = await client.start({
      audio: { codec: 'mulaw', sampleRateHz: 8000, channels: 2 },
      legs: [{ id: 'a', role: 'agent' }, { id: 'b' }],
      scoreIntervalMs: 100,
      metadata: { queue: 'sales' },
      somethingNew: true,
    });
    expect(started.callId).toMatch(/^[0-9a-f]{32}$/);
    expect(started.scoreIntervalMs).toBe(100);
    expect(started.legs).toEqual([
      { id: 'a', role: 'agent' },
      { id: 'b', role: 'unknown' },
    ]);
    client.send([new Uint8Array(0), new Uint8Array(2 * 1600).fill(255)]);
    const { legs } = await client.stop();
    expect(legs.map(({ leg, scores }) => [leg, scores])).toEqual([
      ['a', 2],
      ['b', 2],
    ]);
    expect(legs[0]!.finalScore).toMatchObject({ syntheticProbability: null, verdict: 'undecided' });
  });

  it('takes a burst of almost five seconds in one go without losing any', async () => {
    const client = await host.connect();
    await client.start({ audio: { codec: 'mulaw', sampleRateHz: 8000, channels: 1 } });
    client.send([new Uint8Array(39_200).fill(255)]);
    const { legs } = await client.stop();
    expect(legs[0]).toMatchObject({ streamTimeMs: 4900, lostMs: 0 });
  });

  it('takes the longest messages on the fast door without losing any', async () => {
    const client = await host.connect();
    await client.start({
      audio: { codec: 'mulaw', sampleRateHz: 8000, channels: 1 },
      pace: 'fast',
    });
    client.send([new Uint8Array(65_536).fill(255), new Uint8Array(65_536).fill(255)]);
    const { legs } = await client.stop();
    expect(legs[0]).toMatchObject({ streamTimeMs: 16_380, lostMs: 0 });
  });
});

describe('control messages', () => {
  const audio = { codec: 'mulaw', sampleRateHz: 8000, channels: 1 };
  const second = new Uint8Array(8000).fill(255);

  it('finalize gives a score of every leg, then finalized', async () => {
    const client = await host.connect();
    await client.start({ audio: { ...audio, channels: 2 } });
    client.send([new Uint8Array(2 * 1200).fill(255)]);
    client.json({ type: 'finalize' });
    const finalized = await client.next('finalized');
    expect(finalized.streamTimeMs).toBe(150);
    expect(client.messages.map(({ type }) => type)).toEqual([
      'started',
      'score',
      'score',
      'finalized',
    ]);
    await client.stop();
  });

  it('pause drops audio, resume goes on by the time that passed', async () => {
    const client = await host.connect();
    await client.start({ audio });
    client.send([second]);
    client.json({ type: 'pause' });
    expect((await client.next('paused')).streamTimeMs).toBe(1000);
    client.json({ type: 'keepalive' });
    client.send([second]);
    host.clock.skip(3000);
    client.json({ type: 'resume' });
    const { streamTimeMs } = await client.next('resumed');
    expect(streamTimeMs).toBeGreaterThanOrEqual(4000);
    client.send([second]);
    const { legs } = await client.stop();
    expect(legs[0]).toMatchObject({ streamTimeMs: streamTimeMs + 1000, lostMs: 0, packets: 10 });
  });

  it('control messages keep their place behind audio that waits for room', async () => {
    const client = await host.connect();
    await client.start({ audio, pace: 'fast' });
    client.send(Array.from({ length: 10 }, () => second));
    client.json({ type: 'finalize' });
    client.json({ type: 'pause' });
    expect((await client.next('finalized')).streamTimeMs).toBe(10_000);
    expect((await client.next('paused')).streamTimeMs).toBe(10_000);
    client.json({ type: 'resume' });
    await client.next('resumed');
    client.send([second]);
    const { legs } = await client.stop();
    expect(legs[0]!.streamTimeMs).toBeGreaterThanOrEqual(11_000);
  });
});

describe('stamped framing', () => {
  const format = { codec: 'pcm16', sampleRateHz: 8000, channels: 1 } as const;
  const start = { audio: { ...format, framing: 'stamped' }, pace: 'fast' } as const;

  it('mends reordering and drops duplicates: the trace is that of the clean stream', async () => {
    const { packets, ...rest } = await speechPackets(format);
    const stamped = timelineOf({ packets, ...rest }, null).map(stampPacket);
    const mixed = stamped.flatMap((packet, index) => {
      if (index % 10 === 3) return [];
      if (index % 10 === 5) return [packet, stamped[index - 2]!, packet];
      return [packet];
    });
    const clean = await host.connect();
    await clean.start(start);
    clean.send(stamped);
    const dirty = await host.connect();
    await dirty.start(start);
    dirty.send(mixed);
    const [a, b] = await Promise.all([clean.stop(), dirty.stop()]);
    expect(b.legs).toEqual(a.legs);
    expect(a.legs[0]!.packets).toBe(200);
    expect(dirty.of('gap')).toEqual([]);
  });

  it('conceals 60 ms and declares more as a gap', async () => {
    const audio = await speechPackets(format);
    const stamped = timelineOf(audio, null).map(stampPacket);
    const client = await host.connect();
    await client.start(start);
    client.send(stamped.filter((_, index) => !(index >= 50 && index < 53)));
    const short = await client.stop();
    expect(client.of('gap')).toEqual([]);
    expect(short.legs[0]).toMatchObject({ streamTimeMs: 4000, lostMs: 60 });

    const other = await host.connect();
    await other.start(start);
    other.send(stamped.filter((_, index) => !(index >= 50 && index < 60)));
    const long = await other.stop();
    expect(other.of('gap')).toMatchObject([{ leg: 'caller', streamTimeMs: 1200, lostMs: 200 }]);
    expect(long.legs[0]).toMatchObject({ streamTimeMs: 4000, lostMs: 200 });
  });
});
