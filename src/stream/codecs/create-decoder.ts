import type { AudioFormat, CodecName, PacketDecoder } from './decoder.ts';
import { G711Decoder } from './g711.ts';
import { G722_RATE_HZ, G722Decoder } from './g722.ts';
import { loadNativeOpus, NativeOpusDecoder } from './opus.ts';
import { OPUS_RATES_HZ, type OpusOutput, type OpusRateHz } from './opus-packet.ts';
import { WasmOpus, WasmOpusDecoder } from './opus-wasm.ts';
import { type ByteOrder, Pcm16Decoder } from './pcm16.ts';

/** Rates that a PCM or G.711 feed may declare. */
export const PCM_RATES_HZ = [
  8_000, 12_000, 16_000, 24_000, 32_000, 44_100, 48_000, 64_000, 96_000, 192_000,
] as const;

/** Which libopus decodes in this thread. */
export interface OpusBackend {
  readonly name: 'native' | 'wasm';
  /** Why this one, for the log: one line. */
  readonly reason: string;
  /** @throws RangeError for output that libopus cannot give; Error when memory is out (wasm). */
  createDecoder(output: OpusOutput): PacketDecoder;
}

export interface PacketDecoderOptions {
  /** Needed for Opus feeds only. */
  readonly opus?: OpusBackend;
  /** Rate that the detector wants, > 0 and at most 48,000 for Opus. */
  readonly targetRateHz: number;
  /** Longest PCM, G.711 or G.722 packet that one call decodes; longer ones are refused. Default 200. */
  readonly maxPacketMs?: number;
  /** Byte order of PCM. Default little. */
  readonly byteOrder?: ByteOrder;
}

const DEFAULT_MAX_PACKET_MS = 200;

/**
 * Loads libopus for this thread: the native one where it is installed, else WebAssembly.
 * @param prefer `auto` falls back, `wasm` does not try the native one
 */
export async function loadOpus(prefer: 'auto' | 'wasm' = 'auto'): Promise<OpusBackend> {
  let reason = 'asked for';
  if (prefer === 'auto') {
    try {
      const NativeClass = loadNativeOpus();
      return {
        name: 'native',
        reason: '@discordjs/opus loaded',
        createDecoder: (output) => new NativeOpusDecoder(NativeClass, output),
      };
    } catch (error) {
      reason = `@discordjs/opus did not load: ${firstLine(error)}`;
    }
  }
  const wasm = await WasmOpus.load();
  return {
    name: 'wasm',
    reason,
    createDecoder: (output) => new WasmOpusDecoder(wasm, output),
  };
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n', 1)[0]!;
}

/** The lowest rate of libopus that is not below `targetRateHz`. @throws RangeError above 48,000. */
export function opusOutputRateHz(targetRateHz: number): OpusRateHz {
  const found = OPUS_RATES_HZ.find((rateHz) => rateHz >= targetRateHz);
  if (!(targetRateHz > 0) || found === undefined) {
    throw new RangeError(`targetRateHz must be > 0 and <= 48000 for Opus, got ${targetRateHz}`);
  }
  return found;
}

/**
 * A decoder for the packets of one feed. An Opus feed is decoded at the lowest rate of libopus
 * that serves `targetRateHz`, whatever the feed declares: libopus limits the band itself, which
 * saves a resampler. E.g. Opus of 48 kHz for a detector of 16 kHz gives samples of 16 kHz.
 * @throws RangeError for a format that cannot be decoded; TypeError when `opus` is missing
 */
export function createPacketDecoder(
  format: AudioFormat,
  options: PacketDecoderOptions,
): PacketDecoder {
  checkAudioFormat(format);
  if (format.codec === 'opus') {
    if (options.opus === undefined) throw new TypeError('opus must be given for an Opus feed');
    const sampleRateHz = opusOutputRateHz(options.targetRateHz);
    return options.opus.createDecoder({ sampleRateHz, channels: format.channels });
  }
  const maxPacketMs = options.maxPacketMs ?? DEFAULT_MAX_PACKET_MS;
  if (!(maxPacketMs > 0 && maxPacketMs <= 60_000)) {
    throw new RangeError(`maxPacketMs must be > 0 and <= 60000, got ${maxPacketMs}`);
  }
  const maxPacketSamples = Math.ceil((maxPacketMs * format.sampleRateHz) / 1000);
  if (format.codec === 'pcm16') {
    return new Pcm16Decoder(format, maxPacketSamples, options.byteOrder);
  }
  if (format.codec === 'g722') return new G722Decoder(format, maxPacketSamples);
  return new G711Decoder(format, maxPacketSamples);
}

const RATES_HZ: Readonly<Record<CodecName, readonly number[]>> = {
  pcm16: PCM_RATES_HZ,
  mulaw: PCM_RATES_HZ,
  alaw: PCM_RATES_HZ,
  opus: OPUS_RATES_HZ,
  g722: [G722_RATE_HZ],
};

/** @throws RangeError naming what is accepted and what came. */
export function checkAudioFormat(format: AudioFormat): void {
  const { codec, sampleRateHz, channels } = format;
  if (!Object.hasOwn(RATES_HZ, codec)) {
    throw new RangeError(`codec must be pcm16, mulaw, alaw, opus or g722, got ${String(codec)}`);
  }
  if (channels !== 1 && channels !== 2) {
    throw new RangeError(`channels must be 1 or 2, got ${String(channels)}`);
  }
  if (codec === 'g722' && channels !== 1) {
    throw new RangeError(`channels of g722 must be 1, got ${channels}`);
  }
  const accepted = RATES_HZ[codec];
  if (accepted.includes(sampleRateHz)) return;
  throw new RangeError(
    `sampleRateHz of ${codec} must be one of ${accepted.join(', ')}, got ${sampleRateHz}`,
  );
}
