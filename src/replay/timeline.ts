import { type LossOptions, simulateLoss, type TimedPacket } from '../stream/loss-simulation.ts';
import { PACKET_MS, type WireAudio, type WireStream } from './prepare-audio.ts';

/** When each packet leaves, with what the simulated network did to them. */
export function timelineOf(audio: WireAudio, loss: LossOptions | null): TimedPacket[] {
  const sent = [...steadyTimeline(audio)];
  return loss === null ? sent : simulateLoss(sent, loss);
}

/** When each packet leaves, one by one; nothing happens to them. */
export function* steadyTimeline(audio: WireAudio): Generator<TimedPacket, void> {
  let sequence = 0;
  for (const packet of audio.packets) yield timed(packet, sequence++, audio);
}

/** `steadyTimeline` of packets that come while the recording is decoded. */
export async function* streamedTimeline(audio: WireStream): AsyncGenerator<TimedPacket, void> {
  let sequence = 0;
  for await (const packet of audio.packets) yield timed(packet, sequence++, audio);
}

function timed(
  packet: Uint8Array,
  sequence: number,
  { packetSamples }: Pick<WireAudio, 'packetSamples'>,
): TimedPacket {
  const sampleTime = sequence * packetSamples;
  return { packet, sequence, sampleTime, sendAtMs: sequence * PACKET_MS };
}

/** A packet behind its stamp: sequence number and sample time, big-endian. Allocates. */
export function stampPacket({ packet, sequence, sampleTime }: TimedPacket): Uint8Array {
  const stamped = new Uint8Array(8 + packet.length);
  const view = new DataView(stamped.buffer);
  view.setUint32(0, sequence);
  view.setUint32(4, sampleTime % 2 ** 32);
  stamped.set(packet, 8);
  return stamped;
}
