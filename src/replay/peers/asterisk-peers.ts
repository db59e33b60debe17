import type { AudioFormat } from '../../stream/codecs/decoder.ts';
import { basicHeaders, PLAIN_PEER, type PlatformPeer, pathWith } from './platform-peer.ts';

const DONE_CODE = 1000;
const CHANNEL_ID = '1795436724.4';
const COMMANDS: readonly unknown[] = ['ANSWER', 'HANGUP', 'GET_STATUS', 'SET_MEDIA_DIRECTION'];
const KIND_UUID = 0x01;
/** Kinds of audio by rate. */
const AUDIO_KINDS: ReadonlyMap<number, number> = new Map([
  [8_000, 0x10],
  [12_000, 0x11],
  [16_000, 0x12],
  [24_000, 0x13],
  [32_000, 0x14],
  [44_100, 0x15],
  [48_000, 0x16],
  [96_000, 0x17],
  [192_000, 0x18],
]);

/** Asterisk's name of a format. */
function nameOf({ codec, sampleRateHz }: AudioFormat): string {
  if (codec === 'mulaw') return 'ulaw';
  if (codec !== 'pcm16') return codec;
  return sampleRateHz === 8_000 ? 'slin' : `slin${Math.floor(sampleRateHz / 1000)}`;
}

/** chan_websocket with control messages as JSON: it takes commands only. */
const asterisk: PlatformPeer = {
  ...PLAIN_PEER,
  id: 'asterisk',
  formats: [
    { codec: 'mulaw', ratesHz: [8_000] },
    { codec: 'alaw', ratesHz: [8_000] },
    { codec: 'pcm16', ratesHz: [8_000, 12_000, 16_000, 24_000, 32_000, 44_100, 48_000] },
    { codec: 'opus', ratesHz: [48_000] },
  ],
  target: ({ callId, key }) => ({
    path: pathWith('/v1/platforms/asterisk', { call: callId, side: 'caller' }),
    headers: basicHeaders(key),
    protocols: ['media'],
  }),
  talk: (link, { callId, format, packetMs }) => ({
    begin() {
      link.send(
        JSON.stringify({
          event: 'MEDIA_START',
          connection_id: 'detector',
          channel: 'WebSocket/detector/0x5647004f3f70',
          channel_id: CHANNEL_ID,
          format: nameOf(format),
          optimal_frame_size: optimalBytes(format, packetMs),
          ptime: packetMs,
          channel_variables: {
            DIALEDPEERNUMBER: `detector/c(${nameOf(format)})f(json)v(call=${callId},side=caller)`,
            MEDIA_WEBSOCKET_CONNECTION_ID: 'detector',
          },
        }),
      );
    },
    packet: ({ bytes }) => link.send(bytes),
    end: () => link.close(DONE_CODE),
    heard: (text) => COMMANDS.includes(/^\{"command":"([A-Z_]+)"/.exec(text)?.[1]),
  }),
};

function optimalBytes({ codec, sampleRateHz }: AudioFormat, packetMs: number): number {
  return ((codec === 'pcm16' ? 2 : 1) * sampleRateHz * packetMs) / 1000;
}

/** AudioSocket over TCP: a UUID, frames of audio, and a socket that is closed. */
const audioSocket: PlatformPeer = {
  ...PLAIN_PEER,
  id: 'audiosocket',
  isTcp: true,
  needsUuid: true,
  formats: [{ codec: 'pcm16', ratesHz: [...AUDIO_KINDS.keys()] }],
  target: () => ({ path: '' }),
  talk: (link, { callId, format }) => ({
    begin() {
      link.send(frameOf(KIND_UUID, Buffer.from(callId.replaceAll('-', ''), 'hex')));
    },
    packet({ bytes }) {
      link.send(frameOf(AUDIO_KINDS.get(format.sampleRateHz)!, bytes));
    },
    end: () => link.close(),
  }),
};

/** Kind, length (big-endian), payload. */
function frameOf(kind: number, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(3 + payload.length);
  frame[0] = kind;
  frame[1] = payload.length >> 8;
  frame[2] = payload.length & 0xff;
  frame.set(payload, 3);
  return frame;
}

/** Asterisk's two ways of streaming a channel. */
export const ASTERISK_PEERS: readonly PlatformPeer[] = [asterisk, audioSocket];
