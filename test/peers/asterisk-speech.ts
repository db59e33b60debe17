import type { AudioFormat } from '../../src/stream/codecs/decoder.ts';
import { speechPackets } from '../support/wire-audio.ts';

/** One of Asterisk's audio formats. */
export interface AsteriskFormat {
  /** As dial strings have it. */
  readonly name: string;
  /** Of raw recordings. */
  readonly ending: string;
  readonly format: AudioFormat;
}

const LINEAR_RATES_HZ = [8_000, 12_000, 16_000, 24_000, 32_000, 44_100, 48_000, 96_000, 192_000];

/** Signed linear at every rate, in the order of AudioSocket's kinds. */
export const LINEAR_FORMATS: readonly AsteriskFormat[] = LINEAR_RATES_HZ.map((sampleRateHz) => {
  const suffix = sampleRateHz === 8_000 ? '' : String(Math.floor(sampleRateHz / 1_000));
  const format: AudioFormat = { codec: 'pcm16', sampleRateHz, channels: 1 };
  return { name: `slin${suffix}`, ending: `sln${suffix}`, format };
});

/** What Asterisk plays from a file and sends on untouched. */
export const RAW_FORMATS: readonly AsteriskFormat[] = [
  { name: 'ulaw', ending: 'ulaw', format: { codec: 'mulaw', sampleRateHz: 8_000, channels: 1 } },
  { name: 'alaw', ending: 'alaw', format: { codec: 'alaw', sampleRateHz: 8_000, channels: 1 } },
  ...LINEAR_FORMATS,
];

/** The recording `speech` in each of the formats, and `quiet`, a quarter as loud, for Asterisk's disk. */
export async function readAsteriskSpeech(
  formats: readonly AsteriskFormat[] = RAW_FORMATS,
): Promise<Map<string, Uint8Array>> {
  const speech = new Map<string, Uint8Array>();
  for (const { ending, format } of formats) {
    const { packets } = await speechPackets(format);
    speech.set(`speech.${ending}`, Buffer.concat(packets));
  }
  const [linear] = LINEAR_FORMATS;
  const quiet = Buffer.concat((await speechPackets(linear!.format)).packets);
  for (let at = 0; at < quiet.length; at += 2) quiet.writeInt16LE(quiet.readInt16LE(at) >> 2, at);
  return speech.set('quiet.sln', quiet);
}
