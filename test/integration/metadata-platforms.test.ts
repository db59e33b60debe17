import { describe, expect, it } from 'vitest';
import {
  basic,
  connect,
  delivered,
  eventsOf,
  expectNothingSent,
  FORK,
  figuresOf,
  finish,
  host,
  JAMBONZ,
  JAMBONZ_PROTOCOL,
  joinBy,
  key,
  legsIn,
  pcm,
  resultsOf,
  scored,
  sendAll,
  stoppedOf,
  useMetadataHost,
  VONAGE,
} from '../support/metadata-rig.ts';
import { handshake } from '../support/test-client.ts';

useMetadataHost();

describe('vonage', () => {
  it('hears one mixed leg and is told nothing', async () => {
    const peer = await connect('vonage');
    peer.json(VONAGE('v-1'));
    sendAll(peer, await pcm(16_000));
    peer.json({ event: 'websocket:dtmf', digit: '5', duration: 260 });
    const { reason, legs } = await finish(peer, 'v-1', 1000);
    expect(reason).toBe('stop');
    expect(legs).toMatchObject([{ leg: 'mixed', lostMs: 0, packets: 200, streamTimeMs: 4000 }]);
    expect(scored('v-1', 'mixed')).toBe(true);
    expectNothingSent(peer);
  });

  it('takes the first text of an older deployment, and a call without an id', async () => {
    const peer = await connect('vonage', { query: `?api_key=${key}`, headers: {} });
    peer.json({ 'content-type': 'audio/l16;rate=8000', conversation_uuid: 'v-old' });
    peer.json({ 'content-type': 'audio/l16;rate=8000', again: true });
    sendAll(peer, await pcm(8000));
    expect(await finish(peer, 'v-old', 1000)).toMatchObject({ legs: [{ leg: 'mixed' }] });
    const nameless = await connect('vonage');
    nameless.json({ event: 'websocket:connected', 'content-type': 'audio/l16;rate=8000' });
    nameless.binary(new Uint8Array(320));
    nameless.socket.close(1000);
    await nameless.closed;
    await host.idle();
    expect(delivered.at(-1)!.callId).toMatch(/^[0-9a-f]{32}$/);
  });
});

it('reads the whole query, also behind a second question mark', async () => {
  const query = `?track=who?&call=asked&api_key=${key}`;
  const peer = await connect('livekit', { query, headers: {} });
  peer.binary(new Uint8Array(3840));
  const { legs } = await finish(peer, 'asked', 1000);
  expect(legs).toMatchObject([{ leg: 'who?' }]);
});

