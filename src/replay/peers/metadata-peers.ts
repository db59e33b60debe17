import {
  basicHeaders,
  type PeerCall,
  type PeerLink,
  type PeerTalk,
  PLAIN_PEER,
  type PlatformPeer,
  pathWith,
} from './platform-peer.ts';

const DONE_CODE = 1000;

/** A text if there is one, then binary audio, then a close: all that this family says. */
function metadataTalk(link: PeerLink, first: object | null): PeerTalk {
  return {
    begin() {
      if (first !== null) link.send(JSON.stringify(first));
    },
    packet: ({ bytes }) => link.send(bytes),
    end: () => link.close(DONE_CODE),
  };
}

function forkMetadata({ callId, format }: PeerCall): object {
  return {
    callSid: callId,
    from: '+15551230001',
    to: '+15551230002',
    direction: 'inbound',
    sampleRate: format.sampleRateHz,
    mixType: format.channels === 2 ? 'stereo' : 'mono',
  };
}

/** Results come inside `{"type":"json","data":…}`; other types would be acted upon. */
function takesEnvelopes(text: string): boolean {
  return typeOf(text) === 'json';
}

function typeOf(text: string): unknown {
  try {
    return (JSON.parse(text) as { readonly type?: unknown } | null)?.type;
  } catch {
    // What is no JSON has no type.
    return undefined;
  }
}

const vonage: PlatformPeer = {
  ...PLAIN_PEER,
  id: 'vonage',
  formats: [{ codec: 'pcm16', ratesHz: [16_000, 8_000, 24_000] }],
  target: ({ key }) => ({ path: pathWith('/v1/platforms/vonage', { api_key: key }) }),
  talk: (link, { callId, format }) =>
    metadataTalk(link, {
      event: 'websocket:connected',
      'content-type': `audio/l16;rate=${format.sampleRateHz}`,
      callId,
    }),
};

const jambonz: PlatformPeer = {
  ...PLAIN_PEER,
  id: 'jambonz',
  formats: [{ codec: 'pcm16', ratesHz: [8_000, 16_000, 24_000, 48_000] }],
  secondParty: 'interleaved',
  target: ({ key }) => ({
    path: '/v1/platforms/jambonz',
    headers: basicHeaders(key),
    protocols: ['audio.jambonz.org'],
  }),
  talk: (link, call) => ({
    ...metadataTalk(link, forkMetadata(call)),
    heard: takesEnvelopes,
  }),
};

const freeswitchFork: PlatformPeer = {
  ...jambonz,
  id: 'freeswitch-fork',
  target: ({ key }) => ({
    path: '/v1/platforms/freeswitch-fork',
    headers: basicHeaders(key),
    protocols: ['audio.drachtio.org'],
  }),
};

const freeswitchStream: PlatformPeer = {
  ...PLAIN_PEER,
  id: 'freeswitch-stream',
  formats: [{ codec: 'pcm16', ratesHz: [8_000, 16_000] }],
  secondParty: 'interleaved',
  target: ({ callId, format, key }) => ({
    // The module says nothing by itself: the dial plan writes it into the URL.
    path: pathWith('/v1/platforms/freeswitch-stream', {
      call: callId,
      rate: String(format.sampleRateHz),
      channels: String(format.channels),
    }),
    headers: key === null ? {} : { Authorization: `Bearer ${key}` },
  }),
  talk: (link) => ({ ...metadataTalk(link, null), heard: (text) => text.startsWith('{') }),
};

const livekit: PlatformPeer = {
  ...PLAIN_PEER,
  id: 'livekit',
  formats: [{ codec: 'pcm16', ratesHz: [48_000, 8_000, 16_000, 24_000] }],
  target: ({ callId, format, key }) => ({
    path: pathWith('/v1/platforms/livekit', {
      room: callId,
      participant: 'caller',
      role: 'caller',
      rate: String(format.sampleRateHz),
      channels: '1',
      token: key,
    }),
  }),
  talk: (link) => metadataTalk(link, null),
};

/** Platforms that send a text of metadata, if any, and then binary audio. */
export const METADATA_PEERS: readonly PlatformPeer[] = [
  vonage,
  jambonz,
  freeswitchFork,
  freeswitchStream,
  livekit,
];
