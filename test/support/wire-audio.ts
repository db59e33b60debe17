import { fileURLToPath } from 'node:url';
import { type Recording, readRecording } from '../../src/audio-files/read-recording.ts';
import { type PreparedAudio, prepareAudio } from '../../src/replay/prepare-audio.ts';
import type { ServerMessage } from '../../src/replay/server-message.ts';
import { traceLine } from '../../src/replay/trace.ts';
import type { AudioFormat } from '../../src/stream/codecs/decoder.ts';
import type { ScreeningEvent } from '../../src/stream/screening-events.ts';

/** A file of test/fixtures as a path. */
export function fixturePath(name: string): string {
  return fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
}

/** Four seconds of human speech at 8 kHz, or the two-channel call. */
export function readSpeech(channels: 1 | 2 = 1): Promise<Recording> {
  return readRecording(fixturePath('format_human_wav_pcm16_8k.wav')).then((recording) => {
    const [samples] = recording.channels;
    if (channels === 1 || samples === undefined) return recording;
    const second = samples.map((_, index) => 0.5 * samples[samples.length - 1 - index]!);
    return { ...recording, channels: [samples, second] };
  });
}

/** The speech as packets of a format. */
export async function speechPackets(format: AudioFormat): Promise<PreparedAudio> {
  const { codec, sampleRateHz, channels } = format;
  return prepareAudio(await readSpeech(channels), { codec, sampleRateHz });
}

const SCREENING_TYPES = new Set(['score', 'verdict', 'gap', 'paused', 'resumed', 'finalized']);

/**
 * What must be the same in every run: the lines of the screening events without the latency, and
 * with one call id for all.
 */
export function stableTrace(messages: readonly (ServerMessage | ScreeningEvent)[]): string[] {
  return messages
    .filter(({ type }) => SCREENING_TYPES.has(type) || type === 'stopped')
    .map((event) => traceLine({ ...event, callId: 'call' } as ScreeningEvent, true));
}
