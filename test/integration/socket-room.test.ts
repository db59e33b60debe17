import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { NATIVE_SUBPROTOCOL } from '../../src/adapters/native-messages.ts';
import { SPARE_SOCKETS } from '../../src/adapters/socket-places.ts';
import { USUAL_UNIDENTIFIED } from '../../src/adapters/unidentified-sockets.ts';
import { readMetric, untilMetric } from '../support/metric-reading.ts';
import { PlatformPeer } from '../support/platform-peer.ts';
import { upgradeRaw } from '../support/raw-socket.ts';
import { closeTestServices, startTestService, type TestService } from '../support/start-service.ts';
import { handshake } from '../support/test-client.ts';

const MULAW = { codec: 'mulaw', sampleRateHz: 8000, channels: 1 } as const;
const REFUSED = 'bonafide_upgrades_refused_total';
/** More than the service lets wait and all its WebSockets of one call were before they were told apart. */
const MANY = 300;

const bearer = (key: string | undefined) => ({ Authorization: `Bearer ${key}` });
const native = (key: string | undefined) => ({
  'Sec-WebSocket-Protocol': NATIVE_SUBPROTOCOL,
  ...bearer(key),
});
const refusedFor = (host: TestService, reason: string) =>
  readMetric(host, REFUSED, { status: '503', reason });
const several = <T>(count: number, make: () => Promise<T>) =>
  Promise.all(Array.from({ length: count }, make));

/** A call from its start to its end. */
async function screenCall(host: TestService, key: string | undefined): Promise<void> {
  const client = await host.connect(key === undefined ? {} : { key });
  await client.start({ audio: MULAW });
  await client.stop();
}

async function connectSilent(port: number): Promise<Socket> {
  const socket = connectTcp(port, '127.0.0.1');
  socket.on('error', () => {
    // It is cut.
  });
  await once(socket, 'connect');
  return socket;
}

afterEach(closeTestServices);

describe('sockets that begin no call', () => {
  it('are those of a key’s calls and some more; the next is refused, and no other key', async () => {
    const host = await startTestService({ keys: [{ name: 'a', maxCalls: 1 }, { name: 'b' }] });
    const key = host.keys['a']!;
    const clients = await several(1 + SPARE_SOCKETS, () => host.connect({ key }));
    expect(await handshake(host.port, native(key))).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5' },
    });
    expect(await refusedFor(host, 'key_sockets')).toBe(1);
    await screenCall(host, host.keys['b']);
    await clients[0]!.start({ audio: MULAW });
    await clients[0]!.stop();
    await clients[0]!.closed;
    await untilMetric(host, 'bonafide_sockets_closed_total', {}, 2);
    await screenCall(host, key);
  });

  it('of keys without a limit of their own leave every other key room for its calls', async () => {
    const names = ['a', 'b', 'c'];
    const keys = names.map((name) => ({ name }));
    const host = await startTestService({ keys, config: { maxCalls: 2 } });
    await several(2 + SPARE_SOCKETS, () => host.connect({ key: host.keys['a']! }));
    await several(SPARE_SOCKETS, () => host.connect({ key: host.keys['b']! }));
    for (const [name, reason] of [
      ['a', 'key_sockets'],
      ['b', 'sockets'],
    ] as const) {
      expect(await handshake(host.port, native(host.keys[name]))).toMatchObject({ status: 503 });
      expect(await refusedFor(host, reason)).toBe(1);
    }
    await screenCall(host, host.keys['c']);
  });

  it('count with the key that their start tells', async () => {
    const host = await startTestService({ keys: [{ name: 'a', maxCalls: 1 }] });
    const key = host.keys['a']!;
    const clients = await several(1 + SPARE_SOCKETS, () => host.connect({ key }));
    const begin = async (tracks: readonly string[] = ['inbound']) => {
      const peer = await PlatformPeer.connect(host.port, { path: '/v1/platforms/twilio' });
      const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 };
      const start = { tracks, callSid: 'CA1', customParameters: { key }, mediaFormat };
      peer.json({ event: 'start', streamSid: 'MZ1', start: { ...start, streamSid: 'MZ1' } });
      return peer;
    };
    expect(await (await begin()).closed).toBe(1013);
    // Its call would begin with the first packet.
    expect(await (await begin([])).closed).toBe(1013);
    const code = 'SCREEN_ERR_LIMIT_KEY';
    expect(await readMetric(host, 'bonafide_errors_total', { code })).toBe(2);
    await host.dropSocket(clients[0]!);
    const peer = await begin();
    await untilMetric(host, 'bonafide_calls', {}, 1);
    peer.json({ event: 'stop', streamSid: 'MZ1', stop: { callSid: 'CA1' } });
    expect(await peer.closed).toBe(1000);
  });

  it('and have not said whose they are: the oldest give way, and all have ten seconds', async () => {
    const host = await startTestService({ keys: [{ name: 'a' }] });
    const path = '/v1/platforms/twilio';
    const connect = () => PlatformPeer.connect(host.port, { path });
    const [oldest] = await several(1, connect);
    // All at once, as after a break of the network.
    const peers = await several(USUAL_UNIDENTIFIED, connect);
    host.clock.skip(1_000);
    peers.push(await connect());
    expect(await oldest!.closed).toBe(1008);
    expect(await refusedFor(host, 'unidentified')).toBeGreaterThan(0);
    await screenCall(host, host.keys['a']);
    host.clock.skip(10_000);
    expect(new Set(await Promise.all(peers.map(({ closed }) => closed)))).toEqual(new Set([1008]));
    await untilMetric(
      host,
      'bonafide_sockets_closed_total',
      { adapter: 'twilio' },
      peers.length + 1,
    );
    expect(await handshake(host.port, {}, path)).toMatchObject({ status: 101 });
  });
});

