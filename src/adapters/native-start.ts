import type { LegStart } from '../stream/call.ts';
import { checkAudioFormat } from '../stream/codecs/create-decoder.ts';
import type { AudioFormat } from '../stream/codecs/decoder.ts';
import type { StartMessage } from './native-messages.ts';

const DEFAULT_LEG_IDS = ['caller', 'callee'] as const;

/** The audio that a start asks for; null when there is no such. */
export function formatOf({ audio }: StartMessage): AudioFormat | null {
  const format: AudioFormat = {
    codec: audio.codec,
    sampleRateHz: audio.sampleRateHz,
    channels: audio.channels as 1 | 2,
  };
  try {
    checkAudioFormat(format);
    return format;
  } catch {
    // The check throws for options; here the options came from the peer.
    return null;
  }
}

/** One leg a channel, with distinct names; null when they do not fit. */
export function legsOf(message: StartMessage, format: AudioFormat): LegStart[] | null {
  const legs =
    message.legs ??
    DEFAULT_LEG_IDS.slice(0, format.channels).map((id): LegStart => ({ id, role: id }));
  const ids = new Set(legs.map(({ id }) => id));
  return legs.length === format.channels && ids.size === legs.length ? legs : null;
}

/** Whether a call can go on with the audio of another socket. */
export function isSameFormat(a: AudioFormat, b: AudioFormat): boolean {
  return a.codec === b.codec && a.sampleRateHz === b.sampleRateHz && a.channels === b.channels;
}
