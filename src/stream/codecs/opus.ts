import { Buffer } from 'node:buffer';
import { createRequire } from 'node:module';
import type { PacketDecoder } from './decoder.ts';
import {
  checkOpusOutput,
  decodableOpusSamples,
  MAX_OPUS_PACKET_BYTES,
  MAX_OPUS_PACKET_MS,
  type OpusOutput,
} from './opus-packet.ts';

/** The part of `@discordjs/opus` in use; one object can decode and encode. */
export interface NativeOpus {
  decode(packet: Buffer): Buffer;
  encode(pcm: Buffer): Buffer;
  setBitrate(bitsPerSecond: number): void;
}
export type NativeOpusConstructor = new (rateHz: number, channels: number) => NativeOpus;

/**
 * Loads the native binding. It is an optional dependency without types of its own at hand when it
 * is not installed, hence `require` and not `import`.
 * @throws whatever the loader says when the package or its binary is missing
 */
export function loadNativeOpus(): NativeOpusConstructor {
  const require = createRequire(import.meta.url);
  const loaded: unknown = require('@discordjs/opus');
  const NativeClass = (loaded as { OpusEncoder?: unknown }).OpusEncoder;
  if (typeof NativeClass !== 'function') {
    throw new TypeError(`@discordjs/opus must export OpusEncoder, got ${typeof NativeClass}`);
  }
  return NativeClass as NativeOpusConstructor;
}

/**
 * Opus through the native libopus. The binding aborts the whole process on input it does not
 * expect, so it only ever sees a real Buffer of our own with 1–1,275 bytes, whose first bytes
 * promise at most 120 ms.
 */
export class NativeOpusDecoder implements PacketDecoder {
  readonly sampleRateHz: number;
  readonly channels: 1 | 2;
  readonly maxPacketSamples: number;
  readonly #packet = Buffer.alloc(MAX_OPUS_PACKET_BYTES);
  #opus: NativeOpus | undefined;

  constructor(NativeClass: NativeOpusConstructor, output: OpusOutput) {
    checkOpusOutput(output);
    this.sampleRateHz = output.sampleRateHz;
    this.channels = output.channels;
    this.maxPacketSamples = (MAX_OPUS_PACKET_MS * output.sampleRateHz) / 1000;
    this.#opus = new NativeClass(output.sampleRateHz, output.channels);
  }

  /** Allocates: a Buffer view of the packet and the binding's copy of the samples. */
  decode(packet: Uint8Array, channelsOut: readonly Float32Array[]): number {
    const samples = decodableOpusSamples(packet, this.sampleRateHz);
    if (samples < 0 || this.#opus === undefined) return -1;
    this.#packet.set(packet);
    let pcm: Buffer;
    try {
      pcm = this.#opus.decode(this.#packet.subarray(0, packet.length));
    } catch {
      // A corrupt packet; the decoder stays usable and the caller counts.
      return -1;
    }
    if (pcm.length !== samples * 2 * this.channels) return -1;
    return copyPcm16(pcm, channelsOut, this.channels);
  }

  dispose(): void {
    this.#opus = undefined;
  }
}

function copyPcm16(
  pcm: Uint8Array,
  channelsOut: readonly Float32Array[],
  channels: number,
): number {
  const samples = pcm.length / (2 * channels);
  for (let channel = 0; channel < channels; channel += 1) {
    const output = channelsOut[channel]!;
    let at = 2 * channel;
    for (let index = 0; index < samples; index += 1) {
      output[index] = (((pcm[at + 1]! << 24) >> 16) | pcm[at]!) / 32_768;
      at += 2 * channels;
    }
  }
  return samples;
}
