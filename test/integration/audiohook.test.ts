import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { AUDIOHOOK_PATH } from '../../src/adapters/audiohook.ts';
import { NULL_UUID } from '../../src/adapters/audiohook-messages.ts';
import { DEFAULT_PLATFORM_SETTINGS } from '../../src/platform-settings.ts';
import { audioHookHeaders } from '../../src/replay/peers/audiohook-headers.ts';
import { AudioHookPeer } from '../../src/replay/peers/audiohook-peer.ts';
import type { AudioHookOffer } from '../../src/replay/peers/audiohook-wire.ts';
import { LegPipeline } from '../../src/stream/leg-pipeline.ts';
import { PlatformPeer } from '../support/platform-peer.ts';
import { readResults } from '../support/result-reader.ts';
import { closeTestServices, startTestService, type TestService } from '../support/start-service.ts';
import { speechPackets } from '../support/wire-audio.ts';

const API_KEY = 'SGVsbG8sIEkgYW0gdGhlIEFQSSBrZXkh';
const SECRET = 'TXlTdXBlclNlY3JldEtleVRlbGxOby0xITJAMyM0JDU=';
const ORGANIZATION = 'd7934305-0972-4844-938e-9060eef73d05';
const CORRELATION = 'e160e428-53e2-487c-977d-96989bf5c99d';
const DRAIN_MS = 2_000;
const offer = (
  format: 'PCMU' | 'L16',
  ...channels: readonly ('external' | 'internal')[]
): AudioHookOffer => ({ type: 'audio', format, channels, rate: 8000 });
const OFFERS = [
  offer('PCMU', 'external', 'internal'),
  offer('PCMU', 'external'),
  offer('PCMU', 'internal'),
];

interface Result {
  readonly leg: string;
  readonly role: string;
  readonly streamTimeMs: number;
  readonly speechMs: number;
  readonly detector: string;
  readonly abstain: string | null;
}

let host: TestService;
let number = 0;
beforeAll(async () => {
  host = await startTestService({
    keys: [{ name: 'centre' }],
    config: {
      drainMs: DRAIN_MS,
      platforms: {
        ...DEFAULT_PLATFORM_SETTINGS,
        scoreIntervalMs: 500,
        accounts: [
          {
            ...{ key: 'centre', roles: {} },
            audiohook: { apiKey: API_KEY, clientSecret: SECRET, organizationId: ORGANIZATION },
          },
        ],
      },
    },
  });
});
afterAll(closeTestServices);

/** A UUID of version 4 that no other session of the test has. */
function nextUuid(): string {
  return `00000000-0000-4000-8000-${String(++number).padStart(12, '0')}`;
}

interface Wanted {
  readonly media?: readonly AudioHookOffer[];
  readonly conversationId?: string;
  readonly open?: Readonly<Record<string, unknown>>;
  readonly clientSecret?: string | null;
}

async function connect({
  media = OFFERS,
  conversationId = nextUuid(),
  open = {},
  clientSecret = SECRET,
}: Wanted = {}) {
  const sessionId = nextUuid();
  const ids = { organizationId: ORGANIZATION, sessionId, correlationId: CORRELATION };
  const socket = await PlatformPeer.connect(host.port, {
    path: AUDIOHOOK_PATH,
    headers: audioHookHeaders(ids, {
      ...{ apiKey: API_KEY, clientSecret, nonce: sessionId, target: AUDIOHOOK_PATH },
      host: `127.0.0.1:${host.port}`,
      nowMs: host.clock.nowMs(),
    }),
  });
  const peer = new AudioHookPeer({
    ...{ socket: socket.socket, clock: host.clock, organizationId: ORGANIZATION, sessionId },
    ...{ conversationId, media, open },
  });
  socket.socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (isBinary) peer.receiveBinary();
    else peer.receive(data.toString('utf8'));
  });
  socket.socket.on('close', () => peer.socketClosed());
  peer.open();
  await peer.until(({ state }) => state !== 'opening');
  return { peer, socket, sessionId, conversationId };
}

