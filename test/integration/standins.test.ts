import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AudioFormat } from '../../src/stream/codecs/decoder.ts';
import { PlatformPeer } from '../support/platform-peer.ts';
import { nativeTrace, readResults } from '../support/result-reader.ts';
import { closeTestServices, startTestService, type TestService } from '../support/start-service.ts';
import { handshake } from '../support/test-client.ts';
import { speechPackets } from '../support/wire-audio.ts';

type Json = Record<string, unknown>;

const LISTEN = '/v1/listen';
const VERIFY = '/v1/verify/authenticity';
const SVD = '/v1/svd/streaming';
const PCM_16K: AudioFormat = { codec: 'pcm16', sampleRateHz: 16_000, channels: 1 };

let host: TestService;
let guarded: TestService;
let key: string;
beforeAll(async () => {
  host = await startTestService();
  guarded = await startTestService({ keys: [{ name: 'acme' }] });
  key = guarded.keys['acme']!;
});
afterAll(closeTestServices);

const connect = (path: string) => PlatformPeer.connect(host.port, { path });
const typed = (peer: PlatformPeer, type: string) =>
  peer.messages.filter((message) => message['type'] === type) as Json[];
const packetsOf = async (format: AudioFormat) => (await speechPackets(format)).packets;
const deepgramQuery = (format: AudioFormat, callId: string) => {
  const encoding = format.codec === 'pcm16' ? 'linear16' : format.codec;
  return `${LISTEN}?encoding=${encoding}&sample_rate=${format.sampleRateHz}&channels=${format.channels}&multichannel=true&interim_results=true&call=${callId}`;
};
function sendAll(peer: PlatformPeer, packets: readonly Uint8Array[]): void {
  for (const packet of packets) peer.binary(packet);
}

