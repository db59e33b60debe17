import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { DEFAULT_PLATFORM_SETTINGS, type PlatformSettings } from '../../src/platform-settings.ts';
import {
  AudioSocketPeer,
  audioSocketFrame,
  findFreePort,
  uuidFrame,
} from '../support/audiosocket-peer.ts';
import { readMetric, untilMetric } from '../support/metric-reading.ts';
import { nativeTrace, readResults } from '../support/result-reader.ts';
import { closeTestServices, startTestService, type TestService } from '../support/start-service.ts';
import { speechPackets } from '../support/wire-audio.ts';

const UUID = '40325ec2-5efd-4bd3-805f-53576e581d13';
const KINDS = [
  [0x10, 8_000],
  [0x11, 12_000],
  [0x12, 16_000],
  [0x13, 24_000],
  [0x14, 32_000],
  [0x15, 44_100],
  [0x16, 48_000],
  [0x17, 96_000],
  [0x18, 192_000],
] as const;
const ENDED = 'bonafide_calls_ended_total';

async function startHost(
  settings: Partial<PlatformSettings> = {},
  keys: readonly { name: string }[] = [],
): Promise<TestService> {
  const audioSocketPort = await findFreePort();
  const platforms = { ...DEFAULT_PLATFORM_SETTINGS, audioSocketPort, ...settings };
  return startTestService({ keys, config: { platforms, drainMs: 30_000 } });
}

function connect({ service }: TestService, allowHalfOpen = false): Promise<AudioSocketPeer> {
  return AudioSocketPeer.connect(service.audioSocketPort!, allowHalfOpen);
}

/** The speech of the fixtures as one run of bytes. */
async function speechBytes(sampleRateHz: number): Promise<Buffer> {
  const { packets } = await speechPackets({ codec: 'pcm16', sampleRateHz, channels: 1 });
  return Buffer.concat(packets);
}

function cut(bytes: Buffer, frameBytes: number, kind = 0x10): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += frameBytes) {
    frames.push(audioSocketFrame(kind, bytes.subarray(at, at + frameBytes)));
  }
  return frames;
}

const scoresOf = (host: TestService) => readMetric(host, 'bonafide_scores_total');
const errorsOf = (host: TestService, code: string) =>
  readMetric(host, 'bonafide_errors_total', { code });

afterEach(closeTestServices);
afterAll(closeTestServices);

describe('a call over AudioSocket', () => {
  it.each(KINDS)('kind %i is screened at %i Hz', async (kind, sampleRateHz) => {
    const host = await startHost();
    const speech = await speechBytes(sampleRateHz);
    const peer = await connect(host);
    const frames = cut(speech, sampleRateHz / 25, kind);
    await peer.send(uuidFrame(UUID), ...frames, audioSocketFrame(0x00));
    await untilMetric(host, ENDED, { reason: 'stop' }, 1);
    await peer.closed;
    expect(peer.received).toBe(0);
    expect(await scoresOf(host)).toBe(4);
    expect(await readMetric(host, 'bonafide_packets_total', { codec: 'pcm16' })).toBe(
      frames.length,
    );
    expect(await readMetric(host, 'bonafide_gaps_total')).toBe(0);
    expect(await readMetric(host, 'bonafide_dropped_packets_total')).toBe(0);
    const started = { platform: 'audiosocket' };
    expect(await readMetric(host, 'bonafide_calls_started_total', started)).toBe(1);
  });

  it.each([
    ['40 ms', 640, 0],
    ['100 ms', 1_600, 0],
    ['200 ms', 3_200, 0],
    ['20 ms and a last one of 276 bytes', 320, 276],
    ['20 ms and a last one of 138 bytes', 320, 138],
    ['65,534 bytes at most', 65_534, 0],
  ] as const)('takes frames of %s', async (_case, frameBytes, lastBytes) => {
    const host = await startHost();
    const speech = await speechBytes(8_000);
    const end = speech.length - (speech.length % 320) + lastBytes;
    const peer = await connect(host);
    await peer.send(
      uuidFrame(UUID),
      ...cut(Buffer.concat([speech, speech]).subarray(0, end), frameBytes),
    );
    peer.socket.end();
    await untilMetric(host, ENDED, { reason: 'stop' }, 1);
    expect(await scoresOf(host)).toBe(4);
    expect(await readMetric(host, 'bonafide_dropped_packets_total')).toBe(0);
  });

  it('takes a stream that comes in pieces of any size, with zero-length and foreign frames', async () => {
    const host = await startHost();
    const frames = cut(await speechBytes(8_000), 320);
    const stream = Buffer.concat([
      uuidFrame(UUID),
      ...frames.flatMap((frame, index) =>
        index % 50 === 0
          ? [audioSocketFrame(0x10), audioSocketFrame(0x03, Buffer.from('5')), frame]
          : [frame],
      ),
      audioSocketFrame(0x77, Buffer.alloc(65_535)),
      audioSocketFrame(0x00),
    ]);
    const peer = await connect(host);
    for (let at = 0, size = 1; at < stream.length; size = (size * 7) % 2_003) {
      await peer.send(stream.subarray(at, at + size));
      at += size;
    }
    await untilMetric(host, ENDED, { reason: 'stop' }, 1);
    expect(await scoresOf(host)).toBe(4);
  });

  it('goes on in one call when the kind changes', async () => {
    const host = await startHost();
    const peer = await connect(host);
    const narrow = cut((await speechBytes(8_000)).subarray(0, 32_000), 320);
    const wide = cut((await speechBytes(16_000)).subarray(0, 64_000), 640, 0x12);
    await peer.send(uuidFrame(UUID), ...narrow, ...wide, audioSocketFrame(0x00));
    await untilMetric(host, ENDED, { reason: 'stop' }, 2);
    expect(await scoresOf(host)).toBe(4);
  });

  it('is told as lost when the connection breaks', async () => {
    const host = await startHost();
    const peer = await connect(host);
    await peer.send(uuidFrame(UUID), audioSocketFrame(0x10, Buffer.alloc(16_000)));
    await untilMetric(host, 'bonafide_packets_total', {}, 1);
    peer.socket.resetAndDestroy();
    await untilMetric(host, ENDED, { reason: 'socket_lost' }, 1);
    expect(await readMetric(host, 'bonafide_sockets_closed_total', { code: '1006' })).toBe(1);
  });
});

