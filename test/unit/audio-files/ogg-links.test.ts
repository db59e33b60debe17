import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { joinLinks, oggLinks } from '../../../src/audio-files/ogg-links.ts';
import {
  decodeRecording,
  RecordingError,
  RecordingTooLongError,
} from '../../../src/audio-files/read-recording.ts';
import { fixturePath } from '../../support/wire-audio.ts';

const FILES = ['format_human_opus_ogg.opus', 'format_human_vorbis.ogg'];
const read = (name: string) => readFile(fixturePath(name));

/** Where each page begins (RFC 3533, 6), and the end. */
function pageStarts(file: Buffer): number[] {
  const starts = [0];
  for (let at = 0; at < file.length; ) {
    const segments = file[at + 26]!;
    const table = file.subarray(at + 27, at + 27 + segments);
    at += 27 + segments + table.reduce((sum, bytes) => sum + bytes, 0);
    starts.push(at);
  }
  return starts;
}

function areSame(samples: Float32Array, others: Float32Array): boolean {
  return samples.length === others.length && samples.every((one, at) => one === others[at]);
}

describe('streams one after the other in an Ogg file', () => {
  it.each(FILES)('are all read, and nothing else: %s', async (name) => {
    const bytes = await read(name);
    const [one] = (await decodeRecording(bytes, name)).channels;
    for (const maxSeconds of [undefined, 600]) {
      const chained = Buffer.concat([bytes, bytes, bytes]);
      const { channels } = await decodeRecording(chained, name, { maxSeconds });
      expect(channels.map(({ length }) => length)).toEqual([3 * one!.length]);
      for (const link of [0, 1, 2]) {
        const start = link * one!.length;
        expect(areSame(channels[0]!.subarray(start, start + one!.length), one!)).toBe(true);
      }
    }
  });

  it.each(FILES)('count against a limit of length together: %s', async (name) => {
    const bytes = await read(name);
    const reading = decodeRecording(Buffer.concat([bytes, bytes]), name, { maxSeconds: 6 });
    await expect(reading).rejects.toBeInstanceOf(RecordingTooLongError);
  });

  it('are refused when they are of different codecs, rates or channels, or too many', async () => {
    const [opus, vorbis] = await Promise.all(FILES.map(read));
    const mixed = decodeRecording(Buffer.concat([opus!, vorbis!]), 'x.ogg');
    await expect(mixed).rejects.toBeInstanceOf(RecordingError);
    const audio = (sampleRateHz: number, channels: number) => ({
      sampleRateHz,
      channels: Array.from({ length: channels }, () => Float32Array.of(0.5)),
    });
    expect(joinLinks([audio(8_000, 1), audio(8_000, 1)]).channels).toEqual([
      Float32Array.of(0.5, 0.5),
    ]);
    expect(() => joinLinks([audio(8_000, 1), audio(16_000, 1)])).toThrow(/different rates/);
    expect(() => joinLinks([audio(8_000, 1), audio(8_000, 2)])).toThrow(/different rates/);
    expect(() => joinLinks([audio(8_000, 0)])).toThrow(/no audio/);
    const short = opus!.subarray(0, pageStarts(opus!)[3]);
    expect(() => oggLinks(Buffer.concat(Array.from({ length: 300 }, () => short)))).toThrow(
      /too many streams/,
    );
  });
});

describe('an Ogg file that was cut off', () => {
  it.each(FILES)('gives the audio of its whole pages, nothing made up: %s', async (name) => {
    const bytes = await read(name);
    const starts = pageStarts(bytes);
    const cutPage = starts.findLastIndex((at, page) => starts[page + 1]! - at > 1_000);
    expect(cutPage).toBeGreaterThan(2);
    const at = starts[cutPage]!;
    const whole = await decodeRecording(bytes.subarray(0, at), name);
    for (const more of [4, 27, 60, 999]) {
      const cut = await decodeRecording(bytes.subarray(0, at + more), name);
      expect(cut.seconds, `${more} bytes more`).toBe(whole.seconds);
      expect(areSame(cut.channels[0]!, whole.channels[0]!)).toBe(true);
    }
  });
});