async function audioOf({ format, channels }: AudioHookOffer): Promise<Buffer> {
  const codec = format === 'L16' ? 'pcm16' : 'mulaw';
  const { packets } = await speechPackets({
    ...{ codec, sampleRateHz: 8000, channels: channels.length as 1 | 2 },
  });
  return Buffer.concat(packets);
}

function resultsOf(peer: AudioHookPeer): Result[] {
  return peer.messagesOf('event').flatMap(({ parameters }) => {
    const entities = parameters['entities'] as { type: string; data: Result }[];
    expect(entities.every(({ type }) => type === 'x-deepfake')).toBe(true);
    return entities.map(({ data }) => data);
  });
}

/** Closes as Genesys does and checks what its own test suite checks of every session. */
async function finish(peer: AudioHookPeer, socket: PlatformPeer): Promise<void> {
  peer.close('end');
  await peer.until(({ state }) => state === 'disconnected');
  expect(peer.violations).toEqual([]);
  expect(peer.messages.at(-1)).toMatchObject({ type: 'closed', clientseq: peer.seq });
  expect(peer.messages.map(({ seq }) => seq)).toEqual(peer.messages.map((_, index) => index + 1));
  expect(await socket.closed).toBe(1005);
  expect([socket.binaries.length, socket.pings]).toEqual([0, 0]);
  await host.idle();
}

