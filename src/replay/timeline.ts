import { type LossOptions, simulateLoss, type TimedPacket } from '../stream/loss-simulation.ts';
import { PACKET_MS, type PreparedAudio } from './prepare-audio.ts';

/** When each packet leaves, with what the simulated network did to them. */
export function timelineOf(audio: PreparedAudio, loss: LossOptions | null): TimedPacket[] {
  const sent = audio.packets.map((packet, index) => ({
    packet,
    sequence: index,
    sampleTime: index * audio.packetSamples,
    sendAtMs: index * PACKET_MS,
  }));
  return loss === null ? sent : simulateLoss(sent, loss);
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
