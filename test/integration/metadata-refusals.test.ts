import { describe, expect, it } from 'vitest';
import {
  basic,
  connect,
  expectNothingSent,
  finish,
  host,
  JAMBONZ,
  JAMBONZ_PROTOCOL,
  key,
  pcm,
  resultsOf,
  stoppedOf,
  useMetadataHost,
  VONAGE,
} from '../support/metadata-rig.ts';
import { PlatformPeer } from '../support/platform-peer.ts';
import { startTestService, type TestService } from '../support/start-service.ts';
import { handshake } from '../support/test-client.ts';

useMetadataHost();

describe('who a peer is', () => {
  it.each(['vonage', 'jambonz', 'freeswitch-fork', 'freeswitch-stream', 'livekit'])(
    '%s: without a valid key there is no socket',
    async (id) => {
      const path = `/v1/platforms/${id}`;
      expect((await handshake(host.port, {}, path)).status).toBe(401);
      expect((await handshake(host.port, { Authorization: basic('x') }, path)).status).toBe(401);
      expect((await handshake(host.port, {}, `${path}?api_key=bfk_x`)).status).toBe(401);
      expect((await handshake(host.port, { 'X-API-Key': key }, path)).status).toBe(101);
    },
  );

  it('another key cannot join a call', async () => {
    const first = await connect('freeswitch-stream', { query: '?call=w-1' });
    first.binary(new Uint8Array(320));
    first.text('still there');
    const thief = await connect('freeswitch-stream', {
      query: '?call=w-1',
      headers: { Authorization: `Bearer ${host.keys['other']!}` },
    });
    while (host.service.status().liveCalls === 0) await host.clock.sleep(5);
    thief.binary(new Uint8Array(320));
    while (host.service.status().liveCalls === 1) await host.clock.sleep(5);
    const callOf = async (apiKey: string) => {
      const headers = { Authorization: `Bearer ${apiKey}` };
      const answer = await fetch(`http://127.0.0.1:${host.port}/v1/calls/w-1`, { headers });
      const { callId, legs } = (await answer.json()) as { callId: string; legs: object[] };
      return [callId, legs.length];
    };
    // Each has its own call of that name.
    expect(await callOf(key)).toEqual(['w-1', 1]);
    expect(await callOf(host.keys['other']!)).toEqual(['w-1~other', 1]);
    thief.socket.close(1000);
    await thief.closed;
    await finish(first, 'w-1', 1000);
  });
});

const AUDIO = Buffer.alloc(640);
const REFUSED: [string, string, number, (string | object)[], string?][] = [
  ['vonage', 'audio before the first text', 1003, [AUDIO]],
  ['jambonz', 'audio before the first text', 1003, [AUDIO]],
  ['vonage', 'a second start', 1008, [VONAGE('r'), VONAGE('r')]],
  ['vonage', 'no content type', 1003, [{ event: 'websocket:connected' }]],
  ['vonage', 'another content type', 1003, [{ 'content-type': 'audio/opus;rate=16000' }]],
  ['vonage', 'a first text that is no JSON', 1007, ['hello']],
  ['jambonz', 'a first text that is no JSON', 1007, ['hello']],
  ['jambonz', 'a first text that is nested too deeply', 1007, ['['.repeat(30)]],
  ['jambonz', 'no sample rate', 1003, [{ callSid: 'r', mixType: 'mono' }]],
  ['jambonz', '11,025 Hz', 1003, [JAMBONZ('r', 11_025, 'mono')]],
  ['jambonz', 'an unknown mix', 1003, [JAMBONZ('r', 8000, 'quad')]],
  ['jambonz', 'half a sample', 1007, [JAMBONZ('r', 8000, 'mono'), Buffer.alloc(321)]],
  ['jambonz', '6 bytes of two channels', 1007, [JAMBONZ('r', 8000, 'stereo'), Buffer.alloc(6)]],
  [
    'jambonz',
    'more audio than a message may have',
    1009,
    [JAMBONZ('r', 48_000, 'stereo'), Buffer.alloc(131_073)],
  ],
  ['jambonz', 'too long a text', 1009, [JAMBONZ('r', 8000, 'mono'), ' '.repeat(65_537)]],
  ['freeswitch-stream', 'too long a first text', 1009, ['x'.repeat(65_537)]],
  ['freeswitch-stream', 'a rate that is none', 1003, [AUDIO], '?rate=fast'],
  ['freeswitch-stream', 'three channels', 1003, [AUDIO], '?channels=3'],
  ['freeswitch-stream', 'a flood', 1008, Array.from({ length: 20 }, () => Buffer.alloc(16_000))],
  ['livekit', 'one and a half samples', 1007, [Buffer.alloc(6)]],
];

describe('what is refused', () => {
  it.each(REFUSED)('%s: %s', async (...row) => {
    const [id, , code, messages, query = ''] = row;
    const peer = await connect(id, { query });
    for (const message of messages) {
      if (typeof message === 'string') peer.text(message);
      else if (message instanceof Uint8Array) peer.binary(message);
      else peer.json(message);
    }
    expect(await peer.closed).toBe(code);
    await host.idle();
    expectNothingSent(peer);
  });

  it('the longest text is not', async () => {
    const peer = await connect('freeswitch-stream', { query: '?call=longest' });
    peer.text('x'.repeat(65_536));
    peer.binary(AUDIO);
    expect((await finish(peer, 'longest', 1000)).reason).toBe('stop');
  });
});

it('a lost socket ends the call as lost', async () => {
  const peer = await connect('jambonz', JAMBONZ_PROTOCOL);
  peer.json(JAMBONZ('lost', 8000, 'mono'));
  peer.binary(AUDIO);
  while (host.service.status().liveCalls === 0) await host.clock.sleep(5);
  peer.socket.terminate();
  await peer.closed;
  await host.idle();
  expect(stoppedOf('lost')!.reason).toBe('socket_lost');
});

describe('server shutdown', () => {
  async function openBoth(own: TestService) {
    const open = (path: string) =>
      PlatformPeer.connect(own.port, { path: `/v1/platforms/${path}` });
    const [live, waiting] = [await open('jambonz'), await open('vonage')];
    live.json(JAMBONZ('drain', 8000, 'mono'));
    for (const packet of (await pcm(8000)).slice(0, 100)) live.binary(packet);
    await live.until((it) => resultsOf(it).some(({ streamTimeMs }) => streamTimeMs === 1000));
    return { live, waiting };
  }

  it('in mid-call: the score so far, then 1001', async () => {
    const own = await startTestService({ config: { drainMs: 30_000 } });
    const { live, waiting } = await openBoth(own);
    const drained = own.service.drain();
    expect(await waiting.closed).toBe(1001);
    own.clock.skip(30_000);
    expect(await live.closed).toBe(1001);
    expect(stoppedOf('drain')).toMatchObject({ reason: 'drained', legs: [{ leg: 'caller' }] });
    await drained;
    expectNothingSent(waiting);
  });

  it('at once: 1001 too', async () => {
    const own = await startTestService();
    const { live, waiting } = await openBoth(own);
    await own.service.close();
    expect([await live.closed, await waiting.closed]).toEqual([1001, 1001]);
  });
});