describe('the results of an AudioSocket call', () => {
  it('are those of the native protocol', async () => {
    const host = await startHost();
    const format = { codec: 'pcm16', sampleRateHz: 8_000, channels: 1 } as const;
    const { packets } = await speechPackets(format);
    const wanted = await nativeTrace(host, format, packets);
    const trace = await readResults(host, UUID);
    const peer = await connect(host);
    await peer.send(uuidFrame(UUID), ...packets.map((packet) => audioSocketFrame(0x10, packet)));
    peer.socket.end();
    expect(await trace()).toEqual(wanted);
  });
});

describe('bad AudioSocket peers', () => {
  it.each([
    ['audio first', [audioSocketFrame(0x10, Buffer.alloc(320))], 'SCREEN_ERR_AUDIO_BEFORE_START'],
    ['another first frame', [audioSocketFrame(0x02, Buffer.alloc(16))], 'SCREEN_ERR_NOT_STARTED'],
    ['an HTTP request', [Buffer.from('GET / HTTP/1.1\r\n\r\n')], 'SCREEN_ERR_NOT_STARTED'],
    ['a UUID of 15 bytes', [audioSocketFrame(0x01, Buffer.alloc(15))], 'SCREEN_ERR_MESSAGE'],
    ['two UUIDs', [uuidFrame(UUID), uuidFrame(UUID)], 'SCREEN_ERR_ALREADY_STARTED'],
    [
      'a frame of 65,535 bytes, half a sample too much',
      [uuidFrame(UUID), audioSocketFrame(0x10, Buffer.alloc(65_535))],
      'SCREEN_ERR_AUDIO_SIZE',
    ],
    ['a flood', [uuidFrame(UUID), ...cut(Buffer.alloc(160_000), 65_534)], 'SCREEN_ERR_RATE'],
  ] as const)('%s ends the connection and no other', async (_case, frames, code) => {
    const host = await startHost();
    const bystander = await connect(host);
    const speech = cut(await speechBytes(8_000), 320);
    await bystander.send(
      uuidFrame('00000000-0000-0000-0000-000000000001'),
      ...speech.slice(0, 100),
    );
    await untilMetric(host, 'bonafide_packets_total', {}, 100);
    const peer = await connect(host);
    await peer.send(...frames);
    await peer.closed;
    await untilMetric(host, 'bonafide_errors_total', { code }, 1);
    expect(peer.received).toBe(0);
    await host.idleBut(1);
    await bystander.send(...speech.slice(100), audioSocketFrame(0x00));
    await untilMetric(host, ENDED, { reason: 'stop' }, 1);
    expect(await errorsOf(host, code)).toBe(1);
    expect(await readMetric(host, 'bonafide_errors_total')).toBe(1);
    expect(await scoresOf(host)).toBeGreaterThanOrEqual(4);
  });

  it('a peer that says nothing, or never all of it, is closed after five seconds', async () => {
    const host = await startHost();
    const silent = await connect(host);
    const slow = await connect(host);
    await slow.send(uuidFrame(UUID).subarray(0, 18));
    await untilMetric(host, 'bonafide_sockets', { adapter: 'audiosocket' }, 2);
    host.clock.skip(5_001);
    await Promise.all([silent.closed, slow.closed]);
    expect(await errorsOf(host, 'SCREEN_ERR_IDLE')).toBe(2);
    expect(await readMetric(host, 'bonafide_calls_started_total')).toBe(0);
  });

  it('a call from which nothing comes any more is ended', async () => {
    const host = await startHost();
    const peer = await connect(host);
    await peer.send(uuidFrame(UUID), audioSocketFrame(0x10, Buffer.alloc(320)));
    await untilMetric(host, 'bonafide_calls', {}, 1);
    host.clock.skip(61_000);
    await peer.closed;
    await untilMetric(host, ENDED, { reason: 'idle' }, 1);
    expect(await errorsOf(host, 'SCREEN_ERR_IDLE')).toBe(1);
  });
});

