import { base64Of, type PeerCall, PLAIN_PEER, type PlatformPeer } from './platform-peer.ts';

const STREAM_SID = 'MZ18ad3ab5a668481ce02b83e7395059f0';
const ACCOUNT_SID = 'AC2a4b1c3d5e6f708192a3b4c5d6e7f809';
const TRACKS = ['inbound', 'outbound'] as const;
/** Time stamp of the first message, in ms: the first one of the documents has it. */
const FIRST_TIMESTAMP_MS = 5;

interface Dialect {
  readonly id: string;
  /** The start's parameters stand beside `start`, and `connected` is laid out over lines. */
  readonly isSomleng: boolean;
}

/** Parameters of the start message, the key among them. */
export function startParameters(key: string | null): Record<string, string> {
  return key === null ? { agent: '7' } : { agent: '7', bonafideKey: key };
}

function connectedText({ isSomleng }: Dialect): string {
  const connected = { event: 'connected', protocol: 'Call', version: '1.0.0' };
  return isSomleng ? `  \n${JSON.stringify(connected, null, 2)}\n` : JSON.stringify(connected);
}

function startText({ isSomleng }: Dialect, { callId, tracks, key }: PeerCall): string {
  const start = {
    accountSid: ACCOUNT_SID,
    streamSid: STREAM_SID,
    callSid: callId,
    tracks: TRACKS.slice(0, tracks),
    mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
  };
  const customParameters = startParameters(key);
  return JSON.stringify({
    event: 'start',
    sequenceNumber: '1',
    ...(isSomleng ? { start, customParameters } : { start: { ...start, customParameters } }),
    streamSid: STREAM_SID,
  });
}

function twilioPeer(dialect: Dialect): PlatformPeer {
  const { id, isSomleng } = dialect;
  const path = `/v1/platforms/${id}`;
  return {
    ...PLAIN_PEER,
    id,
    formats: [{ codec: 'mulaw', ratesHz: [8_000] }],
    // Somleng forks the inbound track only.
    secondParty: isSomleng ? 'none' : 'track',
    showsLoss: true,
    target: () => (isSomleng ? { path, protocols: ['audio.somleng.org'] } : { path }),
    talk: (link, call) => ({
      begin() {
        link.send(connectedText(dialect));
        link.send(startText(dialect, call));
      },
      packet({ track, index, bytes }) {
        link.send(
          JSON.stringify({
            event: 'media',
            // Counts the messages of all tracks; the start is the first.
            sequenceNumber: String(index * call.tracks + track + 2),
            media: {
              track: TRACKS[track],
              chunk: String(index + 1),
              timestamp: String(index * call.packetMs + FIRST_TIMESTAMP_MS),
              payload: base64Of(bytes),
            },
            streamSid: STREAM_SID,
          }),
        );
      },
      end() {
        const stop = { accountSid: ACCOUNT_SID, callSid: call.callId };
        link.send(JSON.stringify({ event: 'stop', streamSid: STREAM_SID, stop }));
      },
    }),
  };
}

/** Twilio Media Streams and those that copy its messages. */
export const TWILIO_PEERS: readonly PlatformPeer[] = [
  twilioPeer({ id: 'twilio', isSomleng: false }),
  twilioPeer({ id: 'signalwire', isSomleng: false }),
  twilioPeer({ id: 'somleng', isSomleng: true }),
];
