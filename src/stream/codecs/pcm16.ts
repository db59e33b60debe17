import type { AudioFormat, PacketDecoder } from './decoder.ts';
import { deinterleavedSamples } from './packet-size.ts';

/** Order of the two bytes of a sample. Every platform seen on a wire sends little-endian. */
export type ByteOrder = 'little' | 'big';

/** Decodes packets of signed 16-bit samples, channels interleaved. Stateless. */
export class Pcm16Decoder implements PacketDecoder {
  readonly sampleRateHz: number;
  readonly channels: 1 | 2;
  readonly maxPacketSamples: number;
  readonly #highByte: 0 | 1;

  constructor(format: AudioFormat, maxPacketSamples: number, byteOrder: ByteOrder = 'little') {
    if (format.codec !== 'pcm16') {
      throw new RangeError(`codec must be pcm16, got ${format.codec}`);
    }
    this.sampleRateHz = format.sampleRateHz;
    this.channels = format.channels;
    this.maxPacketSamples = maxPacketSamples;
    this.#highByte = byteOrder === 'little' ? 1 : 0;
  }

  /** Allocates: no. Reads byte by byte: a packet may start at an odd address. */
  decode(packet: Uint8Array, channelsOut: readonly Float32Array[]): number {
    const stepBytes = 2 * this.channels;
    const samples = deinterleavedSamples(packet.length, stepBytes, this.maxPacketSamples);
    const high = this.#highByte;
    const low = 1 - high;
    for (let channel = 0; channel < this.channels && samples > 0; channel += 1) {
      const output = channelsOut[channel]!;
      for (let index = 0, at = 2 * channel; index < samples; index += 1, at += stepBytes) {
        const value = ((packet[at + high]! << 24) >> 16) | packet[at + low]!;
        output[index] = value / 32_768;
      }
    }
    return samples;
  }

  dispose(): void {
    // Holds nothing but numbers.
  }
}