describe('whose AudioSocket call it is', () => {
  it('is said by the prefix of the UUID', async () => {
    const keys = [{ name: 'a' }, { name: 'b' }];
    const accounts = [
      { key: 'a', roles: {}, audiosocket: { uuidPrefix: '40325ec2-' } },
      { key: 'b', roles: {}, audiosocket: { uuidPrefix: '5' } },
    ];
    const host = await startHost({ accounts }, keys);
    const known = await connect(host);
    await known.send(uuidFrame(UUID), audioSocketFrame(0x10, Buffer.alloc(320)));
    await untilMetric(host, 'bonafide_calls', {}, 1);
    const stranger = await connect(host);
    await stranger.send(
      uuidFrame(UUID.replace('4', '6')),
      audioSocketFrame(0x10, Buffer.alloc(320)),
    );
    await stranger.closed;
    expect(await errorsOf(host, 'SCREEN_ERR_AUTH')).toBe(1);
    expect(await readMetric(host, 'bonafide_calls_started_total')).toBe(1);
  });

  it('is none of another key’s', async () => {
    const accounts = [{ key: 'a', roles: {}, audiosocket: { uuidPrefix: '' } }];
    const host = await startHost({ accounts }, [{ name: 'a' }, { name: 'b' }]);
    const native = await host.connect({ key: host.keys['b']! });
    await native.start({
      callId: UUID,
      audio: { codec: 'mulaw', sampleRateHz: 8000, channels: 1 },
    });
    const peer = await connect(host);
    await peer.send(uuidFrame(UUID), audioSocketFrame(0x10, Buffer.alloc(320)));
    const headers = { authorization: `Bearer ${host.keys['a']}` };
    const url = `http://127.0.0.1:${host.port}/v1/calls/${UUID}`;
    let told = await fetch(url, { headers });
    while (told.status === 404) {
      await host.clock.sleep(5);
      told = await fetch(url, { headers });
    }
    expect(await told.json()).toMatchObject({ callId: `${UUID}~a`, platform: 'audiosocket' });
  });
});

describe('the AudioSocket listener', () => {
  it('is off without a port, and where the platform is switched off', async () => {
    expect((await startTestService()).service.audioSocketPort).toBeNull();
    expect((await startHost({ off: ['audiosocket'] })).service.audioSocketPort).toBeNull();
  });

  it('drains: idle connections close, calls go on to their end', async () => {
    const host = await startHost();
    const talking = await connect(host);
    await talking.send(uuidFrame(UUID), audioSocketFrame(0x10, Buffer.alloc(320)));
    await untilMetric(host, 'bonafide_calls', {}, 1);
    const waiting = await connect(host);
    await waiting.send(uuidFrame(UUID));
    await untilMetric(host, 'bonafide_sockets', { adapter: 'audiosocket' }, 2);
    const drained = host.service.drain();
    await waiting.closed;
    await expect(connect(host)).rejects.toThrow('ECONNREFUSED');
    await talking.send(audioSocketFrame(0x00));
    await drained;
    await talking.closed;
  });

  it('ends calls that do not end by themselves', async () => {
    const host = await startHost();
    const peer = await connect(host);
    await peer.send(uuidFrame(UUID), audioSocketFrame(0x10, Buffer.alloc(320)));
    await untilMetric(host, 'bonafide_calls', {}, 1);
    const drained = host.service.drain();
    host.clock.skip(30_001);
    await Promise.all([drained, peer.closed]);
  });
});
