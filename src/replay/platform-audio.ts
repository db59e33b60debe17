import { type Recording, RecordingError } from '../audio-files/recording.ts';
import type { CodecName } from '../stream/codecs/decoder.ts';
import type { LossOptions } from '../stream/loss-simulation.ts';
import { RATE_BURST_MS, RATE_FACTOR } from '../stream/rate-limit.ts';
import type { PeerPacket, PlatformPeer } from './peers/platform-peer.ts';
import { PACKET_MS, type PreparedAudio, prepareAudio } from './prepare-audio.ts';
import { timelineOf } from './timeline.ts';

/** What a user may choose of a platform's formats. */
export interface WantedFormat {
  /** Missing = the platform's usual one. */
  readonly codec?: CodecName;
  /** Null = the file's, or the next one that the platform has. */
  readonly sampleRateHz: number | null;
  readonly opusBitrate?: number;
}

export type TrackPacket = PeerPacket & { readonly sendAtMs: number };

/** Share of what the server allows that a fast replay uses: its packets may bunch on their way. */
const FAST_SHARE = 0.9;

/**
 * A recording in a platform's format: one prepared audio a track.
 * @throws RangeError for what the platform does not carry, RecordingError for what no wire does
 */
export function preparePlatformAudio(
  recording: Recording,
  peer: PlatformPeer,
  wanted: WantedFormat,
): PreparedAudio[] {
  const { codec, ratesHz } = formatOf(peer, wanted.codec);
  const sampleRateHz = wanted.sampleRateHz ?? nearestRateHz(ratesHz, recording.sampleRateHz);
  if (!ratesHz.includes(sampleRateHz)) {
    const known = ratesHz.join(', ');
    throw new RangeError(`${peer.id} carries ${codec} of ${known} Hz, not of ${sampleRateHz}`);
  }
  const { channels } = recording;
  if (channels.length > 2) {
    throw new RecordingError(`a recording must have 1 or 2 channels, got ${channels.length}`);
  }
  if (channels.length > 1 && peer.secondParty === 'none') {
    throw new RangeError(`${peer.id} carries one party a socket, the file has ${channels.length}`);
  }
  const parts =
    peer.secondParty === 'track'
      ? channels.map((channel) => ({ ...recording, channels: [channel] }))
      : [recording];
  return parts.map((part) => prepareAudio(part, { ...wanted, codec, sampleRateHz }));
}

function formatOf({ id, formats }: PlatformPeer, codec: CodecName | undefined) {
  const found = codec === undefined ? formats[0] : formats.find((known) => known.codec === codec);
  if (found === undefined) {
    const known = formats.map((format) => format.codec).join(', ');
    throw new RangeError(`${id} carries ${known}, not ${codec}`);
  }
  return found;
}

function nearestRateHz(ratesHz: readonly number[], rateHz: number): number {
  const rising = [...ratesHz].sort((a, b) => a - b);
  return rising.find((candidate) => candidate >= rateHz) ?? rising.at(-1)!;
}

/** When each packet of each track leaves; every track has a network of its own. */
export function platformTimeline(
  tracks: readonly PreparedAudio[],
  loss: LossOptions | null,
): TrackPacket[] {
  const packets = tracks.flatMap((audio, track) => {
    const own = loss === null ? null : { ...loss, seed: loss.seed + track };
    return timelineOf(audio, own).map(
      ({ packet, sequence, sendAtMs }): TrackPacket => ({
        track: track === 0 ? 0 : 1,
        index: sequence,
        bytes: packet,
        sendAtMs,
      }),
    );
  });
  // Stable: packets of the same time stay in the order of their tracks.
  return packets.sort((a, b) => a.sendAtMs - b.sendAtMs);
}

/** The same packets in the same order, no later than the server's limit of live audio allows. */
export function fastTimeline(timeline: readonly TrackPacket[]): TrackPacket[] {
  return timeline.map((packet) => {
    const endMs = (packet.index + 1) * PACKET_MS;
    const overMs = endMs - RATE_BURST_MS * FAST_SHARE;
    return { ...packet, sendAtMs: Math.max(0, overMs / (RATE_FACTOR * FAST_SHARE)) };
  });
}
