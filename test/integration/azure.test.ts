import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_PLATFORM_SETTINGS } from '../../src/platform-settings.ts';
import { readMetric } from '../support/metric-reading.ts';
import { PlatformPeer } from '../support/platform-peer.ts';
import { nativeTrace, readResults } from '../support/result-reader.ts';
import { closeTestServices, startTestService, type TestService } from '../support/start-service.ts';
import { handshake } from '../support/test-client.ts';
import { speechPackets } from '../support/wire-audio.ts';

const PATH = '/v1/platforms/azure';
const ALICE = '8:acs:alice';
const BOB = '4:+15551230001';

let host: TestService;
beforeAll(async () => {
  host = await startTestService();
});
afterAll(closeTestServices);

const connect = (callId: string | null, query = '') =>
  PlatformPeer.connect(host.port, {
    path: `${PATH}${query}`,
    headers: callId === null ? {} : { 'x-ms-call-connection-id': callId },
  });
const METADATA = (sampleRate: number, more: object = {}) => ({
  kind: 'AudioMetadata',
  audioMetadata: {
    subscriptionId: 'sub-1',
    encoding: 'PCM',
    sampleRate,
    channels: 1,
    length: sampleRate / 25,
    ...more,
  },
});
const AUDIO = (packet: Uint8Array, participantRawID?: string, silent = false) => ({
  kind: 'AudioData',
  audioData: {
    timestamp: '2026-11-01T10:00:00.000Z',
    ...(participantRawID === undefined ? {} : { participantRawID }),
    data: Buffer.from(packet).toString('base64'),
    silent,
  },
});
const DTMF = { kind: 'DtmfData', dtmfData: { data: '5', sequenceId: 1, timestamp: 'x' } };
const pcm = async (sampleRateHz: number) =>
  (await speechPackets({ codec: 'pcm16', sampleRateHz, channels: 1 })).packets;