describe('deepgram', () => {
  it.each([
    PCM_16K,
    { codec: 'mulaw', sampleRateHz: 8_000, channels: 1 },
    { codec: 'alaw', sampleRateHz: 8_000, channels: 1 },
    { codec: 'opus', sampleRateHz: 48_000, channels: 1 },
  ] as const)('$codec gives what the native protocol gives', async (format) => {
    const packets = await packetsOf(format);
    const wanted = await nativeTrace(host, format, packets);
    const callId = `dg-${format.codec}`;
    const trace = await readResults(host, callId);
    const peer = await connect(deepgramQuery(format, callId));
    sendAll(peer, packets);
    peer.json({ type: 'CloseStream' });
    expect(await peer.closed).toBe(1000);
    expect(await trace()).toEqual(wanted);
    const results = typed(peer, 'Results');
    expect(results.map(({ start, duration }) => [start, duration]).slice(0, 4)).toEqual([
      ...[
        [0, 1],
        [1, 1],
        [2, 1],
        [3, 1],
      ].slice(0, format.codec === 'opus' ? 3 : 4),
      ...(format.codec === 'opus' ? [[3, expect.any(Number)]] : []),
    ]);
    expect(results.map(({ is_final }) => is_final)).toEqual([
      ...results.slice(1).map(() => false),
      true,
    ]);
    expect(results.at(-1)).toMatchObject({
      channel_index: [0, 1],
      speech_final: false,
      from_finalize: false,
      channel: { alternatives: [{ transcript: '', confidence: 0, words: [] }] },
      metadata: { request_id: callId, model_info: { name: 'tiny', arch: 'bonafide' } },
      bonafide: { type: 'score', callId, leg: 'channel', verdict: expect.any(String) },
    });
    expect(peer.messages.at(-1)).toMatchObject({
      type: 'Metadata',
      request_id: callId,
      created: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      channels: 1,
    });
    expect([peer.binaries, peer.pings]).toEqual([[], 0]);
  });

  it('two channels are two legs, told apart by channel_index', async () => {
    const format = { ...PCM_16K, channels: 2 } as const;
    const peer = await connect(deepgramQuery(format, 'dg-two'));
    sendAll(peer, await packetsOf(format));
    peer.binary(new Uint8Array(0));
    expect(await peer.closed).toBe(1000);
    const results = typed(peer, 'Results');
    const told = results.map(({ channel_index, bonafide }) => [
      channel_index,
      (bonafide as Json)['leg'],
    ]);
    expect(told).toContainEqual([[0, 2], 'channel-1']);
    expect(told).toContainEqual([[1, 2], 'channel-2']);
    expect(typed(peer, 'Metadata')).toMatchObject([{ channels: 2, duration: 4 }]);
  });

  it('Finalize is answered by from_finalize, and audio goes on', async () => {
    const peer = await connect(deepgramQuery(PCM_16K, 'dg-final'));
    const packets = await packetsOf(PCM_16K);
    peer.json({ type: 'KeepAlive' });
    peer.json({ type: 'Finalize' });
    sendAll(peer, packets.slice(0, 85));
    peer.json({ type: 'Finalize' });
    sendAll(peer, packets.slice(85, 95));
    peer.json({ type: 'Finalize' });
    peer.json({ type: 'SomethingNew' });
    sendAll(peer, packets.slice(95));
    peer.json({ type: 'CloseStream' });
    await peer.closed;
    const finals = typed(peer, 'Results').filter(({ from_finalize }) => from_finalize === true);
    expect(finals).toMatchObject([
      { start: 1, duration: 0.7, is_final: true },
      { start: 1.7, duration: 0.2, is_final: true },
    ]);
    const times = typed(peer, 'Results').map(
      ({ start, duration }) => [start, duration] as number[],
    );
    for (const [index, [start]] of times.entries()) {
      const [before = 0, length = 0] = times[index - 1] ?? [];
      expect(start).toBeCloseTo(before + length, 6);
    }
    expect(typed(peer, 'Metadata')).toMatchObject([{ duration: 4 }]);
  });

  it('messages may end anywhere', async () => {
    const packets = await packetsOf(PCM_16K);
    const wanted = await nativeTrace(host, PCM_16K, packets);
    const all = Buffer.concat(packets);
    const trace = await readResults(host, 'dg-odd');
    const peer = await connect(deepgramQuery(PCM_16K, 'dg-odd'));
    for (let at = 0; at < all.length; at += 333) peer.binary(all.subarray(at, at + 333));
    peer.json({ type: 'CloseStream' });
    await peer.closed;
    const strip = (lines: readonly string[]) =>
      lines.map((line) => line.replace(/"packets":\d+/, ''));
    expect(strip(await trace())).toEqual(strip(wanted));
  });

  it('CloseStream without audio: Metadata of nothing, and no call', async () => {
    const peer = await connect(deepgramQuery(PCM_16K, 'dg-none'));
    peer.json({ type: 'CloseStream' });
    expect(await peer.closed).toBe(1000);
    expect(peer.messages).toMatchObject([{ type: 'Metadata', duration: 0, channels: 1 }]);
    const answer = await fetch(`http://127.0.0.1:${host.port}/v1/calls/dg-none`);
    expect(answer.status).toBe(404);
  });

  it('ten seconds of nothing: 1011 NET-0001; KeepAlive keeps it open', async () => {
    const own = await startTestService();
    const path = deepgramQuery(PCM_16K, 'dg-idle');
    const peer = await PlatformPeer.connect(own.port, { path });
    const reason = new Promise<string>((resolve) => {
      peer.socket.on('close', (_, text) => resolve(text.toString()));
    });
    peer.binary(new Uint8Array(640));
    while (own.service.status().liveCalls === 0) await own.clock.sleep(5);
    own.clock.skip(9_000);
    peer.json({ type: 'KeepAlive' });
    peer.json({ type: 'Finalize' });
    await peer.until(({ messages }) =>
      messages.some(({ from_finalize }) => from_finalize === true),
    );
    own.clock.skip(9_000);
    expect(own.service.status().liveCalls).toBe(1);
    own.clock.skip(2_000);
    expect([await peer.closed, await reason]).toEqual([1011, 'NET-0001']);
    await own.idle();
  });

  it('opus that cannot be decoded: 1008 DATA-0000', async () => {
    const format = { codec: 'opus', sampleRateHz: 48_000, channels: 1 } as const;
    const peer = await connect(deepgramQuery(format, 'dg-bad'));
    for (let index = 0; index < 60; index++) peer.binary(new Uint8Array(3).fill(255));
    expect(await peer.closed).toBe(1008);
    await host.idle();
  });

  it.each([
    ['', 'containers are not supported'],
    ['?encoding=flac&sample_rate=16000', 'encoding must be one of linear16, mulaw, alaw, opus'],
    ['?encoding=linear16', 'sample_rate must be given'],
    ['?encoding=linear16&sample_rate=fast', 'sample_rate is not supported for linear16'],
    ['?encoding=linear16&sample_rate=8000&channels=3', 'channels must be 1 or 2'],
  ])('%s is refused before the upgrade', async (query, reason) => {
    const answer = await handshake(host.port, {}, `${LISTEN}${query}`);
    expect(answer.status).toBe(400);
    expect(answer.body).toContain(reason);
  });

  it('takes the key as Token, as Bearer and as a sub-protocol', async () => {
    const path = `${LISTEN}?encoding=mulaw`;
    const status = async (headers: Record<string, string>) =>
      (await handshake(guarded.port, headers, path)).status;
    expect(await status({})).toBe(401);
    expect(await status({ Authorization: 'Token nonsense' })).toBe(401);
    expect(await status({ Authorization: `Token ${key}` })).toBe(101);
    expect(await status({ Authorization: `Bearer ${key}` })).toBe(101);
    expect(await status({ 'Sec-WebSocket-Protocol': 'token, nonsense' })).toBe(401);
    const peer = await PlatformPeer.connect(guarded.port, { path, protocols: ['token', key] });
    expect(peer.socket.protocol).toBe('token');
    peer.socket.close();
  });
});

