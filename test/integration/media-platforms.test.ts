import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MEDIA_PEERS } from '../../src/replay/peers/media-peers.ts';
import type {
  PeerTalk,
  PlatformPeer as PlatformSide,
} from '../../src/replay/peers/platform-peer.ts';
import { TWILIO_PEERS } from '../../src/replay/peers/twilio-peers.ts';
import type { AudioFormat } from '../../src/stream/codecs/decoder.ts';
import type { ScreeningEvent } from '../../src/stream/screening-events.ts';
import { callOf, DIAL, talkOf, usualFormat } from '../support/peer-talk.ts';
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

function connect(side: PlatformSide, headers: Readonly<Record<string, string>> = {}) {
  const { path, protocols = [] } = side.target(callOf(side, 'call'), DIAL);
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

describe.each([...TWILIO_PEERS, ...MEDIA_PEERS])('$id', (side) => {
  const format = usualFormat(side);
  const leg = side.id === 'voximplant' ? 'customer' : 'inbound';
  const refused = async (
    misbehave: (peer: PlatformPeer, talk: PeerTalk) => void,
  ): Promise<number> => {
    const peer = await connect(side, { authorization: `Bearer ${key}` });
    misbehave(peer, talkOf(side, peer.socket, `bad-${side.id}`));
    const code = await peer.closed;
    expect([peer.texts, peer.binaries, peer.pings]).toEqual([[], [], 0]);
    return code;
  };

  it('scores a call as the native protocol does, and is sent nothing', async () => {
    const { packets } = await speechPackets(format);
    const callId = `call-${side.id}`;
    const reader = await readResults(callId);
    const peer = await connect(side, { authorization: `Bearer ${key}` });
    const talk = talkOf(side, peer.socket, callId);
    talk.begin();
    for (const [index, packet] of packets.entries())
      talk.packet({ track: 0, index, bytes: packet });
    talk.end();
    const trace = await endedTrace(reader);
    expect(trace).toEqual(await nativeTrace(format, packets, leg));
    expect(trace.length).toBeGreaterThan(4);
    peer.socket.close();
    await peer.closed;
    expect([peer.texts, peer.binaries, peer.pings]).toEqual([[], [], 0]);
  });

  it('takes a key from the start message, and no wrong one', async () => {
    const reader = await readResults(`start-${side.id}`);
    const peer = await connect(side);
    const talk = talkOf(side, peer.socket, `start-${side.id}`, { key });
    talk.begin();
    talk.packet({ track: 0, index: 0, bytes: new Uint8Array(320) });
    talk.end();
    await reader.until(({ messages }) => messages.some(({ type }) => type === 'stopped'));
    for (const wrong of [null, 'bfk_wrong']) {
      const stranger = await connect(side);
      talkOf(side, stranger.socket, `stranger-${side.id}`, { key: wrong }).begin();
      expect(await stranger.closed).toBe(1008);
      expect(stranger.texts).toEqual([]);
    }
    expect(service.service.status().liveCalls).toBe(0);
    peer.socket.close();
  });

  it('refuses a wrong key before the upgrade', async () => {
    await expect(connect(side, { authorization: 'Bearer bfk_no' })).rejects.toThrow('401');
  });

  it('takes packets of any length: 40, 100, 200 ms, a short last one', async () => {
    const callId = `lengths-${side.id}`;
    const reader = await readResults(callId);
    const peer = await connect(side, { authorization: `Bearer ${key}` });
    const bytesPerMs = (format.sampleRateHz / 1000) * (format.codec === 'pcm16' ? 2 : 1);
    const talk = talkOf(side, peer.socket, callId);
    talk.begin();
    for (const [index, ms] of [40, 100, 200, 17].entries()) {
      talk.packet({ track: 0, index, bytes: new Uint8Array(bytesPerMs * ms).fill(0x55) });
    }
    talk.end();
    await reader.closed;
    const stopped = reader.messages.find(({ type }) => type === 'stopped');
    expect(stopped).toMatchObject({ reason: 'stop', legs: [{ leg, lostMs: 0 }] });
    const [totals] = stopped!['legs'] as { streamTimeMs: number }[];
    expect(totals!.streamTimeMs).toBe(350);
    peer.socket.close();
  });

  it('says nothing to bad input but its close code', async () => {
    const audio = new Uint8Array(160);
    expect(await refused((_peer, talk) => talk.packet({ track: 0, index: 0, bytes: audio }))).toBe(
      1003,
    );
    expect(await refused((peer) => peer.binary(audio))).toBe(1003);
    expect(await refused((peer) => peer.text('{"event":'))).toBe(1007);
    expect(await refused((peer) => peer.text('x'.repeat(70_000)))).toBe(1009);
    expect(
      await refused((_peer, talk) => {
        talk.begin();
        talk.begin();
      }),
    ).toBe(1008);
    expect(
      await refused((peer, talk) => {
        talk.begin();
        talk.packet({ track: 0, index: 0, bytes: new Uint8Array(0) });
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
    const callId = `unknown-${side.id}`;
    const reader = await readResults(callId);
    const peer = await connect(side, { authorization: `Bearer ${key}` });
    const talk = talkOf(side, peer.socket, callId);
    talk.begin();
    peer.json({ event: 'dtmf', eventType: 'dtmf', dtmf: { digit: '1' } });
    peer.json({ event: 'mark', eventType: 'mark', mark: { name: 'x' } });
    peer.json({ event: 'brand-new', eventType: 'brand-new' });
    talk.packet({ track: 0, index: 0, bytes: new Uint8Array(320) });
    talk.end();
    await reader.until(({ messages }) => messages.some(({ type }) => type === 'stopped'));
    peer.socket.close();
  });

  it('ends its call when the socket is lost', async () => {
    const callId = `lost-${side.id}`;
    const reader = await readResults(callId);
    const peer = await connect(side, { authorization: `Bearer ${key}` });
    const talk = talkOf(side, peer.socket, callId);
    talk.begin();
    talk.packet({ track: 0, index: 0, bytes: new Uint8Array(320) });
    while (service.service.status().liveCalls === 0) await service.clock.sleep(5);
    peer.socket.terminate();
    await reader.closed;
    expect(reader.messages.find(({ type }) => type === 'stopped')).toMatchObject({
      reason: 'socket_lost',
    });
  });
});