interface Summary {
  readonly legs: readonly { readonly id: string; readonly role: string }[];
}
async function summaryOf(callId: string): Promise<Summary> {
  const answer = await fetch(`http://127.0.0.1:${host.port}/v1/calls/${callId}`);
  return answer.json() as Promise<Summary>;
}
const legsIn = (trace: readonly string[]) =>
  [...new Set(trace.flatMap((line) => /"leg":"([^"]+)"/.exec(line)?.[1] ?? []))].sort();
function expectNothingSent(peer: PlatformPeer): void {
  expect([peer.texts, peer.binaries, peer.pings]).toEqual([[], [], 0]);
}

describe('mixed audio', () => {
  it.each([
    [16_000, 'camel'],
    [24_000, 'camel'],
    [16_000, 'Pascal'],
    [16_000, 'UPPER'],
  ])('%i Hz, names in %s case: what the native protocol gives', async (rateHz, spelling) => {
    const format = { codec: 'pcm16', sampleRateHz: rateHz, channels: 1 } as const;
    const packets = await pcm(rateHz);
    const wanted = await nativeTrace(host, format, packets);
    const callId = `mixed-${rateHz}-${spelling}`;
    const trace = await readResults(host, callId);
    const peer = await connect(callId);
    const say = (message: object) =>
      peer.text(
        JSON.stringify(message).replaceAll(/"([A-Za-z]+)":/g, (_, name: string) => {
          if (spelling === 'UPPER') return `"${name.toUpperCase()}":`;
          return spelling === 'camel'
            ? `"${name}":`
            : `"${name[0]!.toUpperCase()}${name.slice(1)}":`;
        }),
      );
    say(METADATA(rateHz));
    for (const [index, packet] of packets.entries()) {
      if (index === 50) say(METADATA(rateHz));
      if (index === 100) say(DTMF);
      say(AUDIO(packet));
    }
    peer.socket.close(1000);
    expect(await trace()).toEqual(wanted.map((line) => line.replaceAll('channel', 'mixed')));
    expectNothingSent(peer);
    expect((await summaryOf(callId)).legs).toMatchObject([{ id: 'mixed', role: 'unknown' }]);
  });

  it('silent frames are silence, whether they have data or not', async () => {
    const trace = await readResults(host, 'silent');
    const peer = await connect('silent');
    peer.json(METADATA(16_000));
    for (let index = 0; index < 50; index++) {
      peer.json(AUDIO(new Uint8Array(index % 2 === 0 ? 0 : 640).fill(77), undefined, true));
    }
    peer.socket.close();
    const last = (await trace()).at(-1)!;
    expect(last).toContain('"streamTimeMs":1000');
    expect(last).toContain('"speechMs":0');
    expect(last).toContain('"lostMs":0');
  });
});

describe('unmixed audio', () => {
  it('participants become legs of one call when they first speak', async () => {
    const callId = 'unmixed';
    const trace = await readResults(host, callId);
    const peer = await connect(callId);
    peer.json(METADATA(16_000));
    const packets = await pcm(16_000);
    for (const [index, packet] of packets.entries()) {
      peer.json(AUDIO(packet, ALICE));
      if (index >= 100) peer.json(AUDIO(packet, BOB));
    }
    while (host.service.status().liveCalls < 2) await host.clock.sleep(5);
    peer.socket.close(1000);
    expect(legsIn(await trace())).toEqual([BOB, ALICE]);
    const { legs } = await summaryOf(callId);
    expect(legs.map(({ id, role }) => [id, role])).toEqual([
      [ALICE, 'caller'],
      [BOB, 'unknown'],
    ]);
    expectNothingSent(peer);
  });

  it('more than eight are not followed', async () => {
    const peer = await connect('crowd');
    peer.json(METADATA(16_000));
    for (let index = 0; index < 12; index++) {
      peer.json(AUDIO(new Uint8Array(640), `8:acs:guest-${index}`));
    }
    while (host.service.status().liveCalls < 8) await host.clock.sleep(5);
    peer.socket.close(1000);
    await host.idle();
    const { legs } = await summaryOf('crowd');
    expect(legs.map(({ id }) => id)).toEqual(
      Array.from({ length: 8 }, (_, index) => `8:acs:guest-${index}`),
    );
  });
});

describe('which call', () => {
  it.each([
    ['corr-1', { 'x-ms-call-correlation-id': 'corr-1' }, {}],
    ['sub-1', {}, {}],
  ])('%s', async (wanted, headers, more) => {
    const trace = await readResults(host, wanted);
    const peer = await PlatformPeer.connect(host.port, { path: PATH, headers });
    peer.json(METADATA(16_000, more));
    peer.json(AUDIO(new Uint8Array(640)));
    peer.socket.close(1000);
    expect((await trace()).length).toBeGreaterThan(0);
  });
});

const FRAME = AUDIO(new Uint8Array(640));
const REFUSED: readonly (readonly [string, number, readonly (string | object)[]])[] = [
  ['audio before the metadata', 1003, [FRAME]],
  ['a binary message first', 1003, [new Uint8Array(640)]],
  ['a binary message', 1007, [METADATA(16_000), new Uint8Array(640)]],
  ['8 kHz', 1003, [METADATA(8_000)]],
  ['another encoding', 1003, [METADATA(16_000, { encoding: 'OPUS' })]],
  ['two channels', 1003, [METADATA(16_000, { channels: 2 })]],
  ['metadata of another format', 1008, [METADATA(16_000), METADATA(24_000)]],
  ['metadata that says nothing', 1007, [{ kind: 'AudioMetadata' }]],
  [
    'audio that is no text',
    1007,
    [METADATA(16_000), { kind: 'AudioData', audioData: { data: 5 } }],
  ],
  ['no JSON', 1007, ['hello']],
  ['half a sample', 1007, [METADATA(16_000), AUDIO(new Uint8Array(641))]],
  [
    'data that is not base64',
    1007,
    [METADATA(16_000), { kind: 'AudioData', audioData: { data: '!!', silent: false } }],
  ],
  ['too long a text', 1009, [METADATA(16_000), ' '.repeat(65_537)]],
];

describe('what is refused', () => {
  it.each(REFUSED)('%s', async (_, code, messages) => {
    const peer = await connect('refused');
    for (const message of messages) {
      if (typeof message === 'string') peer.text(message);
      else if (message instanceof Uint8Array) peer.binary(message);
      else peer.json(message);
    }
    expect(await peer.closed).toBe(code);
    await host.idle();
    expectNothingSent(peer);
  });

  it('a peer without a key, before the upgrade', async () => {
    const own = await startTestService({ keys: [{ name: 'acme' }] });
    expect((await handshake(own.port, {}, PATH)).status).toBe(401);
    expect((await handshake(own.port, {}, `${PATH}?key=bfk_x`)).status).toBe(401);
    expect((await handshake(own.port, {}, `${PATH}?key=${own.keys['acme']}`)).status).toBe(101);
  });

  it("a token of Azure's alone; with a key in the URL it does not matter", async () => {
    const own = await startTestService({ keys: [{ name: 'acme' }] });
    const headers = { Authorization: 'Bearer eyJhbGciOiJub25lIn0.e30.' };
    expect((await handshake(own.port, headers, PATH)).status).toBe(401);
    const { status } = await handshake(own.port, headers, `${PATH}?key=${own.keys['acme']}`);
    expect(status).toBe(101);
  });
});

it('roles are those of the account', async () => {
  const own = await startTestService({
    keys: [{ name: 'acme' }],
    config: {
      platforms: {
        ...DEFAULT_PLATFORM_SETTINGS,
        accounts: [{ key: 'acme', roles: { [BOB]: 'agent' } }],
      },
    },
  });
  const key = own.keys['acme']!;
  const peer = await PlatformPeer.connect(own.port, { path: `${PATH}?key=${key}` });
  peer.json(METADATA(16_000));
  peer.json(AUDIO(new Uint8Array(640), BOB));
  while (own.service.status().liveCalls < 1) await own.clock.sleep(5);
  peer.socket.terminate();
  await own.idle();
  expect(await readMetric(own, 'bonafide_calls_ended_total', { reason: 'socket_lost' })).toBe(1);
  const answer = await fetch(`http://127.0.0.1:${own.port}/v1/calls/sub-1`, {
    headers: { Authorization: `Bearer ${key}` },
  });
  expect(await answer.json()).toMatchObject({
    legs: [{ id: BOB, role: 'agent' }],
  });
});

describe('one voice more than there is room for', () => {
  const ERIN = '4:+15550009';
  const errorsOf = (own: TestService, code: string) =>
    readMetric(own, 'bonafide_errors_total', { code });

  it('ends none of those that are heard: a limit of the key', async () => {
    const own = await startTestService({ keys: [{ name: 'acme', maxCalls: 2 }] });
    const path = `${PATH}?key=${own.keys['acme']}`;
    const peer = await PlatformPeer.connect(own.port, { path });
    peer.json(METADATA(16_000));
    for (const who of [ALICE, BOB, ERIN, ERIN, ALICE]) peer.json(AUDIO(new Uint8Array(640), who));
    while ((await errorsOf(own, 'SCREEN_ERR_LIMIT_KEY')) === 0) await own.clock.sleep(5);
    expect(own.service.status().liveCalls).toBe(2);
    peer.socket.close(1000);
    await own.idle();
    expect(await errorsOf(own, 'SCREEN_ERR_LIMIT_KEY')).toBe(1);
    expect(await readMetric(own, 'bonafide_calls_ended_total', { reason: 'stop' })).toBe(2);
  });

  it('ends none of those that are heard: a shutdown that waits for them', async () => {
    const own = await startTestService({ config: { drainMs: 30_000 } });
    const peer = await PlatformPeer.connect(own.port, { path: PATH });
    peer.json(METADATA(16_000));
    peer.json(AUDIO(new Uint8Array(640), ALICE));
    while (own.service.status().liveCalls < 1) await own.clock.sleep(5);
    const drained = own.service.drain();
    peer.json(AUDIO(new Uint8Array(640), ERIN));
    while ((await errorsOf(own, 'SCREEN_ERR_DRAINING')) === 0) await own.clock.sleep(5);
    expect(own.service.status().liveCalls).toBe(1);
    own.clock.skip(30_000);
    expect(await peer.closed).toBe(1001);
    await drained;
  });
});

describe('server shutdown', () => {
  it('a live call and a waiting socket: 1001', async () => {
    const own = await startTestService({ config: { drainMs: 30_000 } });
    const open = () => PlatformPeer.connect(own.port, { path: PATH });
    const [live, waiting] = [await open(), await open()];
    live.json(METADATA(16_000));
    live.json(AUDIO(new Uint8Array(640), ALICE));
    live.json(AUDIO(new Uint8Array(640), BOB));
    while (own.service.status().liveCalls < 2) await own.clock.sleep(5);
    const drained = own.service.drain();
    expect(await waiting.closed).toBe(1001);
    own.clock.skip(30_000);
    expect(await live.closed).toBe(1001);
    await drained;
    expectNothingSent(live);
  });
});