describe.each([
  ['jambonz', JAMBONZ_PROTOCOL],
  ['freeswitch-fork', FORK],
  ['freeswitch-fork', { protocols: ['named.by.the.module'] }],
])('%s with %o', (id, opening) => {
  const open = () => connect(id, { ...opening, headers: { Authorization: basic(key) } });

  it('gets scores of both legs inside json messages, and its sub-protocol back', async () => {
    const peer = await open();
    expect(peer.socket.protocol).toBe(opening.protocols[0]);
    peer.json(JAMBONZ('j-1', 16_000, 'stereo'));
    const packets = await pcm(16_000, 2);
    expect(packets[0]).toHaveLength(1280);
    sendAll(peer, packets);
    await peer.until((it) => legsIn(it).length === 2);
    const { reason, legs } = await finish(peer, 'j-1', 1000);
    expect(reason).toBe('stop');
    expect(legs.map(({ leg, streamTimeMs }) => [leg, streamTimeMs])).toEqual([
      ['caller', 4000],
      ['callee', 4000],
    ]);
    for (const { type, ...envelope } of peer.messages) {
      expect([type, Object.keys(envelope)]).toEqual(['json', ['data']]);
    }
    const [first] = resultsOf(peer);
    expect(Object.keys(first!)).toEqual([
      ...['type', 'callId', 'leg', 'role', 'streamTimeMs', 'speechMs', 'syntheticProbability'],
      ...['llr', 'interval', 'verdict', 'firm', 'abstain', 'detector'],
    ]);
    expect(first).toMatchObject({ type: 'score', callId: 'j-1', role: first!['leg'] });
    expect([peer.binaries, peer.pings]).toEqual([[], 0]);
  });

  it('takes DTMF, updates, an overrun and what is not JSON in mid-call', async () => {
    const peer = await open();
    peer.json(JAMBONZ('j-2', '8000', 'mono'));
    const packets = await pcm(8000);
    sendAll(peer, packets.slice(0, 20));
    peer.json({ event: 'dtmf', dtmf: '5', duration: '1600' });
    peer.json({ callSid: 'another', sampleRate: 48_000, mixType: 'stereo' });
    peer.text('5#');
    peer.json({ msg: 'buffer overrun' });
    sendAll(peer, packets.slice(20));
    await peer.until((it) => legsIn(it).length === 1);
    expect(resultsOf(peer).at(-1)).toMatchObject({ leg: 'caller', role: 'caller', overruns: 1 });
    const { legs } = await finish(peer, 'j-2', 1000);
    expect(legs).toMatchObject([{ leg: 'caller', packets: 200, streamTimeMs: 4000 }]);
  });

  it('a binary message without bytes is answered by the newest score of each leg', async () => {
    const peer = await open();
    peer.json(JAMBONZ('j-3', 24_000, 'stereo'));
    sendAll(peer, (await pcm(24_000, 2)).slice(0, 85));
    peer.binary(new Uint8Array(0));
    peer.binary(new Uint8Array(0));
    await peer.until((it) => resultsOf(it).some(({ streamTimeMs }) => streamTimeMs === 1700));
    peer.socket.terminate();
    await peer.closed;
    await host.idle();
    expect(
      resultsOf(peer)
        .slice(-2)
        .map(({ leg, streamTimeMs }) => [leg, streamTimeMs]),
    ).toEqual([
      ['caller', 1700],
      ['callee', 1700],
    ]);
    // The module drops its connection after a flush: that is its end, not a fault.
    expect(stoppedOf('j-3')!.reason).toBe('stop');
  });

  it.each([48_000, 64_000])('mixed is one leg of nobody in particular, %i Hz', async (rate) => {
    const peer = await open();
    peer.json(JAMBONZ('j-4', rate, 'mixed'));
    sendAll(peer, await pcm(rate));
    await peer.until((it) => legsIn(it).length === 1);
    expect(resultsOf(peer)[0]).toMatchObject({ leg: 'mixed' });
    expect(resultsOf(peer)[0]).not.toHaveProperty('role');
    expect(await finish(peer, 'j-4', 1000)).toMatchObject({ legs: [{ streamTimeMs: 4000 }] });
  });

  it.each([2, 5, 10, 37])('%i frames in one message, a short last one', async (count) => {
    const peer = await open();
    peer.json(JAMBONZ('j-5', 16_000, 'mono'));
    const packets = [...(await pcm(16_000)), new Uint8Array(552)];
    sendAll(peer, joinBy(packets, count));
    const { legs } = await finish(peer, 'j-5', 1000);
    expect(legs[0]).toMatchObject({ lostMs: 0, streamTimeMs: 4010, corruptPackets: 0 });
  });
});

describe('freeswitch-fork without metadata', () => {
  it('reads the format from the URL', async () => {
    const peer = await connect('freeswitch-fork', {
      ...FORK,
      query: '?rate=16k&channels=2&call=f-1',
    });
    sendAll(peer, await pcm(16_000, 2));
    await peer.until((it) => legsIn(it).length === 2);
    expect((await finish(peer, 'f-1', 1000)).legs.map(({ leg }) => leg)).toEqual([
      'caller',
      'callee',
    ]);
  });

  it('two mono forks of one call are two legs of it', async () => {
    const caller = await connect('freeswitch-fork', { ...FORK, query: '?call=f-2' });
    const callee = await connect('freeswitch-fork', { ...FORK, query: '?call=f-2&role=callee' });
    caller.text("it's me, not JSON");
    const packets = await pcm(8000);
    sendAll(caller, packets);
    sendAll(callee, packets);
    await Promise.all([
      caller.until((it) => legsIn(it).includes('caller')),
      callee.until((it) => legsIn(it).includes('callee')),
    ]);
    expect(resultsOf(callee)[0]).toMatchObject({ callId: 'f-2', leg: 'callee', role: 'callee' });
    await Promise.all([finish(caller, 'f-2', 1000), finish(callee, 'f-2', 1000)]);
  });
});

