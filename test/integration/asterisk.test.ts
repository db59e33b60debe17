import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { AudioFormat } from '../../src/stream/codecs/decoder.ts';
import { ASTERISK_NOTICES, jsonMediaStart, plainMediaStart } from '../support/asterisk-texts.ts';
import { readMetric, untilMetric } from '../support/metric-reading.ts';
import { PlatformPeer } from '../support/platform-peer.ts';
import { nativeTrace, readResults } from '../support/result-reader.ts';
import { closeTestServices, startTestService, type TestService } from '../support/start-service.ts';
import { speechPackets } from '../support/wire-audio.ts';

const PATH = '/v1/platforms/asterisk';
const ENDED = 'bonafide_calls_ended_total';
const CHANNEL_ID = '1795436724.4';
const FORMATS: readonly (readonly [string, AudioFormat])[] = [
  ['ulaw', { codec: 'mulaw', sampleRateHz: 8_000, channels: 1 }],
  ['alaw', { codec: 'alaw', sampleRateHz: 8_000, channels: 1 }],
  ['slin', { codec: 'pcm16', sampleRateHz: 8_000, channels: 1 }],
  ['slin16', { codec: 'pcm16', sampleRateHz: 16_000, channels: 1 }],
  ['slin24', { codec: 'pcm16', sampleRateHz: 24_000, channels: 1 }],
  ['slin32', { codec: 'pcm16', sampleRateHz: 32_000, channels: 1 }],
  ['slin44', { codec: 'pcm16', sampleRateHz: 44_100, channels: 1 }],
  ['slin48', { codec: 'pcm16', sampleRateHz: 48_000, channels: 1 }],
  ['opus', { codec: 'opus', sampleRateHz: 48_000, channels: 1 }],
];

function connect(host: TestService, query = '', headers: Record<string, string> = {}) {
  return PlatformPeer.connect(host.port, {
    path: `${PATH}${query}`,
    protocols: ['media'],
    headers,
  });
}

async function summaryOf(host: TestService, callId: string): Promise<unknown> {
  const answer = await fetch(`http://127.0.0.1:${host.port}/v1/calls/${callId}`);
  return answer.json();
}

const basic = (user: string, password: string) => ({
  Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});

afterEach(closeTestServices);
afterAll(closeTestServices);

describe('a call over chan_websocket', () => {
  it.each(FORMATS)('%s gives what the native protocol gives', async (name, format) => {
    const host = await startTestService();
    const { packets } = await speechPackets(format);
    const wanted = await nativeTrace(host, format, packets);
    for (const start of [plainMediaStart(name), jsonMediaStart(name)]) {
      const trace = await readResults(host, CHANNEL_ID);
      const peer = await connect(host);
      expect(peer.socket.protocol).toBe('media');
      peer.text(start);
      for (const packet of packets) peer.binary(packet);
      peer.socket.close(1000);
      expect(await trace()).toEqual(wanted);
      expect([peer.texts, peer.binaries, peer.pings]).toEqual([[], [], 0]);
      host.clock.skip(61_000);
    }
    expect(await readMetric(host, ENDED, { reason: 'stop' })).toBe(3);
    expect(await readMetric(host, 'bonafide_errors_total')).toBe(0);
  });

  it.each([
    ['40 ms', 320],
    ['100 ms', 800],
    ['200 ms', 1_600],
    ['20 ms, the last of 138 bytes', 160],
  ])('takes frames of %s, every other event, and empty frames', async (_case, frameBytes) => {
    const host = await startTestService();
    const format = FORMATS[0]![1];
    const speech = Buffer.concat((await speechPackets(format)).packets).subarray(0, 32_000 - 22);
    const trace = await readResults(host, CHANNEL_ID);
    const peer = await connect(host);
    peer.text(jsonMediaStart());
    for (let at = 0; at < speech.length; at += frameBytes) {
      peer.binary(speech.subarray(at, at + frameBytes));
      if (at % 16_000 !== 0) continue;
      peer.binary(Buffer.alloc(0));
      for (const text of ASTERISK_NOTICES) peer.text(text);
    }
    peer.socket.close(1000);
    const packets = Math.ceil(speech.length / frameBytes);
    const lines = (await trace()).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.filter(({ type }) => type === 'score')).toHaveLength(3);
    expect(lines.at(-1)).toMatchObject({
      type: 'stopped',
      reason: 'stop',
      legs: [{ leg: 'channel', streamTimeMs: 3_990, lostMs: 0, packets, corruptPackets: 0 }],
    });
    expect(await readMetric(host, 'bonafide_errors_total')).toBe(0);
  });

  it('joins two sockets to the legs of one call', async () => {
    const host = await startTestService();
    const caller = await connect(host, '?tenant=acme&call=c1&side=caller');
    caller.text(plainMediaStart('ulaw', '1.1'));
    await untilMetric(host, 'bonafide_calls', {}, 1);
    const agent = await connect(host, '?tenant=acme&call=c1&side=agent');
    agent.text(plainMediaStart('slin16', '1.2'));
    await untilMetric(host, 'bonafide_calls', {}, 2);
    expect(await summaryOf(host, 'c1')).toMatchObject({
      platform: 'asterisk',
      metadata: { channel_id: '1.1', connection_id: 'detector' },
      legs: [
        { id: 'caller', role: 'caller' },
        { id: 'agent', role: 'agent' },
      ],
    });
    caller.socket.close(1000);
    agent.socket.close(1000);
    await untilMetric(host, ENDED, { reason: 'stop' }, 2);
  });

  it('keeps a call apart that has the parameters of one that is live', async () => {
    const host = await startTestService();
    const first = await connect(host, '?call=c1&side=caller');
    first.text(plainMediaStart('ulaw', '1.1'));
    await untilMetric(host, 'bonafide_calls', {}, 1);
    const stuck = await connect(host, '?call=c1&side=caller');
    stuck.text(plainMediaStart('ulaw', '1.2'));
    await untilMetric(host, 'bonafide_calls', {}, 2);
    expect(await summaryOf(host, 'c1')).toMatchObject({ legs: [{ id: 'caller' }] });
    expect(await summaryOf(host, '1.2')).toMatchObject({ legs: [{ id: 'caller' }] });
  });

  it('is told as lost when the connection breaks', async () => {
    const host = await startTestService();
    const peer = await connect(host);
    peer.text(plainMediaStart());
    await untilMetric(host, 'bonafide_calls', {}, 1);
    peer.socket.terminate();
    await untilMetric(host, ENDED, { reason: 'socket_lost' }, 1);
  });
});

