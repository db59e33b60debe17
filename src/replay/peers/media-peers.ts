import type { CodecName } from '../../stream/codecs/decoder.ts';
import { base64Of, PLAIN_PEER, type PlatformPeer } from './platform-peer.ts';
import { startParameters } from './twilio-peers.ts';

const TRACKS = ['inbound', 'outbound'] as const;
const TAG = 'customer';

const RFC_NAMES: Readonly<Partial<Record<CodecName, string>>> = {
  mulaw: 'PCMU',
  alaw: 'PCMA',
  opus: 'OPUS',
};

const exotel: PlatformPeer = {
  ...PLAIN_PEER,
  id: 'exotel',
  formats: [{ codec: 'pcm16', ratesHz: [8_000, 16_000, 24_000] }],
  showsLoss: true,
  target: () => ({ path: '/v1/platforms/exotel' }),
  talk: (link, { callId, key, format, packetMs }) => ({
    begin() {
      link.send(JSON.stringify({ event: 'connected' }));
      const sampleRate = String(format.sampleRateHz);
      const start = {
        stream_sid: 's1',
        call_sid: callId,
        account_sid: 'a1',
        from: '0',
        to: '1',
        custom_parameters: startParameters(key),
        // What its users recorded; its documents say `audio/x-raw`.
        media_format: { encoding: 'base64', sample_rate: sampleRate, bit_rate: '128kbps' },
      };
      link.send(JSON.stringify({ event: 'start', sequence_number: 1, stream_sid: 's1', start }));
    },
    packet({ index, bytes }) {
      const media = {
        chunk: index + 1,
        timestamp: String(index * packetMs),
        payload: base64Of(bytes),
      };
      link.send(
        JSON.stringify({ event: 'media', sequence_number: index + 2, stream_sid: 's1', media }),
      );
    },
    end() {
      const stop = { call_sid: callId, account_sid: 'a1', reason: 'callended' };
      link.send(JSON.stringify({ event: 'stop', stream_sid: 's1', stop }));
    },
  }),
};

const bandwidth: PlatformPeer = {
  ...PLAIN_PEER,
  id: 'bandwidth',
  formats: [{ codec: 'mulaw', ratesHz: [8_000] }],
  secondParty: 'track',
  target: () => ({ path: '/v1/platforms/bandwidth' }),
  talk: (link, { callId, key, tracks }) => {
    const metadata = {
      accountId: 'a',
      callId,
      streamId: 's',
      streamName: 'n',
      tracks: TRACKS.slice(0, tracks).map((name) => ({
        name,
        mediaFormat: { encoding: 'PCMU', sampleRate: 8000 },
      })),
    };
    return {
      begin() {
        const streamParams = startParameters(key);
        link.send(JSON.stringify({ eventType: 'start', metadata, streamParams }));
      },
      packet({ track, bytes }) {
        const payload = base64Of(bytes);
        link.send(JSON.stringify({ eventType: 'media', track: TRACKS[track], payload }));
      },
      end() {
        link.send(JSON.stringify({ eventType: 'stop', metadata }));
      },
    };
  },
};

const voximplant: PlatformPeer = {
  ...PLAIN_PEER,
  id: 'voximplant',
  formats: [{ codec: 'pcm16', ratesHz: [16_000, 8_000] }],
  showsLoss: true,
  target: () => ({ path: '/v1/platforms/voximplant' }),
  talk: (link, { callId, key, format, packetMs }) => {
    let sequenceNumber = 0;
    return {
      begin() {
        const start = {
          tag: TAG,
          mediaFormat: { encoding: 'PCM16', sampleRate: format.sampleRateHz },
          customParameters: { callId, ...startParameters(key) },
        };
        link.send(JSON.stringify({ event: 'start', sequenceNumber: 0, start }));
      },
      packet({ index, bytes }) {
        sequenceNumber = index + 1;
        const timestamp = index * packetMs;
        const media = { tag: TAG, chunk: index + 1, timestamp, payload: base64Of(bytes) };
        link.send(JSON.stringify({ event: 'media', sequenceNumber, media }));
      },
      end() {
        sequenceNumber++;
        link.send(JSON.stringify({ event: 'stop', sequenceNumber, stop: { tag: TAG } }));
        // The server does not close: another stream could come on the same socket.
        link.close(1000);
      },
    };
  },
};

const telnyx: PlatformPeer = {
  ...PLAIN_PEER,
  id: 'telnyx',
  formats: [
    { codec: 'mulaw', ratesHz: [8_000] },
    { codec: 'alaw', ratesHz: [8_000] },
    { codec: 'opus', ratesHz: [48_000, 16_000] },
  ],
  secondParty: 'track',
  showsLoss: true,
  reorders: true,
  target: () => ({ path: '/v1/platforms/telnyx' }),
  talk: (link, { callId, key, format, tracks, packetMs }) => ({
    begin() {
      link.send(JSON.stringify({ event: 'connected', version: '1.0.0' }));
      const encoding = RFC_NAMES[format.codec];
      const start = {
        call_control_id: 'v2:1',
        call_session_id: callId,
        from: '+1',
        to: '+2',
        media_format: { encoding, sample_rate: format.sampleRateHz, channels: 1 },
        custom_parameters: startParameters(key),
      };
      link.send(JSON.stringify({ event: 'start', sequence_number: '1', start, stream_id: 's1' }));
    },
    packet({ track, index, bytes }) {
      link.send(
        JSON.stringify({
          event: 'media',
          sequence_number: String(index * tracks + track + 2),
          media: {
            track: TRACKS[track],
            chunk: String(index + 1),
            timestamp: String(index * packetMs),
            payload: base64Of(bytes),
          },
          stream_id: 's1',
        }),
      );
    },
    end() {
      const stop = { call_control_id: 'v2:1' };
      link.send(JSON.stringify({ event: 'stop', stop, stream_id: 's1' }));
    },
  }),
};

const plivo: PlatformPeer = {
  ...PLAIN_PEER,
  id: 'plivo',
  formats: [
    { codec: 'pcm16', ratesHz: [8_000, 16_000] },
    { codec: 'mulaw', ratesHz: [8_000] },
  ],
  secondParty: 'track',
  showsLoss: true,
  target: () => ({ path: '/v1/platforms/plivo' }),
  talk: (link, { callId, key, format, tracks, packetMs }) => ({
    begin() {
      const encoding = format.codec === 'mulaw' ? 'audio/x-mulaw' : 'audio/x-l16';
      const extra = Object.entries(startParameters(key)).map(([name, value]) => `${name}=${value}`);
      const start = {
        callId,
        streamId: 's',
        accountId: 'a',
        tracks: TRACKS.slice(0, tracks),
        mediaFormat: { encoding, sampleRate: format.sampleRateHz },
      };
      link.send(
        JSON.stringify({
          event: 'start',
          sequenceNumber: 1,
          start,
          extra_headers: extra.join(';'),
        }),
      );
    },
    packet({ track, index, bytes }) {
      const media = {
        track: TRACKS[track],
        chunk: index + 1,
        timestamp: String(index * packetMs),
        payload: base64Of(bytes),
      };
      const sequenceNumber = index * tracks + track + 2;
      link.send(JSON.stringify({ event: 'media', sequenceNumber, streamId: 's', media }));
    },
    end() {
      link.send(JSON.stringify({ event: 'stop', streamId: 's' }));
    },
  }),
};

/** Relatives of Twilio's messages under other names. */
export const MEDIA_PEERS: readonly PlatformPeer[] = [exotel, bandwidth, voximplant, telnyx, plivo];
