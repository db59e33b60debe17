import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { createPacketDecoder } from '../stream/codecs/create-decoder.ts';
import type { AudioFormat } from '../stream/codecs/decoder.ts';
import type { OpusRateHz } from '../stream/codecs/opus-packet.ts';
import { decodeCompressed } from './compressed.ts';
import {
  type Container,
  type DecodedAudio,
  type Recording,
  RecordingError,
  RecordingTooLongError,
} from './recording.ts';
import { sniffContainer, sniffMp3 } from './sniff.ts';
import { decodeWav } from './wav.ts';
import { decodeWebm } from './webm.ts';

export { type Recording, RecordingError, RecordingTooLongError } from './recording.ts';

/** How to read a file without a header. One channel. */
export interface RawAudio {
  readonly codec: 'pcm16' | 'mulaw' | 'alaw';
  /** 8,000, 16,000, 24,000, 32,000, 44,100 or 48,000. */
  readonly sampleRateHz: number;
}

export interface ReadOptions {
  /** Reads the file as such audio whatever it looks like. */
  readonly raw?: RawAudio | undefined;
  /** Rate at which Opus is decoded. Default 48,000. */
  readonly opusRateHz?: OpusRateHz | undefined;
  /** Longer recordings are refused, before they fill the memory. Default: no limit. */
  readonly maxSeconds?: number | undefined;
}

/** Files without a header, by the ending of their name. */
const RAW_BY_EXTENSION: Readonly<Record<string, RawAudio>> = {
  '.ulaw': { codec: 'mulaw', sampleRateHz: 8_000 },
  '.mulaw': { codec: 'mulaw', sampleRateHz: 8_000 },
  '.g711': { codec: 'mulaw', sampleRateHz: 8_000 },
  '.alaw': { codec: 'alaw', sampleRateHz: 8_000 },
  '.s16le': { codec: 'pcm16', sampleRateHz: 8_000 },
};

/**
 * Reads a recording: WAV, FLAC, MP3, Ogg Opus, Ogg Vorbis or WebM Opus by its first bytes, or audio without a
 * header by the ending of its name (.ulaw, .mulaw, .g711, .alaw, .s16le: 8 kHz, one channel).
 * @throws RecordingError with one line when it holds no audio that can be read; what the file system
 * says (e.g. ENOENT) as it is
 */
export async function readRecording(path: string, options: ReadOptions = {}): Promise<Recording> {
  return decodeRecording(await readFile(path), path, options);
}

/**
 * Decodes a recording in memory; see `readRecording`.
 * @param nameHint a file name, whose ending tells headerless audio
 */
export async function decodeRecording(
  bytes: Uint8Array,
  nameHint: string,
  options: ReadOptions = {},
): Promise<Recording> {
  const recording = await decodeAny(bytes, nameHint, options);
  const { maxSeconds = Number.POSITIVE_INFINITY } = options;
  if (recording.seconds > maxSeconds) throw new RecordingTooLongError(maxSeconds);
  return recording;
}

async function decodeAny(
  bytes: Uint8Array,
  nameHint: string,
  { raw, opusRateHz, maxSeconds }: ReadOptions,
): Promise<Recording> {
  if (bytes.length === 0) throw new RecordingError('the file is empty');
  if (raw !== undefined) return recordingOf(decodeRaw(bytes, raw), 'raw');
  const rawByName = RAW_BY_EXTENSION[extname(nameHint).toLowerCase()];
  const container = containerOf(bytes, nameHint);
  if (container === undefined) {
    throw new RecordingError('this is no WAV, FLAC, MP3, Ogg Opus, Ogg Vorbis or WebM Opus file');
  }
  if (container === 'raw') return recordingOf(decodeRaw(bytes, rawByName!), container);
  if (container === 'wav') return recordingOf(decodeWav(bytes), container);
  const options = { opusRateHz, maxSeconds };
  const decoded =
    container === 'webm-opus'
      ? await decodeWebm(bytes, options)
      : await decodeCompressed(bytes, container, options);
  return recordingOf(decoded, container);
}

/** What a file is by its first bytes, or by the ending of its name. */
export function containerOf(bytes: Uint8Array, nameHint: string): Container | undefined {
  const isRaw = extname(nameHint).toLowerCase() in RAW_BY_EXTENSION;
  // MP3 frames have no magic number: headerless audio may look like one by chance.
  return sniffContainer(bytes) ?? (isRaw ? 'raw' : sniffMp3(bytes));
}

/** A trailing part of a sample is left out. @throws RangeError for a rate that is not listed */
function decodeRaw(bytes: Uint8Array, raw: RawAudio): DecodedAudio {
  const format: AudioFormat = { ...raw, channels: 1 };
  const bytesPerSample = raw.codec === 'pcm16' ? 2 : 1;
  const samples = Math.floor(bytes.length / bytesPerSample);
  const output = new Float32Array(samples);
  const decoder = createPacketDecoder(format, { targetRateHz: raw.sampleRateHz });
  for (let start = 0; start < samples; start += decoder.maxPacketSamples) {
    const end = Math.min(samples, start + decoder.maxPacketSamples);
    const packet = bytes.subarray(start * bytesPerSample, end * bytesPerSample);
    decoder.decode(packet, [output.subarray(start, end)]);
  }
  return { sampleRateHz: raw.sampleRateHz, channels: [output] };
}

function recordingOf(decoded: DecodedAudio, container: Container): Recording {
  const { sampleRateHz, channels } = decoded;
  const samples = channels[0]?.length ?? 0;
  if (samples === 0) throw new RecordingError('there are no samples in it');
  for (const channel of channels) limit(channel);
  return { sampleRateHz, channels, seconds: samples / sampleRateHz, container };
}

/** Float formats and lossy decoders may go beyond full scale, or hold what is no number. */
export function limit(samples: Float32Array): void {
  for (let index = 0; index < samples.length; index += 1) {
    const sample = samples[index]!;
    if (sample >= -1 && sample <= 1) continue;
    samples[index] = Number.isNaN(sample) ? 0 : Math.sign(sample);
  }
}
