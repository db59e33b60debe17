import type { AudioFormat } from '../../src/stream/codecs/decoder.ts';
import type { PlatformPeer } from './platform-peer.ts';

/** A platform's side of its protocol, as its documents describe it. */
export interface PlatformFake {
  readonly id: string;
  readonly format: AudioFormat;
  /** Name that its one leg gets. */
  readonly leg: string;
  readonly protocols?: readonly string[];
  /** True where a key may also come in the start message. */
  readonly keyInStart: boolean;
  begin(peer: PlatformPeer, callId: string, key: string | null): void;
  audio(peer: PlatformPeer, packet: Uint8Array, index: number): void;
  end(peer: PlatformPeer): void;
}

const MULAW: AudioFormat = { codec: 'mulaw', sampleRateHz: 8000, channels: 1 };
const PCM: AudioFormat = { codec: 'pcm16', sampleRateHz: 8000, channels: 1 };
const base64 = (packet: Uint8Array) => Buffer.from(packet).toString('base64');

function parameters(key: string | null): Record<string, string> {
  return key === null ? { agent: '7' } : { agent: '7', bonafideKey: key };
}

function twilio(id: string, spaced = false): PlatformFake {
  const streamSid = 'MZ18ad3ab5a668481ce02b83e7395059f0';
  return {
    id,
    format: MULAW,
    leg: 'inbound',
    keyInStart: true,
    begin(peer, callId, key) {
      const connected = { event: 'connected', protocol: 'Call', version: '1.0.0' };
      peer.text(spaced ? `  \n${JSON.stringify(connected, null, 2)}\n` : JSON.stringify(connected));
      const start = {
        accountSid: 'AC1',
        streamSid,
        callSid: callId,
        tracks: ['inbound'],
        mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
      };
      const customParameters = parameters(key);
      peer.json({
        event: 'start',
        sequenceNumber: '1',
        ...(spaced ? { start, customParameters } : { start: { ...start, customParameters } }),
        streamSid,
      });
    },
    audio(peer, packet, index) {
      peer.json({
        event: 'media',
        sequenceNumber: String(index + 2),
        media: {
          track: 'inbound',
          chunk: String(index + 1),
          timestamp: String(index * 20 + 5),
          payload: base64(packet),
        },
        streamSid,
      });
    },
    end(peer) {
      peer.json({ event: 'stop', streamSid, stop: { accountSid: 'AC1', callSid: 'CA1' } });
    },
  };
}

const exotel: PlatformFake = {
  id: 'exotel',
  format: PCM,
  leg: 'inbound',
  keyInStart: true,
  begin(peer, callId, key) {
    peer.json({ event: 'connected' });
    peer.json({
      event: 'start',
      sequence_number: 1,
      stream_sid: 's1',
      start: {
        stream_sid: 's1',
        call_sid: callId,
        account_sid: 'a1',
        from: '0',
        to: '1',
        custom_parameters: parameters(key),
        media_format: { encoding: 'audio/x-raw', sample_rate: '8000', bit_rate: '16' },
      },
    });
  },
  audio(peer, packet, index) {
    const media = { chunk: index + 1, timestamp: String(index * 20), payload: base64(packet) };
    peer.json({ event: 'media', sequence_number: index + 2, stream_sid: 's1', media });
  },
  end(peer) {
    peer.json({ event: 'stop', stream_sid: 's1', stop: { call_sid: 'x', reason: 'ended' } });
  },
};

const bandwidth: PlatformFake = {
  id: 'bandwidth',
  format: MULAW,
  leg: 'inbound',
  keyInStart: true,
  begin(peer, callId, key) {
    const mediaFormat = { encoding: 'PCMU', sampleRate: 8000 };
    const metadata = {
      accountId: 'a',
      callId,
      streamId: 's',
      streamName: 'n',
      tracks: [{ name: 'inbound', mediaFormat }],
    };
    peer.json({ eventType: 'start', metadata, streamParams: parameters(key) });
  },
  audio(peer, packet) {
    peer.json({ eventType: 'media', track: 'inbound', payload: base64(packet) });
  },
  end(peer) {
    peer.json({ eventType: 'stop', metadata: { callId: 'c' } });
  },
};

const voximplant: PlatformFake = {
  id: 'voximplant',
  format: { codec: 'pcm16', sampleRateHz: 16_000, channels: 1 },
  leg: 'customer',
  keyInStart: true,
  begin(peer, callId, key) {
    peer.json({
      event: 'start',
      sequenceNumber: 0,
      start: {
        tag: 'customer',
        mediaFormat: { encoding: 'PCM16', sampleRate: 16_000 },
        customParameters: { callId, ...parameters(key) },
      },
    });
  },
  audio(peer, packet, index) {
    const media = {
      tag: 'customer',
      chunk: index + 1,
      timestamp: index * 20,
      payload: base64(packet),
    };
    peer.json({ event: 'media', sequenceNumber: index + 1, media });
  },
  end(peer) {
    peer.json({ event: 'stop', sequenceNumber: 9, stop: { tag: 'customer' } });
  },
};

const telnyx: PlatformFake = {
  id: 'telnyx',
  format: MULAW,
  leg: 'inbound',
  keyInStart: true,
  begin(peer, callId, key) {
    peer.json({ event: 'connected', version: '1.0.0' });
    peer.json({
      event: 'start',
      sequence_number: '1',
      start: {
        call_control_id: 'v2:1',
        call_session_id: callId,
        from: '+1',
        to: '+2',
        media_format: { encoding: 'PCMU', sample_rate: 8000, channels: 1 },
        custom_parameters: parameters(key),
      },
      stream_id: 's1',
    });
  },
  audio(peer, packet, index) {
    peer.json({
      event: 'media',
      sequence_number: String(index + 2),
      media: {
        track: 'inbound',
        chunk: String(index + 1),
        timestamp: String(index * 20),
        payload: base64(packet),
      },
      stream_id: 's1',
    });
  },
  end(peer) {
    peer.json({ event: 'stop', stop: { call_control_id: 'v2:1' }, stream_id: 's1' });
  },
};

const plivo: PlatformFake = {
  id: 'plivo',
  format: PCM,
  leg: 'inbound',
  keyInStart: true,
  begin(peer, callId, key) {
    const extra = Object.entries(parameters(key)).map(([name, value]) => `${name}=${value}`);
    peer.json({
      event: 'start',
      sequenceNumber: 1,
      start: {
        callId,
        streamId: 's',
        accountId: 'a',
        tracks: ['inbound'],
        mediaFormat: { encoding: 'audio/x-l16', sampleRate: 8000 },
      },
      extra_headers: extra.join(';'),
    });
  },
  audio(peer, packet, index) {
    const media = { track: 'inbound', chunk: index + 1, timestamp: '1', payload: base64(packet) };
    peer.json({ event: 'media', sequenceNumber: index + 2, streamId: 's', media });
  },
  end(peer) {
    peer.json({ event: 'stop', streamId: 's' });
  },
};

export const MEDIA_FAKES: readonly PlatformFake[] = [
  twilio('twilio'),
  twilio('signalwire'),
  { ...twilio('somleng', true), protocols: ['audio.somleng.org'] },
  exotel,
  bandwidth,
  voximplant,
  telnyx,
  plivo,
];