describe('hiya', () => {
  const INIT = { model: 'phone', config: { synthesisSources: false }, audioFormat: 's16le_16000' };

  it('chunks, then the verification, as the native protocol scores', async () => {
    const packets = await packetsOf(PCM_16K);
    const wanted = await nativeTrace(host, PCM_16K, packets);
    const trace = await readResults(host, 'hiya-1');
    const peer = await connect(`${VERIFY}?call=hiya-1`);
    peer.json(INIT);
    const all = Buffer.concat(packets);
    for (let at = 0; at < all.length; at += 16_384) peer.binary(all.subarray(at, at + 16_384));
    peer.binary(new Uint8Array(0));
    peer.json({ type: 'close' });
    expect(await peer.closed).toBe(1000);
    const strip = (lines: readonly string[]) =>
      lines.map((line) => line.replace(/"packets":\d+/, ''));
    expect(strip(await trace())).toEqual(strip(wanted));
    const chunks = typed(peer, 'chunk').map(({ chunk }) => chunk as Json);
    expect(chunks.map(({ startTime, endTime }) => [startTime, endTime])).toEqual([
      ['PT0S', 'PT1S'],
      ['PT1S', 'PT2S'],
      ['PT2S', 'PT3S'],
      ['PT3S', 'PT4S'],
    ]);
    expect(chunks.at(-1)).toMatchObject({
      label: 'validVoice',
      duration: 'PT1S',
      voiceDuration: expect.stringMatching(/^PT[\d.]+S$/),
      scores: { synthesis: expect.any(Number) },
    });
    expect(peer.messages.at(-1)).toMatchObject({
      type: 'verification',
      verification: {
        model: expect.stringMatching(/^tiny@/),
        duration: 'PT4S',
        chunks: 4,
        scores: { synthesis: expect.any(Number) },
      },
    });
  });

  it('silence is insufficientVoice without a score; what is left at the end is a chunk', async () => {
    const peer = await connect(VERIFY);
    peer.json(INIT);
    peer.binary(new Uint8Array(48_000));
    peer.json({ type: 'close' });
    await peer.closed;
    expect(typed(peer, 'chunk')).toMatchObject([
      { chunk: { endTime: 'PT1S', label: 'insufficientVoice', scores: { synthesis: null } } },
      { chunk: { startTime: 'PT1S', endTime: 'PT1.5S', duration: 'PT0.5S' } },
    ]);
    expect(peer.messages.at(-1)).toMatchObject({
      verification: { duration: 'PT1.5S', voiceDuration: 'PT0S', scores: { synthesis: null } },
    });
  });

  it.each([
    ['a container', 1003, [{ model: 'phone', config: {} }], 'containers are not supported'],
    ['an unknown format', 1003, [{ ...INIT, audioFormat: 'webm' }], 'containers are not supported'],
    ['audio first', 1003, [new Uint8Array(640)], 'before start'],
    ['a close first', 1008, [{ type: 'close' }], 'must be start'],
    ['a second init', 1008, [INIT, INIT], 'only once'],
    ['no JSON', 1007, ['hello'], 'JSON'],
    ['a flood', 1008, [INIT, ...Array.from({ length: 5 }, () => new Uint8Array(64_000))], 'faster'],
  ])('%s is refused in words', async (_, code, messages, words) => {
    const peer = await connect(VERIFY);
    for (const message of messages) {
      if (typeof message === 'string') peer.text(message);
      else if (message instanceof Uint8Array) peer.binary(message);
      else peer.json(message);
    }
    expect(await peer.closed).toBe(code);
    expect(peer.messages.at(-1)).toMatchObject({
      type: 'error',
      message: expect.stringContaining(words),
    });
    await host.idle();
  });

  it('a close at once: a verification of nothing', async () => {
    const peer = await connect(VERIFY);
    peer.json(INIT);
    peer.json({ type: 'close' });
    expect(await peer.closed).toBe(1000);
    expect(peer.messages).toMatchObject([
      { verification: { duration: 'PT0S', chunks: 0, scores: { synthesis: null } } },
    ]);
  });
});