describe('freeswitch-stream', () => {
  it.each([
    ['no metadata', null],
    ['metadata that is no JSON', 'uuid=4711 [[[[[[[[[[[[[[[[[['],
    ['JSON metadata', JSON.stringify({ uuid: 's-1', tenant: 'acme' })],
  ])('%s: scores as they are', async (_, metadata) => {
    const peer = await connect('freeswitch-stream', { query: '?rate=16000&channels=2&call=s-1' });
    if (metadata !== null) peer.text(metadata);
    sendAll(peer, joinBy(await pcm(16_000, 2), 5));
    await peer.until((it) => legsIn(it).length === 2);
    peer.text('goodbye');
    const { reason, legs } = await finish(peer, 's-1', 1000);
    expect([reason, legs.length]).toEqual(['stop', 2]);
    for (const { type } of peer.messages) expect(['score', 'verdict']).toContain(type);
    expect([peer.binaries, peer.pings]).toEqual([[], 0]);
  });

  it('without parameters it is 8 kHz and one channel; empty messages say nothing', async () => {
    const peer = await connect('freeswitch-stream');
    peer.json({ uuid: 's-2' });
    peer.binary(new Uint8Array(0));
    sendAll(peer, joinBy(await pcm(8000), 2));
    peer.binary(new Uint8Array(0));
    expect(await finish(peer, 's-2', 1000)).toMatchObject({
      legs: [{ leg: 'caller', streamTimeMs: 4000, lostMs: 0 }],
    });
  });

  it('compression that is offered is not accepted', async () => {
    const { headers, status } = await handshake(
      host.port,
      {
        Authorization: `Bearer ${key}`,
        'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits',
      },
      '/v1/platforms/freeswitch-stream',
    );
    expect(status).toBe(101);
    expect(headers).not.toHaveProperty('sec-websocket-extensions');
  });
});

describe('livekit', () => {
  const query = (more: string) =>
    `?token=${key}&room=l-1&participant=alice&track=TR_1&role=caller${more}`;

  it('one participant, whose two channels are one voice; nothing is sent', async () => {
    const [mono, stereo] = [await pcm(48_000), await pcm(48_000)];
    const doubled = stereo.map((packet) => {
      const samples = new Int16Array(packet.slice().buffer);
      return new Uint8Array(
        Int16Array.from({ length: 2 * samples.length }, (_, at) => samples[at >> 1]!).buffer,
      );
    });
    const first = await connect('livekit', { query: query('&channels=1'), headers: {} });
    sendAll(first, mono);
    const one = await finish(first, 'l-1');
    const scores = eventsOf('l-1')
      .filter(({ type }) => type === 'score')
      .map(figuresOf);
    delivered.length = 0;
    const second = await connect('livekit', { query: query('&rate=48000'), headers: {} });
    sendAll(second, doubled);
    const two = await finish(second, 'l-1');
    expect(one).toMatchObject({ reason: 'stop', legs: [{ leg: 'alice', streamTimeMs: 4000 }] });
    expect(two).toEqual(one);
    expect(
      eventsOf('l-1')
        .filter(({ type }) => type === 'score')
        .map(figuresOf),
    ).toEqual(scores);
    expect(scored('l-1', 'alice')).toBe(true);
    expectNothingSent(first);
    expectNothingSent(second);
  });

  it('texts say nothing: what was said before a mute comes after it', async () => {
    const peer = await connect('livekit', { query: query('&channels=1&call=l-2'), headers: {} });
    peer.json({ muted: true });
    const packets = await pcm(48_000);
    sendAll(peer, packets.slice(0, 50));
    for (const text of ['{"muted":true}', '{"muted":true}', '{"muted":"no"}', '[1]', 'x']) {
      peer.text(text);
    }
    sendAll(peer, packets.slice(50, 100));
    peer.json({ muted: false });
    peer.json({ muted: false });
    sendAll(peer, packets.slice(100));
    const { legs } = await finish(peer, 'l-2');
    const kinds = eventsOf('l-2').map(({ type }) => type);
    expect(kinds.filter((type) => type === 'paused' || type === 'resumed')).toEqual([]);
    expect(legs[0]).toMatchObject({ packets: 200, lostMs: 0, streamTimeMs: 4000 });
    expectNothingSent(peer);
  });
});
