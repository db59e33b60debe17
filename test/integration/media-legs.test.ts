import { readFile } from 'node:fs/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { twilioSignature } from '../../src/adapters/twilio-signature.ts';
import { DEFAULT_PLATFORM_SETTINGS } from '../../src/platform-settings.ts';
import { sideOf, talkOf } from '../support/peer-talk.ts';
import { PlatformPeer } from '../support/platform-peer.ts';
import { nativeTrace, readResults } from '../support/result-reader.ts';
import { closeTestServices, startTestService, type TestService } from '../support/start-service.ts';
import { speechPackets } from '../support/wire-audio.ts';

afterAll(closeTestServices);

async function startWith(platforms: object): Promise<TestService> {
  return startTestService({
    keys: [{ name: 'acme' }],
    config: { platforms: { ...DEFAULT_PLATFORM_SETTINGS, ...platforms } },
  });
}

const media = (track: string, chunk: number, timestamp: number) => ({
  event: 'media',
  media: {
    track,
    chunk: String(chunk),
    timestamp: String(timestamp),
    payload: Buffer.alloc(160, 0xff).toString('base64'),
  },
});

async function stoppedLegs(
  service: TestService,
  callId: string,
  talk: (peer: PlatformPeer) => void,
) {
  const authorization = `Bearer ${service.keys['acme']}`;
  const reader = await PlatformPeer.connect(service.port, {
    path: `/v1/calls/${callId}`,
    headers: { authorization },
  });
  const peer = await PlatformPeer.connect(service.port, {
    path: '/v1/platforms/twilio',
    headers: { authorization },
  });
  talk(peer);
  await reader.closed;
  const stopped = reader.messages.filter(({ type }) => type === 'stopped');
  return stopped.flatMap(
    ({ legs }) => legs as { leg: string; lostMs: number; streamTimeMs: number }[],
  );
}

describe('Twilio', () => {
  const start = (callSid: string, tracks: string[]) => ({
    event: 'start',
    start: { callSid, streamSid: 'MZ1', tracks },
  });

  it('makes two legs of both tracks, with the roles that the key wants', async () => {
    const service = await startWith({ accounts: [{ key: 'acme', roles: { outbound: 'agent' } }] });
    const authorization = `Bearer ${service.keys['acme']}`;
    const peer = await PlatformPeer.connect(service.port, {
      path: '/v1/platforms/twilio',
      headers: { authorization },
    });
    peer.json(start('both', ['inbound', 'outbound']));
    peer.json(media('inbound', 1, 5));
    peer.json(media('outbound', 1, 5));
    while (service.service.status().liveCalls === 0) await service.clock.sleep(5);
    const answer = await fetch(`http://127.0.0.1:${service.port}/v1/calls/both`, {
      headers: { authorization },
    });
    expect(await answer.json()).toMatchObject({
      platform: 'twilio',
      legs: [
        { id: 'inbound', role: 'caller' },
        { id: 'outbound', role: 'agent' },
      ],
    });
    peer.socket.terminate();
    await service.idle();
  });

  it('sees lost messages in the chunks of a track', async () => {
    const service = await startWith({});
    const [leg] = await stoppedLegs(service, 'gap', (peer) => {
      peer.json(start('gap', ['inbound']));
      peer.json(media('inbound', 1, 5));
      peer.json(media('inbound', 2, 25));
      peer.json(media('inbound', 12, 225));
      peer.json({ event: 'stop' });
    });
    expect(leg).toMatchObject({ leg: 'inbound', lostMs: 180, streamTimeMs: 240 });
  });

  it('takes a counter that two tracks share for no loss', async () => {
    const service = await startWith({});
    const legs = await stoppedLegs(service, 'shared', (peer) => {
      peer.json(start('shared', ['inbound', 'outbound']));
      for (let index = 0; index < 5; index++) {
        peer.json(media('inbound', 2 * index + 1, 20 * index));
        peer.json(media('outbound', 2 * index + 2, 20 * index));
      }
      peer.json({ event: 'stop' });
    });
    expect(legs.map(({ lostMs }) => lostMs)).toEqual([0, 0]);
  });

  it('knows its signature over the public URL, and refuses another', async () => {
    const service = await startWith({
      publicHost: 'media.example.com',
      accounts: [{ key: 'acme', roles: {}, twilio: { authToken: '12345' } }],
    });
    const path = '/v1/platforms/twilio';
    const sign = (token: string) => ({
      'x-twilio-signature': twilioSignature(token, `wss://media.example.com${path}`),
    });
    const peer = await PlatformPeer.connect(service.port, { path, headers: sign('12345') });
    peer.json(start('signed', ['inbound']));
    while (service.service.status().liveCalls === 0) await service.clock.sleep(5);
    peer.socket.terminate();
    await service.idle();
    const wrong = PlatformPeer.connect(service.port, { path, headers: sign('54321') });
    await expect(wrong).rejects.toThrow('403');
  });

  it('passes a signature over where no account can check it: the start has the key', async () => {
    const service = await startWith({ accounts: [{ key: 'acme', roles: {} }] });
    const headers = { 'x-twilio-signature': twilioSignature('54321', 'wss://whatever') };
    const connect = () =>
      PlatformPeer.connect(service.port, { path: '/v1/platforms/twilio', headers });
    const peer = await connect();
    const { start: said, event } = start('unchecked', ['inbound']);
    const customParameters = { bonafideKey: service.keys['acme'] };
    peer.json({ event, start: { ...said, customParameters } });
    while (service.service.status().liveCalls === 0) await service.clock.sleep(5);
    peer.socket.terminate();
    await service.idle();
    const stranger = await connect();
    stranger.json({ event, start: said });
    expect(await stranger.closed).toBe(1008);
  });

  it('takes an empty payload for no audio and no fault', async () => {
    const service = await startWith({});
    const [leg] = await stoppedLegs(service, 'empty', (peer) => {
      peer.json(start('empty', ['inbound']));
      peer.json(media('inbound', 1, 5));
      peer.json({ event: 'media', media: { track: 'inbound', chunk: '2', payload: '' } });
      peer.json(media('inbound', 3, 25));
      peer.json({ event: 'stop' });
    });
    expect(leg).toMatchObject({ leg: 'inbound', lostMs: 0, streamTimeMs: 40 });
  });

  it('closes with 1001 when the service ends', async () => {
    const service = await startWith({});
    const headers = { authorization: `Bearer ${service.keys['acme']}` };
    const peer = await PlatformPeer.connect(service.port, {
      path: '/v1/platforms/twilio',
      headers,
    });
    peer.json(start('drained', ['inbound']));
    while (service.service.status().liveCalls === 0) await service.clock.sleep(5);
    void service.service.close();
    expect(await peer.closed).toBe(1001);
    expect(peer.texts).toEqual([]);
  });
});

