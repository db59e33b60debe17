import { base64Of, PLAIN_PEER, type PlatformPeer, pathWith } from './platform-peer.ts';

const DONE_CODE = 1000;
const PARTICIPANTS = ['4:+15551230001', '8:acs:agent'] as const;
const TIMESTAMP = '2024-11-15T19:16:12.925Z';

/** Audio streaming of Azure Communication Services, unmixed: a participant is a track. */
export const AZURE_PEER: PlatformPeer = {
  ...PLAIN_PEER,
  id: 'azure',
  formats: [{ codec: 'pcm16', ratesHz: [16_000, 24_000] }],
  secondParty: 'track',
  target: ({ callId, key }) => ({
    path: pathWith('/v1/platforms/azure', { key }),
    headers: {
      'x-ms-call-connection-id': callId,
      'x-ms-call-correlation-id': '8f9a2f3c-5b0e-4f37-9c2e-0a1b2c3d4e5f',
    },
  }),
  talk: (link, { callId, format, packetMs }) => ({
    begin() {
      const audioMetadata = {
        subscriptionId: callId,
        encoding: 'PCM',
        sampleRate: format.sampleRateHz,
        channels: 1,
        length: (2 * format.sampleRateHz * packetMs) / 1000,
      };
      link.send(JSON.stringify({ kind: 'AudioMetadata', audioMetadata }));
    },
    packet({ track, bytes }) {
      const audioData = {
        timestamp: TIMESTAMP,
        participantRawID: PARTICIPANTS[track],
        data: base64Of(bytes),
        silent: false,
      };
      link.send(JSON.stringify({ kind: 'AudioData', audioData }));
    },
    end: () => link.close(DONE_CODE),
  }),
};