describe('a session from open to closed', () => {
  it.each([
    ['both channels', OFFERS, ['external', 'internal']],
    ['both channels, inverted', [offer('PCMU', 'internal', 'external')], ['internal', 'external']],
    ['the external channel', [offer('PCMU', 'external')], ['external']],
    ['the internal channel', [offer('PCMU', 'internal')], ['internal']],
    ['both channels of L16', [offer('L16', 'external', 'internal')], ['external', 'internal']],
  ] as const)('%s', async (_case, media, legs) => {
    const { peer, socket } = await connect({ media });
    expect(peer.media).toEqual(media[0]);
    peer.audio(await audioOf(peer.media!));
    await finish(peer, socket);
    const results = resultsOf(peer);
    const last = results.slice(-legs.length);
    expect(last.map(({ leg }) => leg)).toEqual(legs);
    for (const [index, leg] of legs.entries()) {
      const own = results.filter((result) => result.leg === leg);
      expect(own.map(({ streamTimeMs }) => streamTimeMs).slice(0, 3)).toEqual([500, 1000, 1500]);
      expect(own[0]!.role).toBe(leg === 'external' ? 'caller' : 'agent');
      expect(last[index]!.speechMs).toBeGreaterThan(1000);
      expect(Math.abs(last[index]!.streamTimeMs - 4000)).toBeLessThan(60);
      expect(last[index]!.detector).toMatch(/^tiny@[0-9a-f]{12}$/);
    }
  });

  it('ping and pong carry the numbers that the conformance suite wants', async () => {
    const { peer, socket } = await connect();
    peer.ping();
    await peer.until(({ messages }) => messages.length >= 3);
    expect(peer.messagesOf('pong')).toMatchObject([
      { seq: 2, clientseq: 2 },
      { seq: 3, clientseq: 3 },
    ]);
    await finish(peer, socket);
  });

  it('pings of the client keep a silent session alive', async () => {
    const { peer, socket } = await connect();
    for (let round = 0; round < 15; round++) {
      host.clock.skip(5_000);
      // The first pong makes it ping again at once.
      await peer.until(() => peer.messagesOf('pong').length === round + 2);
    }
    expect(peer.state).toBe('open');
    await finish(peer, socket);
  });

  it('a session from which nothing comes is told so', async () => {
    const { peer, socket } = await connect();
    const { ping } = peer;
    peer.ping = () => {};
    host.clock.skip(60_000);
    await peer.until(({ state }) => state === 'disconnected');
    expect(peer.messagesOf('disconnect')).toMatchObject([{ parameters: { reason: 'error' } }]);
    expect(peer.messages.at(-1)!.type).toBe('closed');
    await socket.closed;
    await host.idle();
    peer.ping = ping;
  });

  it('update, discarded and error change nothing of the close', async () => {
    const { peer, socket } = await connect();
    peer.send('update', { language: 'en-US' });
    peer.send('discarded', { start: 'PT6.3S', discarded: 'PT0.3S' });
    peer.send('error', { code: 400, message: 'tough stuff' });
    await finish(peer, socket);
    expect(peer.messagesOf('updated')).toHaveLength(1);
  });

  it('stream time counts what was discarded and what passed while paused', async () => {
    const { peer, socket } = await connect({ media: [offer('PCMU', 'external')] });
    const second = new Uint8Array(8_000).fill(255);
    peer.audio(second);
    peer.discard(500);
    peer.audio(second);
    peer.pause();
    peer.resume(10_000);
    peer.audio(second.subarray(0, 138));
    await finish(peer, socket);
    // 12,517 ms in whole hops.
    expect(resultsOf(peer).at(-1)!.streamTimeMs).toBe(12_510);
  });

  it('a pause is zeroed audio and no loss, however long it was', async () => {
    const wipe = vi.spyOn(LegPipeline.prototype, 'wipe');
    const media = [offer('PCMU', 'external')];
    const { peer, socket, conversationId } = await connect({ media });
    const results = await readResults(host, conversationId, {
      authorization: `Bearer ${host.keys['centre']}`,
    });
    const audio = await audioOf(media[0]!);
    peer.audio(audio.subarray(0, 16_000));
    peer.pause();
    peer.resume(60_000);
    peer.audio(audio.subarray(16_000));
    await finish(peer, socket);
    expect(wipe).toHaveBeenCalledTimes(1);
    const trace = (await results()).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(trace.at(-1)).toMatchObject({ type: 'stopped', legs: [{ lostMs: 0 }] });
    expect(resultsOf(peer).at(-1)!.abstain).not.toBe('gaps');
    expect(resultsOf(peer).at(-1)!.streamTimeMs).toBeGreaterThanOrEqual(63_900);
  });

  it('a connection probe is answered and no call', async () => {
    const participant = { id: NULL_UUID, ani: '', aniName: '', dnis: '' };
    const { peer, socket } = await connect({ conversationId: NULL_UUID, open: { participant } });
    expect(peer.media).toEqual(OFFERS[0]);
    expect(host.service.status().liveCalls).toBe(0);
    await finish(peer, socket);
    expect(peer.messages.map(({ type }) => type)).toEqual(['opened', 'closed']);
  });

  it('two sessions of a conversation are one call', async () => {
    const conversationId = nextUuid();
    const media = [offer('PCMU', 'external')];
    const first = await connect({ conversationId, media });
    const second = await connect({ conversationId, media });
    const audio = await audioOf(media[0]!);
    first.peer.audio(audio);
    second.peer.audio(audio);
    await Promise.all([finish(first.peer, first.socket), finish(second.peer, second.socket)]);
    expect(resultsOf(first.peer)[0]!.leg).toBe('external');
    expect(resultsOf(second.peer)[0]!.leg).toBe('external-2');
  });
});

describe('what breaks the protocol', () => {
  it.each([
    ['audio that is no whole sample of both channels', new Uint8Array(3)],
    ['a message out of turn', '{"version":"2"}'],
  ])('%s ends only that session', async (_case, message) => {
    const bystander = await connect();
    const { peer, socket } = await connect();
    socket.socket.send(message);
    await peer.until(({ state }) => state === 'disconnected');
    expect(peer.messages.map(({ type }) => type)).toEqual(['opened', 'disconnect', 'closed']);
    expect(peer.messages[1]!.parameters['reason']).toBe('error');
    bystander.peer.audio(new Uint8Array(16_000).fill(255));
    await finish(bystander.peer, bystander.socket);
  });

  it('audio while paused', async () => {
    const { peer, socket } = await connect();
    peer.pause();
    socket.binary(new Uint8Array(320));
    await peer.until(({ state }) => state === 'disconnected');
    expect(peer.messages.map(({ type }) => type).slice(-2)).toEqual(['disconnect', 'closed']);
    await host.idle();
  });
});

