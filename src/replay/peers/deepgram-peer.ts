import type { CodecName } from '../../stream/codecs/decoder.ts';
import { PLAIN_PEER, type PlatformPeer, pathWith } from './platform-peer.ts';

const ENCODINGS: Readonly<Partial<Record<CodecName, string>>> = {
  pcm16: 'linear16',
  mulaw: 'mulaw',
  alaw: 'alaw',
  opus: 'opus',
};

/** A client of Deepgram's live transcription: it takes any JSON, and asks for the end by a text. */
export const DEEPGRAM_PEER: PlatformPeer = {
  ...PLAIN_PEER,
  id: 'deepgram',
  formats: [
    { codec: 'pcm16', ratesHz: [16_000, 8_000, 24_000, 32_000, 44_100, 48_000] },
    { codec: 'mulaw', ratesHz: [8_000] },
    { codec: 'alaw', ratesHz: [8_000] },
    { codec: 'opus', ratesHz: [48_000, 8_000, 12_000, 16_000, 24_000] },
  ],
  secondParty: 'interleaved',
  target: ({ callId, format, key }) => ({
    path: pathWith('/v1/listen', {
      encoding: ENCODINGS[format.codec] ?? null,
      sample_rate: String(format.sampleRateHz),
      channels: String(format.channels),
      call: callId,
    }),
    headers: key === null ? {} : { Authorization: `Token ${key}` },
  }),
  talk: (link) => ({
    begin() {
      // The URL has said it.
    },
    packet: ({ bytes }) => link.send(bytes),
    end: () => link.send(JSON.stringify({ type: 'CloseStream' })),
    heard: (text) => text.startsWith('{'),
  }),
};