describe('Telnyx', () => {
  it('puts media in order by chunk', async () => {
    const service = await startWith({});
    const headers = { authorization: `Bearer ${service.keys['acme']}` };
    const reader = await PlatformPeer.connect(service.port, { path: '/v1/calls/order', headers });
    const peer = await PlatformPeer.connect(service.port, {
      path: '/v1/platforms/telnyx',
      headers,
    });
    const talk = talkOf(sideOf('telnyx'), peer.socket, 'order');
    talk.begin();
    for (const index of [0, 2, 1, 4, 3, 5]) {
      talk.packet({ track: 0, index, bytes: new Uint8Array(160) });
    }
    talk.end();
    await reader.closed;
    const stopped = reader.messages.find(({ type }) => type === 'stopped');
    expect(stopped).toMatchObject({ legs: [{ lostMs: 0, streamTimeMs: 120, packets: 6 }] });
  });

  it.each([
    ['shared by two tracks', 2, 0],
    ['of each track', 1, 0],
    ['of each track, some of which are lost', 1, 40],
  ])('a counter %s', async (_case, step, lostMs) => {
    const service = await startWith({});
    const headers = { authorization: `Bearer ${service.keys['acme']}` };
    const reader = await PlatformPeer.connect(service.port, { path: '/v1/calls/count', headers });
    const peer = await PlatformPeer.connect(service.port, {
      path: '/v1/platforms/telnyx',
      headers,
    });
    peer.json(startOf('PCMU', 'count'));
    for (let index = 0; index < 20; index++) {
      if (lostMs > 0 && (index === 9 || index === 10)) continue;
      peer.json(media('inbound', step * index + 1, 20 * index));
      peer.json(media('outbound', step * (index + 1), 20 * index));
    }
    peer.json({ event: 'stop' });
    await reader.closed;
    const stopped = reader.messages.filter(({ type }) => type === 'stopped');
    const legs = stopped.flatMap(({ legs }) => legs as { lostMs: number; streamTimeMs: number }[]);
    expect(legs.map((leg) => [leg.lostMs, leg.streamTimeMs])).toEqual([
      [lostMs, 400],
      [lostMs, 400],
    ]);
  });

  it('reads L16 in the byte order of the settings', async () => {
    const traces = await Promise.all(
      [false, true].map(async (telnyxBigEndian) => {
        const service = await startTestService({
          config: { platforms: { ...DEFAULT_PLATFORM_SETTINGS, telnyxBigEndian } },
        });
        const trace = await readResults(service, 'order');
        const peer = await PlatformPeer.connect(service.port, { path: '/v1/platforms/telnyx' });
        peer.json(startOf('L16', 'order'));
        const talk = talkOf(sideOf('telnyx'), peer.socket, 'order');
        const { packets } = await speechPackets({
          codec: 'pcm16',
          sampleRateHz: 8_000,
          channels: 1,
        });
        for (const [index, bytes] of packets.entries()) {
          const sent = telnyxBigEndian ? Buffer.from(bytes).swap16() : bytes;
          talk.packet({ track: 0, index, bytes: sent });
        }
        talk.end();
        expect(await peer.closed).toBe(1000);
        return trace();
      }),
    );
    expect(traces[0]!.length).toBeGreaterThan(3);
    expect(traces[1]).toEqual(traces[0]);
  });

  const startOf = (encoding: string, callId: string) => ({
    event: 'start',
    start: {
      call_control_id: 'v2:1',
      call_session_id: callId,
      media_format: { encoding, sample_rate: 8_000, channels: 1 },
    },
  });

  it('G722 gives what its decoded samples give', async () => {
    const service = await startTestService();
    const [encoded, decoded] = await Promise.all(
      ['speech.g722', 'speech.s16le'].map((name) =>
        readFile(new URL(`../golden/g722/${name}`, import.meta.url)),
      ),
    );
    const packetsOf = (bytes: Buffer, packetBytes: number) =>
      Array.from({ length: bytes.length / packetBytes }, (_, index) =>
        bytes.subarray(packetBytes * index, packetBytes * (index + 1)),
      );
    const pcm = { codec: 'pcm16', sampleRateHz: 16_000, channels: 1 } as const;
    const wanted = await nativeTrace(service, pcm, packetsOf(decoded!, 640));
    const trace = await readResults(service, 'wide');
    const peer = await PlatformPeer.connect(service.port, { path: '/v1/platforms/telnyx' });
    peer.json(startOf('G722', 'wide'));
    const talk = talkOf(sideOf('telnyx'), peer.socket, 'wide');
    for (const [index, bytes] of packetsOf(encoded!, 160).entries()) {
      talk.packet({ track: 0, index, bytes });
    }
    talk.end();
    expect(await peer.closed).toBe(1000);
    expect(wanted.length).toBeGreaterThan(3);
    expect(await trace()).toEqual(wanted.map((line) => line.replaceAll('channel', 'inbound')));
  });

  it('AMR-WB is refused', async () => {
    const service = await startTestService();
    const peer = await PlatformPeer.connect(service.port, { path: '/v1/platforms/telnyx' });
    peer.json(startOf('AMR-WB', 'narrow'));
    expect(await peer.closed).toBe(1003);
  });
});

describe('Voximplant', () => {
  it('joins the tagged streams of a socket that name no call', async () => {
    const service = await startWith({});
    const headers = { authorization: `Bearer ${service.keys['acme']}` };
    const peer = await PlatformPeer.connect(service.port, {
      path: '/v1/platforms/voximplant',
      headers,
    });
    for (const tag of ['customer', 'agent']) {
      const mediaFormat = { encoding: 'ULAW', sampleRate: 8_000 };
      peer.json({ event: 'start', sequenceNumber: 0, start: { tag, mediaFormat } });
    }
    while (service.service.status().liveCalls < 2) await service.clock.sleep(5);
    const url = `http://127.0.0.1:${service.port}/v1/calls`;
    const { calls } = (await (await fetch(url, { headers })).json()) as {
      calls: { legs: { id: string }[] }[];
    };
    expect(calls.map(({ legs }) => legs.map(({ id }) => id))).toEqual([['customer', 'agent']]);
    peer.socket.terminate();
    await service.idle();
  });
});
