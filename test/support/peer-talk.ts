import { PLATFORM_PEERS } from '../../src/replay/peers/all-peers.ts';
import type {
  PeerCall,
  PeerDial,
  PeerLink,
  PeerTalk,
  PlatformPeer,
} from '../../src/replay/peers/platform-peer.ts';
import type { AudioFormat } from '../../src/stream/codecs/decoder.ts';
import { FakeClock } from './fake-clock.ts';

/** A server that is dialled without a path before the platforms'. */
export const DIAL: PeerDial = { host: '127.0.0.1:8080', pathPrefix: '', nowMs: 1_700_000_000_000 };

/** One channel of what a platform usually carries. */
export function usualFormat({ formats }: PlatformPeer): AudioFormat {
  const { codec, ratesHz } = formats[0]!;
  return { codec, sampleRateHz: ratesHz[0]!, channels: 1 };
}

/** A call of 20-ms packets in the platform's usual format. */
export function callOf(
  side: PlatformPeer,
  callId: string,
  other: Partial<PeerCall> = {},
): PeerCall {
  return {
    callId,
    sessionId: '30b0e395-84d3-4570-ac13-9a62d8f514c0',
    format: usualFormat(side),
    tracks: 1,
    packetMs: 20,
    key: null,
    ...other,
  };
}

/** A platform's side of a call, over a socket that is open. */
export function talkOf(
  side: PlatformPeer,
  link: PeerLink,
  callId: string,
  other: Partial<PeerCall> = {},
): PeerTalk {
  return side.talk(link, callOf(side, callId, other), new FakeClock());
}

export function sideOf(id: string): PlatformPeer {
  return PLATFORM_PEERS.find((side) => side.id === id)!;
}
