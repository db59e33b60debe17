import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { NATIVE_SUBPROTOCOL } from '../../src/adapters/native-messages.ts';
import { ERRORS, type ErrorCode } from '../../src/errors.ts';
import { Bystander } from '../support/bystander.ts';
import { clientFrame, upgradeRaw } from '../support/raw-socket.ts';
import { closeTestServices, startTestService, type TestService } from '../support/start-service.ts';
import { handshake } from '../support/test-client.ts';
import { speechPackets } from '../support/wire-audio.ts';

const MULAW = { codec: 'mulaw', sampleRateHz: 8000, channels: 1 } as const;
const OPUS = { codec: 'opus', sampleRateHz: 48_000, channels: 1 } as const;
/** Code 1 says two frames of one size, three bytes cannot be halved. */
const CORRUPT_OPUS = Uint8Array.of(0x09, 1, 2, 3);

let host: TestService;
let bystander: Bystander;
beforeAll(async () => {
  host = await startTestService();
  bystander = await Bystander.create(host);
});
beforeEach(() => bystander.begin());
afterEach(() => bystander.finish());
afterAll(closeTestServices);

async function refusalOf(...messages: (string | Uint8Array | object)[]) {
  const client = await host.connect();
  for (const message of messages) {
    if (typeof message === 'string') client.text(message);
    else if (message instanceof Uint8Array) client.send([message]);
    else client.json(message);
  }
  return client.refusal();
}

const start = (audio: object, more: object = {}) => ({ type: 'start', audio, ...more });
const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;

const REFUSED: [string, ErrorCode, (string | Uint8Array | object)[]][] = [
  ['text before start', 'SCREEN_ERR_NOT_STARTED', [{ type: 'stop' }]],
  ['pause before start', 'SCREEN_ERR_NOT_STARTED', [{ type: 'pause' }]],
  ['a second start', 'SCREEN_ERR_ALREADY_STARTED', [start(MULAW), start(MULAW)]],
  ['an unknown type', 'SCREEN_ERR_TYPE', [{ type: 'begin' }]],
  ['no type', 'SCREEN_ERR_TYPE', [{ audio: MULAW }]],
  ['a type that objects inherit', 'SCREEN_ERR_TYPE', [{ type: 'constructor' }]],
  ['invalid JSON', 'SCREEN_ERR_JSON', ['{"type":"start"']],
  ['JSON that is no object', 'SCREEN_ERR_JSON', ['[1]']],
  ['70 KB of text', 'SCREEN_ERR_TEXT_TOO_BIG', [JSON.stringify({ type: 'x'.repeat(70_000) })]],
  ['deep nesting', 'SCREEN_ERR_DEPTH', [nested(17)]],
  ['very deep nesting', 'SCREEN_ERR_DEPTH', ['['.repeat(60_000)]],
  ['a long string', 'SCREEN_ERR_DEPTH', [{ type: 'start', callId: 'x'.repeat(4_097) }]],
  ['audio before start', 'SCREEN_ERR_AUDIO_BEFORE_START', [new Uint8Array(160)]],
  ['a missing field', 'SCREEN_ERR_MESSAGE', [{ type: 'start' }]],
  ['an unsupported codec', 'SCREEN_ERR_MESSAGE', [start({ ...MULAW, codec: 'g729' })]],
  ['three channels', 'SCREEN_ERR_MESSAGE', [start({ ...MULAW, channels: 3 })]],
  ['too many legs', 'SCREEN_ERR_MESSAGE', [start(MULAW, { legs: [{ id: 'a' }, { id: 'b' }] })]],
  [
    'legs of one name',
    'SCREEN_ERR_MESSAGE',
    [start({ ...MULAW, channels: 2 }, { legs: [{ id: 'a' }, { id: 'a' }] })],
  ],
  ['a score interval of zero', 'SCREEN_ERR_MESSAGE', [start(MULAW, { scoreIntervalMs: 0 })]],
  ['a call id that no address holds', 'SCREEN_ERR_MESSAGE', [start(MULAW, { callId: '..' })]],
  ['a call id that no address holds', 'SCREEN_ERR_MESSAGE', [start(MULAW, { callId: '.' })]],
  ['an unsupported rate', 'SCREEN_ERR_FORMAT', [start({ ...MULAW, sampleRateHz: 11_025 })]],
  ['a rate that Opus lacks', 'SCREEN_ERR_FORMAT', [start({ ...OPUS, sampleRateHz: 44_100 })]],
  ['a call id in use', 'SCREEN_ERR_CALL_ID', [start(MULAW, { callId: 'bystander' })]],
  [
    'half a sample',
    'SCREEN_ERR_AUDIO_SIZE',
    [start({ ...MULAW, codec: 'pcm16' }), Buffer.alloc(161)],
  ],
  [
    'one channel of two',
    'SCREEN_ERR_AUDIO_SIZE',
    [start({ ...MULAW, channels: 2 }), Buffer.alloc(161)],
  ],
  [
    'less than a stamp',
    'SCREEN_ERR_AUDIO_SIZE',
    [start({ ...MULAW, framing: 'stamped' }), Buffer.alloc(7)],
  ],
  [
    'half a sample behind a stamp',
    'SCREEN_ERR_AUDIO_SIZE',
    [start({ ...MULAW, codec: 'pcm16', framing: 'stamped' }), Buffer.alloc(8 + 161)],
  ],
  ['70 KB of audio', 'SCREEN_ERR_AUDIO_TOO_BIG', [start(MULAW), Buffer.alloc(70_000)]],
  ['pause twice', 'SCREEN_ERR_STATE', [start(MULAW), { type: 'pause' }, { type: 'pause' }]],
  ['resume without pause', 'SCREEN_ERR_STATE', [start(MULAW), { type: 'resume' }]],
  ['a flood of audio', 'SCREEN_ERR_RATE', [start(MULAW), ...Array(20).fill(Buffer.alloc(16_000))]],
  ['an unknown resume token', 'SCREEN_ERR_RESUME', [start(MULAW, { resume: 'nonsense' })]],
  ['corrupt Opus packets', 'SCREEN_ERR_CODEC', [start(OPUS), ...Array(50).fill(CORRUPT_OPUS)]],
  [
    'Opus packets without frames',
    'SCREEN_ERR_CODEC',
    [start(OPUS), ...Array(50).fill(Buffer.of(3, 0))],
  ],
];

