import { pcm16ToMulaw } from '../../../src/stream/codecs/g711.ts';
import type { Audio } from './decode.ts';

/** The line that the audio goes through on its way to the service. */
export interface Line {
  readonly codec: 'as-is' | 'mulaw' | 'opus';
  /** Share of packets that get lost. */
  readonly loss: 0 | 0.05;
}

export const MULAW_RATE_HZ = 8_000;
export const OPUS_RATE_HZ = 16_000;
const OPUS_BITS_PER_SECOND = 12_000;
export const PACKET_MS = 20;
const STAMP_BYTES = 8;

/** The rate that a line needs; null = any. */
export function rateOfLine({ codec }: Line): number | null {
  return codec === 'as-is' ? null : codec === 'mulaw' ? MULAW_RATE_HZ : OPUS_RATE_HZ;
}

/** The lines that a microphone can be put on. */
export const isLineForMicrophone = ({ codec, loss }: Line) => codec !== 'opus' && loss === 0;

/** Packets of a line, in the format that `start` names. */
export interface Wire {
  readonly codec: 'pcm16' | 'mulaw' | 'opus';
  readonly sampleRateHz: number;
  readonly channels: 1 | 2;
  readonly packets: readonly Uint8Array<ArrayBuffer>[];
}

/** @throws Error when the browser cannot encode for the line */
export async function encode(audio: Audio, { codec }: Line): Promise<Wire> {
  const { sampleRateHz, channels } = audio;
  const count = channels.length as 1 | 2;
  if (codec === 'opus') {
    return { codec, sampleRateHz, channels: count, packets: await opusPackets(audio) };
  }
  const samples = Math.round((sampleRateHz * PACKET_MS) / 1000);
  const packets: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; at < channels[0]!.length; at += samples) {
    const pieces = channels.map((channel) => channel.subarray(at, at + samples));
    packets.push(codec === 'mulaw' ? mulawPacket(pieces) : pcm16Packet(pieces));
  }
  return { codec: codec === 'mulaw' ? 'mulaw' : 'pcm16', sampleRateHz, channels: count, packets };
}

/** Interleaved 16-bit little-endian samples. */
export function pcm16Packet(channels: readonly Float32Array[]): Uint8Array<ArrayBuffer> {
  const samples = channels[0]!.length;
  const view = new DataView(new ArrayBuffer(2 * samples * channels.length));
  channels.forEach((channel, index) => {
    for (let at = 0; at < samples; at++) {
      view.setInt16(2 * (at * channels.length + index), pcm16Of(channel[at]!), true);
    }
  });
  return new Uint8Array(view.buffer);
}

export function mulawPacket(channels: readonly Float32Array[]): Uint8Array<ArrayBuffer> {
  const samples = channels[0]!.length;
  const packet = new Uint8Array(samples * channels.length);
  channels.forEach((channel, index) => {
    for (let at = 0; at < samples; at++) {
      packet[at * channels.length + index] = pcm16ToMulaw(pcm16Of(channel[at]!));
    }
  });
  return packet;
}

function pcm16Of(sample: number): number {
  return Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_768)));
}

const opusConfig = (channels: number): AudioEncoderConfig => ({
  codec: 'opus',
  sampleRate: OPUS_RATE_HZ,
  numberOfChannels: channels,
  bitrate: OPUS_BITS_PER_SECOND * channels,
  opus: { frameDuration: PACKET_MS * 1000 },
});

/** Whether this browser can encode Opus for the simulated line. */
export async function canEncodeOpus(): Promise<boolean> {
  if (typeof AudioEncoder === 'undefined') return false;
  try {
    return (await AudioEncoder.isConfigSupported(opusConfig(1))).supported === true;
  } catch {
    return false;
  }
}

async function opusPackets({ channels, sampleRateHz }: Audio) {
  const packets: Uint8Array<ArrayBuffer>[] = [];
  let failure: Error | null = null;
  const encoder = new AudioEncoder({
    output(chunk) {
      const packet = new Uint8Array(chunk.byteLength);
      chunk.copyTo(packet);
      packets.push(packet);
    },
    error(error) {
      failure = error;
    },
  });
  encoder.configure(opusConfig(channels.length));
  const samples = channels[0]!.length;
  const step = sampleRateHz;
  for (let at = 0; at < samples; at += step) {
    const frames = Math.min(step, samples - at);
    const data = new Float32Array(frames * channels.length);
    for (const [index, channel] of channels.entries()) {
      data.set(channel.subarray(at, at + frames), index * frames);
    }
    const format = 'f32-planar';
    const numberOfChannels = channels.length;
    const timestamp = Math.round((at * 1e6) / sampleRateHz);
    const init = { format, sampleRate: sampleRateHz, numberOfFrames: frames } as const;
    const piece = new AudioData({ ...init, numberOfChannels, timestamp, data });
    encoder.encode(piece);
    piece.close();
  }
  await encoder.flush();
  encoder.close();
  if (failure !== null) throw failure;
  return packets;
}

/** Loses a share of packets, the same ones every time (a linear congruential generator decides). */
export class Loser {
  readonly #share: number;
  #state = 20_231;

  constructor(share: number) {
    this.#share = share;
  }

  isLost(): boolean {
    this.#state = (this.#state * 48_271) % 2_147_483_647;
    return this.#state / 2_147_483_647 < this.#share;
  }
}

/** A packet behind its number and the time of its first sample, big-endian. */
export function stamp(
  packet: Uint8Array,
  sequence: number,
  sampleTime: number,
): Uint8Array<ArrayBuffer> {
  const stamped = new Uint8Array(STAMP_BYTES + packet.length);
  const view = new DataView(stamped.buffer);
  view.setUint32(0, sequence);
  view.setUint32(4, sampleTime % 2 ** 32);
  stamped.set(packet, STAMP_BYTES);
  return stamped;
}
