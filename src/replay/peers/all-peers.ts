import { ASTERISK_PEERS } from './asterisk-peers.ts';
import { AUDIOHOOK_PEER } from './audiohook-talk.ts';
import { AZURE_PEER } from './azure-peer.ts';
import { DEEPGRAM_PEER } from './deepgram-peer.ts';
import { MEDIA_PEERS } from './media-peers.ts';
import { METADATA_PEERS } from './metadata-peers.ts';
import type { PlatformPeer } from './platform-peer.ts';
import { TWILIO_PEERS } from './twilio-peers.ts';

/** Every platform whose side can be spoken. */
export const PLATFORM_PEERS: readonly PlatformPeer[] = [
  ...TWILIO_PEERS,
  ...MEDIA_PEERS,
  AUDIOHOOK_PEER,
  ...ASTERISK_PEERS,
  ...METADATA_PEERS,
  AZURE_PEER,
  DEEPGRAM_PEER,
];

/** @throws RangeError for a platform that there is not */
export function peerOf(id: string): PlatformPeer {
  const peer = PLATFORM_PEERS.find((known) => known.id === id);
  if (peer === undefined) throw new RangeError(`there is no platform ${id}`);
  return peer;
}
