import type { AudioFormat } from '../stream/codecs/decoder.ts';
import { isRecord, wholeNumberOf } from './media-text.ts';
import { isSupported } from './platform-stream.ts';

/** Names of raw audio; the vendor's own list is not public. */
const CODECS: ReadonlyMap<string, 'pcm16' | 'mulaw' | 'alaw'> = new Map([
  ...['s16le', 'pcm_s16le', 'pcm16', 'pcm', 'linear16', 'l16', 'raw'].map(
    (name) => [name, 'pcm16'] as const,
  ),
  ...['mulaw', 'ulaw', 'pcm_mulaw', 'pcmu'].map((name) => [name, 'mulaw'] as const),
  ...['alaw', 'pcm_alaw', 'pcma'].map((name) => [name, 'alaw'] as const),
]);
/** Longer than any name with its rate. */
const MAX_NAME_CHARACTERS = 64;
const DEFAULT_RATES_HZ = { pcm16: 16_000, mulaw: 8_000, alaw: 8_000 } as const;

/**
 * `audioFormat` of the first text: a name with a rate behind it, as `s16le_16000`,
 * `pcm;rate=8000` or `mulaw`, or an object with encoding, sampleRate and channels.
 * @returns null when it does not name raw audio of one channel that can be decoded
 */
export function hiyaFormatOf(audioFormat: unknown): AudioFormat | null {
  if (typeof audioFormat === 'string') {
    if (audioFormat.length > MAX_NAME_CHARACTERS) return null;
    const match = /^(.*?)(?:[_;:,@/ -]\s*(?:rate=)?(\d{4,6}))?$/.exec(audioFormat.trim());
    return formatOf(match?.[1], match?.[2], 1);
  }
  if (!isRecord(audioFormat)) return null;
  const { encoding, codec, sampleRate, sample_rate, channels } = audioFormat;
  return formatOf(encoding ?? codec, sampleRate ?? sample_rate, channels ?? 1);
}

function formatOf(name: unknown, rate: unknown, channels: unknown): AudioFormat | null {
  const codec = typeof name === 'string' ? CODECS.get(name.toLowerCase()) : undefined;
  if (codec === undefined || wholeNumberOf(channels) !== 1) return null;
  const sampleRateHz = rate === undefined ? DEFAULT_RATES_HZ[codec] : wholeNumberOf(rate);
  const format: AudioFormat = { codec, sampleRateHz, channels: 1 };
  return isSupported(format) ? format : null;
}
