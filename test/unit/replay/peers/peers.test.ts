import { describe, expect, it } from 'vitest';
import { AudioHookSignatures } from '../../../../src/adapters/audiohook-signature.ts';
import { PLATFORM_IDS } from '../../../../src/platform-settings.ts';
import { PLATFORM_PEERS, peerOf } from '../../../../src/replay/peers/all-peers.ts';
import type { PeerCall } from '../../../../src/replay/peers/platform-peer.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { callOf, DIAL, sideOf } from '../../../support/peer-talk.ts';

const UUID = '40325ec2-5efd-4bd3-805f-53576e581d13';
const AUDIO = Uint8Array.of(1, 2, 3, 4);

/** Everything that a platform's side says of a call of three packets, the second one lost. */
function spoken(id: string, other: Partial<PeerCall> = {}) {
  const side = sideOf(id);
  const sent: (string | Uint8Array)[] = [];
  const closes: (number | undefined)[] = [];
  const link = {
    send: (message: string | Uint8Array) => void sent.push(message),
    close: (code?: number) => void closes.push(code),
  };
  const call = callOf(side, UUID, other);
  const talk = side.talk(link, call, new FakeClock());
  talk.begin();
  for (const index of [0, 2]) {
    for (let track = 0; track < call.tracks; track++) {
      talk.packet({ track: track === 0 ? 0 : 1, index, bytes: AUDIO });
    }
  }
  talk.end();
  const messages = sent.map((message) =>
    typeof message === 'string' ? JSON.parse(message) : message,
  );
  return { sent, messages, closes, talk, target: side.target(call, DIAL) };
}

const counted = (id: string, fields: (message: never) => unknown, other: Partial<PeerCall> = {}) =>
  spoken(id, other)
    .messages.filter((message) => (message.event ?? message.eventType) === 'media')
    .map((message) => fields(message as never));

describe('the list', () => {
  it('has platforms of the settings only, each once', () => {
    const ids = PLATFORM_PEERS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(PLATFORM_IDS).toContain(id);
    expect(() => peerOf('zoom')).toThrow(RangeError);
  });
});

