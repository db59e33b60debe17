import type { AudioFormat, PacketDecoder } from './decoder.ts';
import { deinterleavedSamples } from './packet-size.ts';

/** The byte that an idle line sends: a run of it is digital silence. */
export const MULAW_SILENCE_BYTE = 0xff;
export const ALAW_SILENCE_BYTE = 0xd5;

const MULAW_BIAS = 132;
const MULAW_CLIP = 32_767 - MULAW_BIAS;

/**
 * The 16-bit value of a mu-law byte (ITU-T G.711, table 2a scaled from 14 to 16 bits): all bits are
 * inverted on the wire, then sign, 3 bits of segment, 4 bits of step.
 */
export function mulawToPcm16(byte: number): number {
  const bits = ~byte & 0xff;
  const magnitude = ((((bits & 0x0f) << 3) + MULAW_BIAS) << ((bits >> 4) & 7)) - MULAW_BIAS;
  return (bits & 0x80) === 0 ? magnitude : -magnitude;
}

/** The 16-bit value of an A-law byte (ITU-T G.711, table 1a scaled from 13 to 16 bits). */
export function alawToPcm16(byte: number): number {
  const bits = (byte ^ 0x55) & 0xff;
  const segment = (bits >> 4) & 7;
  const step = ((bits & 0x0f) << 4) + 8;
  const magnitude = segment === 0 ? step : (step + 256) << (segment - 1);
  return (bits & 0x80) === 0 ? -magnitude : magnitude;
}

/** The mu-law byte whose interval holds a 16-bit value; values beyond ±32,635 clip. */
export function pcm16ToMulaw(value: number): number {
  const sign = value < 0 ? 0x80 : 0;
  const biased = Math.min(Math.abs(value), MULAW_CLIP) + MULAW_BIAS;
  // The biased magnitude has its leading one at bit 7 to 14: that bit's place is the segment.
  const segment = 24 - Math.clz32(biased);
  return ~(sign | (segment << 4) | ((biased >> (segment + 3)) & 0x0f)) & 0xff;
}

/** The A-law byte whose interval holds a 16-bit value. */
export function pcm16ToAlaw(value: number): number {
  const sign = value < 0 ? 0 : 0x80;
  // One's complement, so that −1 … −16 take the interval of −8 as 0 … 15 take that of 8.
  const magnitude = value < 0 ? ~value : value;
  const segment = magnitude < 256 ? 0 : 24 - Math.clz32(magnitude);
  const step = segment === 0 ? magnitude >> 4 : (magnitude >> (segment + 3)) & 0x0f;
  return (sign | (segment << 4) | step) ^ 0x55;
}

function tableOf(toPcm16: (byte: number) => number): Float32Array {
  return Float32Array.from({ length: 256 }, (_, byte) => toPcm16(byte) / 32_768);
}

/** Byte → sample in [−1, 1]: the 16-bit values above divided by 32,768. */
export const MULAW_SAMPLES: Float32Array = tableOf(mulawToPcm16);
export const ALAW_SAMPLES: Float32Array = tableOf(alawToPcm16);

/** Decodes G.711 packets by table: a byte a sample, channels interleaved. Stateless. */
export class G711Decoder implements PacketDecoder {
  readonly sampleRateHz: number;
  readonly channels: 1 | 2;
  readonly maxPacketSamples: number;
  readonly #table: Float32Array;

  constructor(format: AudioFormat, maxPacketSamples: number) {
    if (format.codec !== 'mulaw' && format.codec !== 'alaw') {
      throw new RangeError(`codec must be mulaw or alaw, got ${format.codec}`);
    }
    this.sampleRateHz = format.sampleRateHz;
    this.channels = format.channels;
    this.maxPacketSamples = maxPacketSamples;
    this.#table = format.codec === 'mulaw' ? MULAW_SAMPLES : ALAW_SAMPLES;
  }

  /** Allocates: no. */
  decode(packet: Uint8Array, channelsOut: readonly Float32Array[]): number {
    const channels = this.channels;
    const samples = deinterleavedSamples(packet.length, channels, this.maxPacketSamples);
    const table = this.#table;
    for (let channel = 0; channel < channels && samples > 0; channel += 1) {
      const output = channelsOut[channel]!;
      for (let index = 0, at = channel; index < samples; index += 1, at += channels) {
        output[index] = table[packet[at]!]!;
      }
    }
    return samples;
  }

  dispose(): void {
    // Holds nothing but numbers.
  }
}