describe('sockets that come back', () => {
  it('find the places of those that were lost, however many came', async () => {
    const calls = 3;
    const host = await startTestService({ keys: [{ name: 'a', maxCalls: calls }] });
    const key = host.keys['a']!;
    const clients = await several(calls, () => host.connect({ key }));
    const tokens: string[] = [];
    for (const client of clients) {
      tokens.push((await client.start({ audio: MULAW })).resumeToken);
    }
    for (const client of clients) await host.dropSocket(client);
    const back = await several(calls, () => host.connect({ key }));
    for (const [index, client] of back.entries()) {
      const started = await client.start({ audio: MULAW, resume: tokens[index]! });
      expect(started.resumed).toBe(true);
    }
    await Promise.all(back.map((client) => client.stop()));
  });
});

describe('readers of results', () => {
  it('take no place of a call', async () => {
    const readers = { maxReaders: 2 * MANY, maxReadersPerKey: 2 * MANY };
    const keys = [{ name: 'a' }];
    const host = await startTestService({ keys, config: { maxCalls: 1, ...readers } });
    const headers = bearer(host.keys['a']);
    await several(MANY, () => PlatformPeer.connect(host.port, { path: '/v1/calls', headers }));
    await screenCall(host, host.keys['a']);
  });

  it('have limits, in all and of a key, over WebSocket and Server-Sent Events', async () => {
    const keys = [{ name: 'a' }, { name: 'b' }, { name: 'c' }];
    const config = { maxReaders: 3, maxReadersPerKey: 2 };
    const host = await startTestService({ keys, config });
    const [a, b, c] = ['a', 'b', 'c'].map((name) => bearer(host.keys[name]));
    const client = await host.connect({ key: host.keys['a']! });
    await client.start({ callId: 'one', audio: MULAW });
    const path = '/v1/calls';
    const events = `http://127.0.0.1:${host.port}/v1/calls/one/events`;
    const reader = await PlatformPeer.connect(host.port, { path, headers: a! });
    const stream = await fetch(events, { headers: a! });
    expect(stream.status).toBe(200);

    expect(await handshake(host.port, a!, path)).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5' },
    });
    const refused = await fetch(events, { headers: a! });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await refused.json()).toMatchObject({ code: 'too_many_readers' });
    expect(await refusedFor(host, 'key_readers')).toBe(2);

    const other = await PlatformPeer.connect(host.port, { path, headers: b! });
    expect(await handshake(host.port, c!, path)).toMatchObject({ status: 503 });
    expect(await refusedFor(host, 'readers')).toBe(1);

    other.socket.close();
    await other.closed;
    await untilMetric(host, 'bonafide_sockets_closed_total', { adapter: 'results' }, 1);
    expect(await handshake(host.port, c!, path)).toMatchObject({ status: 101 });
    reader.socket.close();
    await client.stop();
    expect(await stream.text()).toContain('event: stopped');
    expect((await fetch(events, { headers: a! })).status).toBe(200);
  });

  it('keep their places until their sockets are gone', async () => {
    const keys = [{ name: 'a' }];
    const host = await startTestService({ keys, config: { maxReaders: 1 } });
    const key = host.keys['a']!;
    const client = await host.connect({ key });
    await client.start({ callId: 'one', audio: MULAW });
    const path = '/v1/calls/one';
    // It hears that the call ended, and does not answer the close.
    const reader = await upgradeRaw(host.port, { path, key });
    const ended = new Promise<void>((resolve) => {
      reader.on('data', (data: Buffer) => {
        if (data.includes('"type":"ended"')) resolve();
      });
    });
    await client.stop();
    await ended;
    expect(await handshake(host.port, bearer(key), path)).toMatchObject({ status: 503 });
    reader.destroy();
    await untilMetric(host, 'bonafide_sockets_closed_total', { adapter: 'results' }, 1);
    expect(await handshake(host.port, bearer(key), path)).toMatchObject({ status: 101 });
  });
});

describe('connections that ask for nothing', () => {
  it('give way to those that do', async () => {
    const host = await startTestService({ config: { maxCalls: 1 } });
    const silent = await several(MANY, () => connectSilent(host.port));
    await screenCall(host, undefined);
    host.clock.skip(1_000);
    expect(await refusedFor(host, 'connections')).toBeGreaterThan(0);
    await screenCall(host, undefined);
    for (const socket of silent) socket.destroy();
  });
});