describe('modulate', () => {
  const url = (rest: string) => `${SVD}?audio_format=s16le&${rest}`;

  it('a frame a second, then done; the window grows and then slides', async () => {
    const packets = await packetsOf(PCM_16K);
    const trace = await readResults(host, 'svd-1');
    const peer = await connect(url('sample_rate=16000&num_channels=1&call=svd-1'));
    sendAll(peer, packets);
    await peer.until(({ texts }) => texts.length === 4);
    host.clock.skip(5_000);
    for (let index = 0; index < 30; index++) peer.binary(new Uint8Array(3_200));
    peer.text('some text');
    sendAll(peer, [new Uint8Array(16_000)]);
    peer.text('');
    expect(await peer.closed).toBe(1000);
    expect((await trace()).length).toBeGreaterThan(4);
    const frames = typed(peer, 'frame').map(({ frame }) => frame as Json);
    expect(frames.map(({ start_time_ms, end_time_ms }) => [start_time_ms, end_time_ms])).toEqual([
      ...[1000, 2000, 3000, 4000, 5000, 6000, 7000, 7500].map((end) => [
        Math.max(0, end - 4000),
        end,
      ]),
    ]);
    const judged = frames.filter(({ verdict }) => verdict !== 'no-content');
    expect(judged.length).toBeGreaterThan(0);
    for (const { confidence } of judged) {
      expect(confidence).toBeGreaterThanOrEqual(0.5);
      expect(confidence).toBeLessThanOrEqual(1);
    }
    expect(peer.messages.at(-1)).toMatchObject({
      type: 'done',
      duration_ms: 7500,
      frame_count: 8,
    });
  });

  it('silence is no-content; two channels are told apart', async () => {
    const peer = await connect(url('sample_rate=8000&num_channels=2'));
    peer.binary(new Uint8Array(32_000));
    peer.text('');
    await peer.closed;
    expect(typed(peer, 'frame')).toMatchObject([
      { frame: { verdict: 'no-content', confidence: 1, channel: 0 } },
      { frame: { verdict: 'no-content', confidence: 1, channel: 1 } },
    ]);
  });

  it.each([
    [`${SVD}?sample_rate=16000&num_channels=1`, 'audio_format must be s16le'],
    [`${SVD}?audio_format=f32le&sample_rate=16000&num_channels=1`, 'audio_format must be s16le'],
    [url('sample_rate=16000&num_channels=4'), 'num_channels must be 1 or 2'],
    [url('num_channels=1'), 'sample_rate is missing'],
    [url('num_channels=1&sample_rate=11025'), 'not supported'],
  ])('%s is refused before the upgrade', async (path, reason) => {
    const answer = await handshake(host.port, {}, path);
    expect(answer.status).toBe(400);
    expect(answer.body).toContain(reason);
  });

  it('takes the key in the URL only as it must be', async () => {
    const path = url('sample_rate=16000&num_channels=1');
    expect((await handshake(guarded.port, {}, path)).status).toBe(401);
    expect((await handshake(guarded.port, {}, `${path}&api_key=x`)).status).toBe(401);
    expect((await handshake(guarded.port, {}, `${path}&api_key=${key}`)).status).toBe(101);
  });
});

describe.each([
  ['deepgram', deepgramQuery(PCM_16K, 'end'), null],
  ['hiya', `${VERIFY}?call=end`, { model: 'phone', audioFormat: 'pcm_16000' }],
  ['modulate', `${SVD}?audio_format=s16le&sample_rate=16000&num_channels=1&call=end`, null],
])('%s', (_, path, init) => {
  const open = async (own: TestService) => {
    const peer = await PlatformPeer.connect(own.port, { path });
    if (init !== null) peer.json(init);
    return peer;
  };

  it('a lost socket ends the call', async () => {
    const trace = await readResults(host, 'end');
    const peer = await open(host);
    peer.binary(new Uint8Array(640));
    while (host.service.status().liveCalls === 0) await host.clock.sleep(5);
    peer.socket.terminate();
    expect((await trace()).at(-1)).toContain('socket_lost');
    host.clock.skip(61_000);
  });

  it('server shutdown: results so far, then 1001', async () => {
    const own = await startTestService({ config: { drainMs: 5_000 } });
    const [live, waiting] = [await open(own), await open(own)];
    live.binary(new Uint8Array(48_000));
    await live.until(({ texts }) => texts.length > 0);
    const drained = own.service.drain();
    expect(await waiting.closed).toBe(1001);
    live.binary(new Uint8Array(640));
    own.clock.skip(5_000);
    expect(await live.closed).toBe(1001);
    await drained;
    expect(['Metadata', 'verification', 'done']).toContain(live.messages.at(-1)!['type']);
  });
});