describe('the media family', () => {
  it('Twilio: strings, counters that jump over what was lost', () => {
    const { messages } = spoken('twilio', { tracks: 2, key: 'bfk_x' });
    expect(messages.map(({ event }) => event)).toEqual([
      ...['connected', 'start', 'media', 'media', 'media', 'media', 'stop'],
    ]);
    expect(messages[0]).toEqual({ event: 'connected', protocol: 'Call', version: '1.0.0' });
    expect(messages[1].start).toMatchObject({
      callSid: UUID,
      tracks: ['inbound', 'outbound'],
      mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
      customParameters: { bonafideKey: 'bfk_x' },
    });
    expect(messages.slice(2, 6).map(({ sequenceNumber }) => sequenceNumber)).toEqual([
      ...['2', '3', '6', '7'],
    ]);
    expect(messages[4].media).toEqual({
      ...{ track: 'inbound', chunk: '3', timestamp: '45', payload: 'AQIDBA==' },
    });
  });

  it('Somleng: its sub-protocol, its laid-out text, parameters beside the start', () => {
    const { sent, messages, target } = spoken('somleng');
    expect(target.protocols).toEqual(['audio.somleng.org']);
    expect(sent[0]).toMatch(/^ {2}\n\{\n {2}"event"/);
    expect(messages[1].customParameters).toEqual({ agent: '7' });
    expect(messages[1].start.customParameters).toBeUndefined();
  });

  it.each(['signalwire', 'exotel', 'voximplant', 'telnyx', 'plivo'])('%s counts chunks', (id) => {
    const chunks = counted(id, ({ media }: { media: { chunk: unknown } }) => Number(media.chunk));
    expect(chunks).toEqual([1, 3]);
  });

  it('Bandwidth counts nothing', () => {
    expect(sideOf('bandwidth').showsLoss).toBe(false);
    expect(counted('bandwidth', (message) => message, { tracks: 2 })).toMatchObject([
      { track: 'inbound' },
      { track: 'outbound' },
      { track: 'inbound' },
      { track: 'outbound' },
    ]);
  });

  it('Telnyx and Plivo say their format in their own words', () => {
    const format = { codec: 'alaw', sampleRateHz: 8000, channels: 1 } as const;
    expect(spoken('telnyx', { format }).messages[1].start.media_format).toEqual({
      ...{ encoding: 'PCMA', sample_rate: 8000, channels: 1 },
    });
    expect(spoken('plivo', { key: 'k' }).messages[0]).toMatchObject({
      start: { mediaFormat: { encoding: 'audio/x-l16', sampleRate: 8000 } },
      extra_headers: 'agent=7;bonafideKey=k',
    });
  });
});

describe('AudioHook', () => {
  it('gathers 200 ms and declares what was lost', () => {
    const side = sideOf('audiohook');
    const sent: (string | Uint8Array)[] = [];
    const link = { send: (message: string | Uint8Array) => void sent.push(message), close() {} };
    const call = callOf(side, UUID);
    const talk = side.talk(link, call, new FakeClock());
    talk.begin();
    const opened = {
      ...{ version: '2', id: call.sessionId, type: 'opened', seq: 1, clientseq: 1 },
      parameters: { media: [JSON.parse(sent[0] as string).parameters.media[0]] },
    };
    expect(talk.heard?.(JSON.stringify(opened))).toBe(true);
    const bytes = new Uint8Array(160);
    for (const index of [0, 1, 2, 5]) talk.packet({ track: 0, index, bytes });
    for (let index = 6; index < 16; index++) talk.packet({ track: 0, index, bytes });
    talk.end();
    const said = sent.map((message) =>
      typeof message === 'string' ? JSON.parse(message) : message.length,
    );
    expect(said[0]).toMatchObject({ type: 'open', parameters: { conversationId: UUID } });
    expect(said.slice(1)).toMatchObject([
      3 * 160,
      { type: 'discarded', parameters: { start: 'PT0.06S', discarded: 'PT0.04S' } },
      10 * 160,
      160,
      { type: 'close', parameters: { reason: 'end' } },
    ]);
    expect(talk.heard?.('{"version":"1"}')).toBe(false);
  });

  it('carries the key, if any, unsigned', () => {
    const { target } = spoken('audiohook', { key: 'bfk_x' });
    expect(target.headers).toMatchObject({
      'x-api-key': 'bfk_x',
      'audiohook-correlation-id': UUID,
    });
    expect(spoken('audiohook').target.headers).not.toHaveProperty('x-api-key');
    expect(spoken('audiohook').target.headers).not.toHaveProperty('signature');
  });

  it('signs as the adapter verifies, each time anew', () => {
    const integration = { apiKey: 'key-of-genesys', clientSecret: 'c2VjcmV0' };
    const call = callOf(sideOf('audiohook'), UUID, { key: 'bfk_x', integration });
    const signed = () => sideOf('audiohook').target(call, { ...DIAL, pathPrefix: '/proxied' });
    const signatures = new AudioHookSignatures(new FakeClock(DIAL.nowMs));
    const verify = (headers: Readonly<Record<string, string>>, secret: string, target: string) =>
      signatures.verify({ headers, target, host: DIAL.host }, Buffer.from(secret));
    const { path, headers = {} } = signed();
    const target = `/proxied${path}`;
    expect(headers['x-api-key']).toBe('key-of-genesys');
    expect(verify(headers, 'another', target)).toBe('refused');
    expect(verify(headers, 'secret', path)).toBe('refused');
    expect(verify({ ...headers, 'x-api-key': 'bfk_x' }, 'secret', target)).toBe('refused');
    expect(verify(headers, 'secret', target)).toBe('verified');
    expect(verify(headers, 'secret', target)).toBe('refused');
    expect(verify(signed().headers ?? {}, 'secret', target)).toBe('verified');
  });
});

describe('Asterisk', () => {
  it('AudioSocket: the UUID, frames by kind, no goodbye', () => {
    const format = { codec: 'pcm16', sampleRateHz: 16_000, channels: 1 } as const;
    const { sent, closes } = spoken('audiosocket', { format });
    expect(Buffer.from(sent[0] as Uint8Array).toString('hex')).toBe(
      `010010${UUID.replaceAll('-', '')}`,
    );
    expect([...(sent[1] as Uint8Array)]).toEqual([0x12, 0, 4, 1, 2, 3, 4]);
    expect(closes).toEqual([undefined]);
  });

  it.each([
    ['mulaw', 8000, 'ulaw', 160],
    ['pcm16', 8000, 'slin', 320],
    ['pcm16', 44_100, 'slin44', 1764],
  ] as const)('chan_websocket: %s of %d Hz', (codec, sampleRateHz, name, bytes) => {
    const format = { codec, sampleRateHz, channels: 1 } as const;
    const { messages, target, closes, talk } = spoken('asterisk', { format, key: 'k' });
    expect(messages[0]).toMatchObject({
      ...{ event: 'MEDIA_START', format: name, optimal_frame_size: bytes, ptime: 20 },
    });
    expect(messages[1]).toEqual(AUDIO);
    expect(target.path).toBe(`/v1/platforms/asterisk?call=${UUID}&side=caller`);
    expect(target.headers).toEqual({ Authorization: 'Basic Ym9uYWZpZGU6aw==' });
    expect(closes).toEqual([1000]);
    expect([talk.heard?.('{"command":"HANGUP"}'), talk.heard?.('{"p":1}')]).toEqual([true, false]);
  });
});

describe('the metadata family', () => {
  it.each([
    ['vonage', { 'content-type': 'audio/l16;rate=16000', callId: UUID }],
    ['jambonz', { callSid: UUID, sampleRate: 8000, mixType: 'mono' }],
    ['freeswitch-fork', { callSid: UUID, sampleRate: 8000, mixType: 'mono' }],
  ])('%s: a text, audio, a close', (id, first) => {
    const { messages, closes } = spoken(id);
    expect(messages[0]).toMatchObject(first);
    expect(messages.slice(1)).toEqual([AUDIO, AUDIO]);
    expect(closes).toEqual([1000]);
  });

  it.each([
    ['freeswitch-stream', `call=${UUID}&rate=8000&channels=1`],
    ['livekit', `room=${UUID}&participant=caller&role=caller&rate=48000&channels=1`],
    ['deepgram', `encoding=linear16&sample_rate=16000&channels=1&call=${UUID}`],
  ])('%s: the URL says all', (id, query) => {
    const { messages, target } = spoken(id);
    expect(target.path.split('?')[1]).toBe(query);
    expect(messages.slice(0, 2)).toEqual([AUDIO, AUDIO]);
  });

  it('says who takes which texts', () => {
    const { talk } = spoken('jambonz');
    expect(talk.heard?.('{"type":"json","data":{}}')).toBe(true);
    expect(talk.heard?.('{"type":"killAudio"}')).toBe(false);
    expect(talk.heard?.('hello')).toBe(false);
    expect(spoken('vonage').talk.heard).toBeUndefined();
  });
});

it('Azure: participants are tracks', () => {
  const { messages, target } = spoken('azure', { tracks: 2, key: 'k' });
  expect(target).toMatchObject({
    path: '/v1/platforms/azure?key=k',
    headers: { 'x-ms-call-connection-id': UUID },
  });
  expect(messages[0]).toMatchObject({ audioMetadata: { sampleRate: 16_000, length: 640 } });
  const of = (message: { audioData: { participantRawID: string } }) =>
    message.audioData.participantRawID;
  expect(messages.slice(1, 3).map(of)).toEqual(['4:+15551230001', '8:acs:agent']);
});
