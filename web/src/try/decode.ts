import { ALAW_SAMPLES, MULAW_SAMPLES } from '../../../src/stream/codecs/g711.ts';

/** Audio of one or two channels, samples in [−1, 1]. */
export interface Audio {
  readonly channels: readonly Float32Array<ArrayBuffer>[];
  readonly sampleRateHz: number;
}

/** The browser cannot read the file; the service perhaps can. */
export class Undecodable extends Error {}

const RAW_RATE_HZ = 8000;
const TABLES: Readonly<Record<string, Float32Array>> = {
  ulaw: MULAW_SAMPLES,
  alaw: ALAW_SAMPLES,
};
/** Endings of files without a header: 8 kHz, one channel. */
export const RAW_ENDINGS = ['ulaw', 'alaw', 's16le', 'raw', 'pcm'] as const;

/** Rates of PCM that the native protocol takes. */
export const PCM_RATES_HZ = [8_000, 12_000, 16_000, 24_000, 32_000, 44_100, 48_000] as const;

export function isRaw(fileName: string): boolean {
  return RAW_ENDINGS.some((ending) => fileName.toLowerCase().endsWith(`.${ending}`));
}

/**
 * Decodes a file in the browser.
 * @param rateHz the rate wanted; null = the file's own, or the next one that the protocol has
 * @throws Undecodable when the browser cannot
 */
export async function decode(file: File, rateHz: number | null): Promise<Audio> {
  const bytes = await file.arrayBuffer();
  const raw = isRaw(file.name);
  const content = raw ? wavOf(rawSamples(file.name, bytes)) : bytes;
  const ownRateHz = raw ? RAW_RATE_HZ : (rateOf(new Uint8Array(bytes)) ?? 48_000);
  const targetHz = rateHz ?? PCM_RATES_HZ.find((rate) => rate >= ownRateHz) ?? 48_000;
  const context = new OfflineAudioContext(1, 1, targetHz);
  let buffer: AudioBuffer;
  try {
    buffer = await context.decodeAudioData(content);
  } catch {
    throw new Undecodable();
  }
  if (buffer.numberOfChannels > 2 || buffer.length === 0) throw new Undecodable();
  const channels = Array.from({ length: buffer.numberOfChannels }, (_, index) =>
    buffer.getChannelData(index).slice(),
  );
  return { channels, sampleRateHz: targetHz };
}

/** Sample rate by the header of a container, or null where it does not tell. */
export function rateOf(bytes: Uint8Array): number | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (at: number, length: number) =>
    String.fromCharCode(...bytes.subarray(at, at + length));
  if (bytes.length < 64) return null;
  if (text(0, 4) === 'RIFF' && text(8, 4) === 'WAVE') return rateOfWav(view, text);
  // STREAMINFO comes first: its rate is the 20 bits after ten bytes.
  if (text(0, 4) === 'fLaC') return view.getUint32(18) >>> 12;
  if (text(0, 4) === 'OggS' && text(28, 8) === 'OpusHead') return view.getUint32(40, true);
  if (text(0, 4) === 'OggS' && text(29, 6) === 'vorbis') return view.getUint32(40, true);
  return rateOfMp3(bytes, text);
}

function rateOfWav(view: DataView, text: (at: number, length: number) => string): number | null {
  for (let at = 12; at + 16 < view.byteLength; ) {
    if (text(at, 4) === 'fmt ') return view.getUint32(at + 12, true);
    at += 8 + view.getUint32(at + 4, true) + (view.getUint32(at + 4, true) & 1);
  }
  return null;
}

const MP3_RATES_HZ = [
  [11_025, 12_000, 8_000],
  null,
  [22_050, 24_000, 16_000],
  [44_100, 48_000, 32_000],
] as const;

function rateOfMp3(bytes: Uint8Array, text: (at: number, length: number) => string): number | null {
  const hasId3 = text(0, 3) === 'ID3';
  const size = (at: number) =>
    bytes.subarray(at, at + 4).reduce((sum, byte) => sum * 128 + byte, 0);
  const at = hasId3 ? 10 + size(6) : 0;
  if (bytes[at] !== 0xff || ((bytes[at + 1] ?? 0) & 0xe0) !== 0xe0) return null;
  return MP3_RATES_HZ[((bytes[at + 1] ?? 0) >> 3) & 3]?.[((bytes[at + 2] ?? 0) >> 2) & 3] ?? null;
}

function rawSamples(fileName: string, bytes: ArrayBuffer): Int16Array<ArrayBuffer> {
  const table = TABLES[fileName.toLowerCase().split('.').at(-1) ?? ''];
  if (table === undefined) return new Int16Array(bytes.slice(0, bytes.byteLength & ~1));
  return Int16Array.from(new Uint8Array(bytes), (byte) => table[byte]! * 32_768);
}

/** Samples of 8 kHz as a WAV file: browsers resample what they decode, and do that well. */
function wavOf(samples: Int16Array): ArrayBuffer {
  const file = new ArrayBuffer(44 + 2 * samples.length);
  const view = new DataView(file);
  const put = (at: number, text: string) =>
    new Uint8Array(file, at).set([...text].map((letter) => letter.charCodeAt(0)));
  put(0, 'RIFF');
  view.setUint32(4, 36 + 2 * samples.length, true);
  put(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, RAW_RATE_HZ, true);
  view.setUint32(28, 2 * RAW_RATE_HZ, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  put(36, 'data');
  view.setUint32(40, 2 * samples.length, true);
  for (let at = 0; at < samples.length; at++) view.setInt16(44 + 2 * at, samples[at]!, true);
  return file;
}
