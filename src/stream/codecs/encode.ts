import { Buffer } from 'node:buffer';
import { createRequire } from 'node:module';
import { checkAudioFormat } from './create-decoder.ts';
import type { AudioFormat } from './decoder.ts';
import { pcm16ToAlaw, pcm16ToMulaw } from './g711.ts';
import { loadNativeOpus } from './opus.ts';

export interface PacketEncoderOptions {
  /** Bits per second of Opus, 6,000–128,000. Default 24,000. */
  readonly opusBitrate?: number;
}

/** Encodes packets of 20 ms for replay and tests. Stateful for Opus: one object per feed. */
export interface PacketEncoder {
  readonly format: AudioFormat;
  /** Samples per channel of a packet. */
  readonly packetSamples: number;
  /**
   * Encodes the packet that begins at `start`. Where the channels end, a PCM or G.711 packet is
   * shorter and an Opus packet is filled up with silence. Allocates the packet.
   * @throws RangeError when no sample is left at `start` or the channels do not fit the format
   */
  encode(channels: readonly Float32Array[], start?: number): Uint8Array;
  dispose(): void;
}

interface OpusEncoding {
  encode(pcm: Buffer): Uint8Array;
  dispose(): void;
}

const PACKET_MS = 20;
const DEFAULT_OPUS_BITRATE = 24_000;

/** A sample in [−1, 1] as a 16-bit integer, rounded and clipped. */
export function sampleToPcm16(sample: number): number {
  return Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_768)));
}

/**
 * An encoder of 20-ms packets. Deterministic: the same samples give the same bytes (for Opus, with
 * the same build of libopus).
 * @throws RangeError for a format or bitrate that cannot be encoded
 */
export function createPacketEncoder(
  format: AudioFormat,
  options: PacketEncoderOptions = {},
): PacketEncoder {
  checkAudioFormat(format);
  const packetSamples = (format.sampleRateHz * PACKET_MS) / 1000;
  if (format.codec === 'opus') {
    return createOpusPacketEncoder(format, packetSamples, options.opusBitrate);
  }
  if (format.codec === 'g722') throw new RangeError('codec must not be g722: it is decoded only');
  const write = WRITERS[format.codec];
  return {
    format,
    packetSamples,
    encode(channels, start = 0) {
      const samples = samplesLeft(format, channels, start, packetSamples);
      return write(channels, start, samples);
    },
    dispose() {
      // Holds nothing but numbers.
    },
  };
}

/** The packets of a recording of the format's rate, one by one. */
export function* eachPacket(
  encoder: PacketEncoder,
  channels: readonly Float32Array[],
): Generator<Uint8Array, void> {
  const total = channels[0]?.length ?? 0;
  for (let start = 0; start < total; start += encoder.packetSamples) {
    yield encoder.encode(channels, start);
  }
}

/** All packets of a recording of the format's rate. */
export function encodePackets(
  encoder: PacketEncoder,
  channels: readonly Float32Array[],
): Uint8Array[] {
  return [...eachPacket(encoder, channels)];
}

type Writer = (channels: readonly Float32Array[], start: number, samples: number) => Uint8Array;

function bytewise(toByte: (value: number) => number): Writer {
  return (channels, start, samples) => {
    const packet = new Uint8Array(samples * channels.length);
    for (const [channel, input] of channels.entries()) {
      for (let index = 0; index < samples; index += 1) {
        packet[index * channels.length + channel] = toByte(sampleToPcm16(input[start + index]!));
      }
    }
    return packet;
  };
}

function writePcm16(
  channels: readonly Float32Array[],
  start: number,
  samples: number,
  into = new Uint8Array(samples * channels.length * 2),
): Uint8Array {
  for (const [channel, input] of channels.entries()) {
    for (let index = 0; index < samples; index += 1) {
      const value = sampleToPcm16(input[start + index]!);
      const at = 2 * (index * channels.length + channel);
      into[at] = value & 0xff;
      into[at + 1] = (value >> 8) & 0xff;
    }
  }
  return into;
}

const WRITERS: Record<'pcm16' | 'mulaw' | 'alaw', Writer> = {
  pcm16: (channels, start, samples) => writePcm16(channels, start, samples),
  mulaw: bytewise(pcm16ToMulaw),
  alaw: bytewise(pcm16ToAlaw),
};

function createOpusPacketEncoder(
  format: AudioFormat,
  packetSamples: number,
  opusBitrate = DEFAULT_OPUS_BITRATE,
): PacketEncoder {
  if (!(Number.isInteger(opusBitrate) && opusBitrate >= 6_000 && opusBitrate <= 128_000)) {
    throw new RangeError(`opusBitrate must be an integer 6000-128000, got ${opusBitrate}`);
  }
  const opus = loadOpusEncoding(format, packetSamples, opusBitrate);
  // The native encoder aborts the process on lengths it does not know: it always gets this one.
  const pcm = Buffer.alloc(packetSamples * format.channels * 2);
  return {
    format,
    packetSamples,
    encode(channels, start = 0) {
      const samples = samplesLeft(format, channels, start, packetSamples);
      pcm.fill(0);
      writePcm16(channels, start, samples, pcm);
      return Uint8Array.from(opus.encode(pcm));
    },
    dispose: () => opus.dispose(),
  };
}

function samplesLeft(
  format: AudioFormat,
  channels: readonly Float32Array[],
  start: number,
  packetSamples: number,
): number {
  if (channels.length !== format.channels) {
    throw new RangeError(`channels must be ${format.channels} arrays, got ${channels.length}`);
  }
  const total = Math.min(...channels.map((channel) => channel.length));
  if (!(Number.isInteger(start) && start >= 0 && start < total)) {
    throw new RangeError(`start must be an integer in [0, ${total}), got ${start}`);
  }
  return Math.min(packetSamples, total - start);
}

interface OpusScript {
  encode(pcm: Buffer, frameSamples: number): Uint8Array;
  setBitrate(bitsPerSecond: number): void;
  delete(): void;
}
type OpusScriptConstructor = new (
  rateHz: number,
  channels: number,
  application: number,
) => OpusScript;

const OPUS_APPLICATION_AUDIO = 2049;

/** The native encoder where it loads, else `opusscript`. */
function loadOpusEncoding(
  format: AudioFormat,
  packetSamples: number,
  opusBitrate: number,
): OpusEncoding {
  try {
    const NativeClass = loadNativeOpus();
    const native = new NativeClass(format.sampleRateHz, format.channels);
    native.setBitrate(opusBitrate);
    return { encode: (pcm) => native.encode(pcm), dispose: () => undefined };
  } catch {
    // Not installed here: the portable encoder does the same, slower.
    return createOpusScriptEncoding(format, packetSamples, opusBitrate);
  }
}

/** Opus encoding in WebAssembly, for hosts without the native binding. */
export function createOpusScriptEncoding(
  format: AudioFormat,
  packetSamples: number,
  opusBitrate: number,
): OpusEncoding {
  const require = createRequire(import.meta.url);
  const OpusScriptClass = require('opusscript') as OpusScriptConstructor;
  const script = new OpusScriptClass(format.sampleRateHz, format.channels, OPUS_APPLICATION_AUDIO);
  script.setBitrate(opusBitrate);
  return {
    encode: (pcm) => script.encode(pcm, packetSamples),
    dispose: () => script.delete(),
  };
}