describe('bad chan_websocket peers', () => {
  it.each([
    ['audio first', [Buffer.alloc(160)], 'SCREEN_ERR_AUDIO_BEFORE_START', 1003],
    ['a codec that is not known', [plainMediaStart('g729')], 'SCREEN_ERR_FORMAT', 1003],
    ['a start without a format', ['MEDIA_START channel_id:1'], 'SCREEN_ERR_MESSAGE', 1007],
    ['broken JSON', ['{"event":"MEDIA_START"'], 'SCREEN_ERR_JSON', 1007],
    ['a text too long', [`MEDIA_START ${'x'.repeat(65_536)}`], 'SCREEN_ERR_TEXT_TOO_BIG', 1009],
    ['two starts', [plainMediaStart(), jsonMediaStart()], 'SCREEN_ERR_ALREADY_STARTED', 1008],
    [
      'a frame of 65,535 bytes, half a sample too much',
      [plainMediaStart('slin'), Buffer.alloc(65_535)],
      'SCREEN_ERR_AUDIO_SIZE',
      1007,
    ],
    ['a flood', [plainMediaStart(), Buffer.alloc(65_536)], 'SCREEN_ERR_RATE', 1008],
  ] as const)('%s ends the socket and no other', async (_case, frames, code, closeCode) => {
    const host = await startTestService();
    const bystander = await connect(host);
    bystander.text(plainMediaStart('ulaw', '7.7'));
    await untilMetric(host, 'bonafide_calls', {}, 1);
    const peer = await connect(host);
    for (const frame of frames) {
      if (typeof frame === 'string') peer.text(frame);
      else peer.binary(frame);
    }
    expect(await peer.closed).toBe(closeCode);
    expect([peer.texts, peer.binaries]).toEqual([[], []]);
    expect(await readMetric(host, 'bonafide_errors_total', { code })).toBe(1);
    await host.idleBut(1);
    bystander.socket.close(1000);
    await untilMetric(host, ENDED, { reason: 'stop' }, 1);
    expect(await readMetric(host, 'bonafide_errors_total')).toBe(1);
  });

  it('a call from which nothing comes any more is ended', async () => {
    const host = await startTestService();
    const peer = await connect(host);
    peer.text(plainMediaStart());
    await untilMetric(host, 'bonafide_calls', {}, 1);
    host.clock.skip(61_000);
    expect(await peer.closed).toBe(1008);
    await untilMetric(host, ENDED, { reason: 'idle' }, 1);
    expect(peer.pings).toBe(0);
  });
});

describe('whose chan_websocket call it is', () => {
  it('is said by Basic, Bearer or a parameter', async () => {
    const host = await startTestService({ keys: [{ name: 'a' }] });
    const key = host.keys['a']!;
    const ways = [
      await connect(host, '?call=c1&side=caller', basic('bonafide', key)),
      await connect(host, '', { Authorization: `Bearer ${key}` }),
      await connect(host, `?token=${key}`),
    ];
    for (const [index, peer] of ways.entries()) peer.text(plainMediaStart('ulaw', `1.${index}`));
    await untilMetric(host, 'bonafide_calls', {}, ways.length);
  });

  it.each([
    ['nothing', {}],
    ['another password', basic('bonafide', 'wrong')],
    ['another token', { Authorization: 'Bearer wrong' }],
  ])('is refused with 401 for %s', async (_case, headers) => {
    const host = await startTestService({ keys: [{ name: 'a' }] });
    await expect(connect(host, '', headers)).rejects.toThrow('401');
    expect(await readMetric(host, 'bonafide_sockets')).toBe(0);
  });
});

describe('the end of the service', () => {
  it('closes sockets without a call, lets calls go on, and ends those that stay', async () => {
    const host = await startTestService({ config: { drainMs: 30_000 } });
    const talking = await connect(host);
    talking.text(plainMediaStart());
    await untilMetric(host, 'bonafide_calls', {}, 1);
    const waiting = await connect(host);
    await untilMetric(host, 'bonafide_sockets', { adapter: 'asterisk' }, 2);
    const drained = host.service.drain();
    expect(await waiting.closed).toBe(1001);
    host.clock.skip(30_001);
    expect(await talking.closed).toBe(1001);
    await drained;
    expect(talking.texts).toEqual([]);
  });
});
