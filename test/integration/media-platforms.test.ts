import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AudioFormat } from '../../src/stream/codecs/decoder.ts';
import type { ScreeningEvent } from '../../src/stream/screening-events.ts';
import { MEDIA_FAKES, type PlatformFake } from '../support/media-fakes.ts';
import { PlatformPeer } from '../support/platform-peer.ts';
import { closeTestServices, startTestService, type TestService } from '../support/start-service.ts';
import { speechPackets, stableTrace } from '../support/wire-audio.ts';

let service: TestService;
let key: string;

beforeAll(async () => {
  service = await startTestService({ keys: [{ name: 'acme' }, { name: 'other' }] });
  key = service.keys['acme']!;
});

afterAll(closeTestServices);

function connect(fake: PlatformFake, headers: Readonly<Record<string, string>> = {}) {
  const path = `/v1/platforms/${fake.id}`;
  const { protocols = [] } = fake;
  return PlatformPeer.connect(service.port, { path, headers, protocols });
}

/** What the results plane tells of a call, until it has ended. */
async function readResults(callId: string, ofKey = key): Promise<PlatformPeer> {
  return PlatformPeer.connect(service.port, {
    path: `/v1/calls/${callId}`,
    headers: { authorization: `Bearer ${ofKey}` },
  });
}

async function endedTrace(reader: PlatformPeer): Promise<string[]> {
  await reader.closed;
  const events = reader.messages.filter(({ type }) => type !== 'ended');
  return stableTrace(events.map(({ id: _, ...event }) => event as unknown as ScreeningEvent));
}

/** The trace that the native protocol gives for the same packets. */
async function nativeTrace(format: AudioFormat, packets: readonly Uint8Array[], leg: string) {
  const client = await service.connect({ key });
  const { codec, sampleRateHz, channels } = format;
  client.json({
    type: 'start',
    audio: { codec, sampleRateHz, channels },
    legs: [{ id: leg }],
    scoreIntervalMs: 1000,
  });
  const { callId } = await client.next('started');
  const reader = await readResults(callId);
  client.send(packets);
  client.json({ type: 'stop' });
  return endedTrace(reader);
}

describe.each(MEDIA_FAKES)('$id', (fake) => {
  const refused = async (talk: (peer: PlatformPeer) => void): Promise<number> => {
    const peer = await connect(fake, { authorization: `Bearer ${key}` });
    talk(peer);
    const code = await peer.closed;
    expect([peer.texts, peer.binaries, peer.pings]).toEqual([[], [], 0]);
    return code;
  };

  it('scores a call as the native protocol does, and is sent nothing', async () => {
    const { packets } = await speechPackets(fake.format);
    const callId = `call-${fake.id}`;
    const reader = await readResults(callId);
    const peer = await connect(fake, { authorization: `Bearer ${key}` });
    fake.begin(peer, callId, null);
    for (const [index, packet] of packets.entries()) fake.audio(peer, packet, index);
    fake.end(peer);
    const trace = await endedTrace(reader);
    expect(trace).toEqual(await nativeTrace(fake.format, packets, fake.leg));
    expect(trace.length).toBeGreaterThan(4);
    peer.socket.close();
    await peer.closed;
    expect([peer.texts, peer.binaries, peer.pings]).toEqual([[], [], 0]);
  });

  it('takes a key from the start message, and no wrong one', async () => {
    const reader = await readResults(`start-${fake.id}`);
    const peer = await connect(fake);
    fake.begin(peer, `start-${fake.id}`, key);
    fake.audio(peer, new Uint8Array(320), 0);
    fake.end(peer);
    await reader.until(({ messages }) => messages.some(({ type }) => type === 'stopped'));
    for (const wrong of [null, 'bfk_wrong']) {
      const stranger = await connect(fake);
      fake.begin(stranger, `stranger-${fake.id}`, wrong);
      expect(await stranger.closed).toBe(1008);
      expect(stranger.texts).toEqual([]);
    }
    expect(service.service.status().liveCalls).toBe(0);
    peer.socket.close();
  });

  it('refuses a wrong key before the upgrade', async () => {
    await expect(connect(fake, { authorization: 'Bearer bfk_no' })).rejects.toThrow('401');
  });

  it('takes packets of any length: 40, 100, 200 ms, a short last one', async () => {
    const callId = `lengths-${fake.id}`;
    const reader = await readResults(callId);
    const peer = await connect(fake, { authorization: `Bearer ${key}` });
    const bytesPerMs = (fake.format.sampleRateHz / 1000) * (fake.format.codec === 'pcm16' ? 2 : 1);
    fake.begin(peer, callId, null);
    for (const [index, ms] of [40, 100, 200, 17].entries()) {
      fake.audio(peer, new Uint8Array(bytesPerMs * ms).fill(0x55), index);
    }
    fake.end(peer);
    await reader.closed;
    const stopped = reader.messages.find(({ type }) => type === 'stopped');
    expect(stopped).toMatchObject({ reason: 'stop', legs: [{ leg: fake.leg, lostMs: 0 }] });
    const [leg] = stopped!['legs'] as { streamTimeMs: number }[];
    expect(leg!.streamTimeMs).toBe(350);
    peer.socket.close();
  });

  it('says nothing to bad input but its close code', async () => {
    const audio = new Uint8Array(160);
    expect(await refused((peer) => fake.audio(peer, audio, 0))).toBe(1003);
    expect(await refused((peer) => peer.binary(audio))).toBe(1003);
    expect(await refused((peer) => peer.text('{"event":'))).toBe(1007);
    expect(await refused((peer) => peer.text('x'.repeat(70_000)))).toBe(1009);
    expect(
      await refused((peer) => {
        fake.begin(peer, `twice-${fake.id}`, null);
        fake.begin(peer, `twice-${fake.id}`, null);
      }),
    ).toBe(1008);
    expect(
      await refused((peer) => {
        fake.begin(peer, `empty-${fake.id}`, null);
        fake.audio(peer, new Uint8Array(0), 0);
        peer.json({
          event: 'media',
          eventType: 'media',
          media: { tag: 'customer', payload: '!!' },
        });
      }),
    ).toBe(1007);
    await service.idle();
  });

  it('ignores what it does not know', async () => {
    const callId = `unknown-${fake.id}`;
    const reader = await readResults(callId);
    const peer = await connect(fake, { authorization: `Bearer ${key}` });
    fake.begin(peer, callId, null);
    peer.json({ event: 'dtmf', eventType: 'dtmf', dtmf: { digit: '1' } });
    peer.json({ event: 'mark', eventType: 'mark', mark: { name: 'x' } });
    peer.json({ event: 'brand-new', eventType: 'brand-new' });
    fake.audio(peer, new Uint8Array(320), 0);
    fake.end(peer);
    await reader.until(({ messages }) => messages.some(({ type }) => type === 'stopped'));
    peer.socket.close();
  });

  it('ends its call when the socket is lost', async () => {
    const callId = `lost-${fake.id}`;
    const reader = await readResults(callId);
    const peer = await connect(fake, { authorization: `Bearer ${key}` });
    fake.begin(peer, callId, null);
    fake.audio(peer, new Uint8Array(320), 0);
    while (service.service.status().liveCalls === 0) await service.clock.sleep(5);
    peer.socket.terminate();
    await reader.closed;
    expect(reader.messages.find(({ type }) => type === 'stopped')).toMatchObject({
      reason: 'socket_lost',
    });
  });
});