describe('what is refused with a code', () => {
  it.each(REFUSED)('%s: %s', async (_, code, messages) => {
    const { closeCode, retryable } = ERRORS[code];
    expect(await refusalOf(...messages)).toEqual({ code, retryable, close: closeCode });
  });

  it('a flood of control messages', async () => {
    const messages = Array.from({ length: 20_000 }, () => ({ type: 'finalize' }));
    const { code, close } = await refusalOf(start(MULAW), ...messages, { type: 'stop' });
    // A lane that is fast enough reads them all.
    expect([
      ['SCREEN_ERR_RATE', 1008],
      [null, 1000],
    ]).toContainEqual([code, close]);
  });

  it('more than the transport takes', async () => {
    expect(await refusalOf(start(MULAW), Buffer.alloc(140_000))).toMatchObject({ close: 1009 });
  });
});

describe('handshakes', () => {
  it('wants the sub-protocol', async () => {
    const other = await handshake(host.port, { 'Sec-WebSocket-Protocol': 'chat' });
    expect(other.status).toBe(400);
    expect(JSON.parse(other.body)).toMatchObject({
      detail: expect.stringContaining('bonafide.v1'),
    });
    expect((await handshake(host.port, {})).status).toBe(400);
  });

  it('refuses a wrong key before the upgrade, also from loopback', async () => {
    const answer = await handshake(host.port, {
      'Sec-WebSocket-Protocol': NATIVE_SUBPROTOCOL,
      Authorization: 'Bearer bfk_wrong',
    });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
    const token = await handshake(host.port, {
      'Sec-WebSocket-Protocol': `${NATIVE_SUBPROTOCOL}, bonafide.token.wrong`,
    });
    expect(token.status).toBe(401);
  });

  it('knows no other path', async () => {
    const protocol = { 'Sec-WebSocket-Protocol': NATIVE_SUBPROTOCOL };
    expect((await handshake(host.port, protocol, '/v1/other')).status).toBe(404);
  });
});

describe('what is absorbed and counted', () => {
  it('0-byte messages, and corrupt and oversized Opus packets', async () => {
    const { packets } = await speechPackets(OPUS);
    const client = await host.connect();
    await client.start({ audio: OPUS, pace: 'fast' });
    client.send([new Uint8Array(0), ...packets.slice(0, 50), CORRUPT_OPUS]);
    client.send([new Uint8Array(2_000).fill(8), ...packets.slice(51, 100)]);
    client.send([new Uint8Array(60_000).fill(8), ...packets.slice(101)]);
    const { legs } = await client.stop();
    expect(legs[0]).toMatchObject({ corruptPackets: 3, lostMs: 60 });
    expect(legs[0]!.finalScore!.syntheticProbability).not.toBeNull();
  });

  it('a connection that breaks in the middle of a frame', async () => {
    const socket = await upgradeRaw(host.port);
    const text = new TextEncoder().encode(JSON.stringify(start(MULAW)));
    const started = new Promise((resolve) => socket.once('data', resolve));
    socket.write(clientFrame('text', text));
    await started;
    expect(host.service.status().liveCalls).toBe(2);
    await new Promise((resolve) => {
      socket.once('close', resolve);
      socket.write(clientFrame('binary', new Uint8Array(50), 160), () => socket.destroy());
    });
    // The call waits for its socket; the bystander's end sees to it that the wait is over.
  });

  it('bytes that are no frame', async () => {
    const socket = await upgradeRaw(host.port);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.resume();
    socket.write(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff));
    await closed;
  });

  it('a reader that stops reading: scores give way, the end is still told', async () => {
    const client = await host.connect();
    const audio = { ...MULAW, channels: 2 };
    await client.start({ audio, pace: 'fast', scoreIntervalMs: 100 });
    client.socket.pause();
    client.send(Array.from({ length: 100 }, () => new Uint8Array(64_000).fill(255)));
    client.json({ type: 'stop' });
    await host.idleBut(1);
    client.socket.resume();
    const { legs } = await client.next('stopped');
    for (const { leg, scores } of legs) {
      const own = client.of('score').filter((score) => score.leg === leg);
      expect(own.at(-1)!.seq).toBe(scores);
      expect(own.every(({ seq }, index) => index === 0 || seq > own[index - 1]!.seq)).toBe(true);
    }
    expect(await client.closed).toBe(1000);
  });
});