describe('authentication', () => {
  it('refuses an unsigned upgrade', async () => {
    await expect(connect({ clientSecret: null })).rejects.toThrow('401');
  });

  it('refuses a wrong secret', async () => {
    await expect(connect({ clientSecret: 'AAAA' })).rejects.toThrow('401');
  });

  it('another organisation in open is unauthorised', async () => {
    const { peer } = await connect({ open: { organizationId: CORRELATION } });
    await peer.until(({ state }) => state === 'disconnected');
    expect(peer.messages.map(({ type, parameters }) => [type, parameters['reason']])).toEqual([
      ['disconnect', 'unauthorized'],
      ['closed', undefined],
    ]);
    expect(host.service.status().liveCalls).toBe(0);
  });
});

describe('continued sessions', () => {
  const [media] = [[offer('PCMU', 'external')]];

  it.each(['a lost socket', 'a close to reconnect'])('%s', async (how) => {
    const { peer, socket, sessionId, conversationId } = await connect({ media });
    const audio = await audioOf(media[0]!);
    peer.audio(audio.subarray(0, 16_000));
    await peer.until(() => resultsOf(peer).length >= 4);
    if (how === 'a lost socket') socket.socket.terminate();
    else peer.close('reconnect');
    await peer.until(({ state }) => state === 'disconnected');
    const next = await connect({
      ...{ media, conversationId },
      open: { continuedSessions: [{ id: sessionId, serverseq: 1, clientseq: 1 }] },
    });
    expect(host.service.status().liveCalls).toBe(1);
    next.peer.audio(audio.subarray(16_000));
    await finish(next.peer, next.socket);
    const [first] = resultsOf(next.peer);
    expect(first!.leg).toBe('external');
    expect(first!.streamTimeMs).toBeGreaterThan(1_500);
    expect(resultsOf(next.peer).at(-1)!.streamTimeMs).toBeGreaterThanOrEqual(3_950);
  });
});

it('a client that is back before its lost socket was missed goes on', async () => {
  const media = [offer('PCMU', 'external')];
  const { peer, socket, sessionId, conversationId } = await connect({ media });
  peer.audio(new Uint8Array(8_000).fill(255));
  const open = { continuedSessions: [{ id: sessionId, serverseq: 1, clientseq: 1 }] };
  const next = await connect({ media, conversationId, open });
  expect(await socket.closed).toBe(1000);
  expect(host.service.status().liveCalls).toBe(1);
  await finish(next.peer, next.socket);
  expect(resultsOf(next.peer).at(-1)!.streamTimeMs).toBeGreaterThanOrEqual(1_000);
});

describe('shutdown', () => {
  it('asks every client to close, and the client drives it', async () => {
    const { peer, socket } = await connect();
    peer.audio((await audioOf(OFFERS[0]!)).subarray(0, 16_000));
    const idle = await connect({ conversationId: NULL_UUID });
    const drained = host.service.drain();
    await idle.peer.until(({ state }) => state === 'disconnected');
    expect(idle.peer.messages.map(({ type }) => type)).toEqual(['opened', 'disconnect', 'closed']);
    host.clock.skip(DRAIN_MS);
    await drained;
    await peer.until(({ state }) => state === 'disconnected');
    expect(peer.violations).toEqual([]);
    expect(peer.messagesOf('disconnect')).toMatchObject([{ parameters: { reason: 'completed' } }]);
    expect(peer.messages.at(-1)!.type).toBe('closed');
    expect(await socket.closed).toBe(1005);
  });
});
