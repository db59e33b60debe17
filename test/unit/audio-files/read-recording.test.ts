import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  decodeRecording,
  type Recording,
  RecordingError,
  readRecording,
} from '../../../src/audio-files/read-recording.ts';
import { resampleRecording } from '../../../src/stream/resampler.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/', import.meta.url));
const read = (name: string) => readRecording(`${FIXTURES}${name}`);

interface Row {
  readonly file: string;
  readonly kind: string;
  readonly seconds: number;
  readonly sampleRateHz: number;
  readonly channels: number;
}

/** `fixtures.csv` up to the columns in use; fields with a comma are quoted. */
async function readTable(): Promise<Row[]> {
  const text = await readFile(`${FIXTURES}fixtures.csv`, 'utf8');
  return text
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => {
      const fields = [...line.matchAll(/(?:^|,)(?:"([^"]*)"|([^,]*))/g)].map(
        ([, quoted, plain]) => quoted ?? plain ?? '',
      );
      return {
        file: fields[0]!,
        kind: fields[1]!,
        seconds: Number(fields[5]),
        sampleRateHz: Number(fields[6]),
        channels: Number(fields[7]),
      };
    });
}

/** Largest normalised correlation of two signals over shifts of up to `maxShift` samples. */
function correlation(a: Float32Array, b: Float32Array, maxShift: number): number {
  const length = Math.min(a.length, b.length) - 2 * maxShift;
  let best = -1;
  for (let shift = -maxShift; shift <= maxShift; shift++) {
    let product = 0;
    let powerA = 0;
    let powerB = 0;
    for (let index = maxShift; index < maxShift + length; index++) {
      const x = a[index]!;
      const y = b[index + shift]!;
      product += x * y;
      powerA += x * x;
      powerB += y * y;
    }
    best = Math.max(best, product / Math.sqrt(powerA * powerB));
  }
  return best;
}

function at8kHz({ sampleRateHz, channels }: Recording): Float32Array {
  return resampleRecording(channels[0]!, { inputRateHz: sampleRateHz, outputRateHz: 8_000 });
}

describe('the fixtures', () => {
  let table: Row[];

  beforeAll(async () => {
    table = await readTable();
  });

  it('decode to the seconds, rate and channels of their table', async () => {
    const rows = table.filter(({ kind }) => kind !== 'broken');
    expect(rows.length).toBeGreaterThan(50);
    for (const { file, seconds, sampleRateHz, channels } of rows) {
      const recording = await read(file);
      expect({ file, rate: recording.sampleRateHz, count: recording.channels.length }).toEqual({
        file,
        rate: sampleRateHz,
        count: channels,
      });
      // MP3 may be padded by some frames.
      const tolerance = file.endsWith('.mp3') ? 0.15 : 0.0051;
      expect(Math.abs(recording.seconds - seconds), file).toBeLessThan(tolerance);
      expect(recording.channels[0]!.every((sample) => Math.abs(sample) <= 1)).toBe(true);
    }
  });

  it.each([
    ['human', 14, 'format_human_flac_16k.flac'],
    ['synth', 1, 'format_synth_flac_16k.flac'],
  ])('hold the same %s audio in every format', async (content, least, original) => {
    const wanted = at8kHz(await read(original)).subarray(0, 16_000 * 2);
    const files = table
      .map(({ file }) => file)
      .filter((file) => file.startsWith(`format_${content}_`))
      .filter((file) => file !== original);
    expect(files.length + 1).toBeGreaterThanOrEqual(least);
    for (const file of files) {
      const found = at8kHz(await read(file));
      // Shifts: the padding of MP3, about 140 ms at most.
      const shift = file.endsWith('.mp3') ? 1_200 : 8;
      expect(correlation(wanted, found, shift), file).toBeGreaterThan(0.93);
    }
  });
});

describe('broken files', () => {
  it.each([
    ['broken_empty.wav', 'the file is empty'],
    ['broken_header_only.wav', 'there are no samples in it'],
    ['broken_zero_rate.wav', 'WAV says a sample rate of 0'],
    ['broken_text.wav', 'this is no WAV, FLAC, MP3, Ogg Opus, Ogg Vorbis or WebM Opus file'],
    [
      'broken_random_bytes.opus',
      'this is no WAV, FLAC, MP3, Ogg Opus, Ogg Vorbis or WebM Opus file',
    ],
  ])('%s is refused in one line', async (file, message) => {
    const error: unknown = await read(file).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RecordingError);
    expect((error as RecordingError).message).toBe(message);
  });

  it('leaves what the file system says as it is', async () => {
    await expect(read('no-such-file.wav')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.each([
    ['broken_streaming_header.wav', 2],
    ['broken_truncated.wav', 2],
    ['broken_odd_length.s16le', 1],
  ])('%s gives the audio that is there', async (file, seconds) => {
    const recording = await read(file);
    expect(recording.seconds).toBeCloseTo(seconds, 2);
    const whole = await read('format_human_wav_pcm16_8k.wav');
    const length = recording.channels[0]!.length;
    for (let index = 0; index < length; index++) {
      // They were resampled in another run: one 16-bit step apart here and there.
      const step = Math.abs(recording.channels[0]![index]! - whole.channels[0]![index]!);
      expect(step).toBeLessThanOrEqual(1 / 32_768);
    }
  });
});

describe('decodeRecording', () => {
  it('gives the same numbers from FLAC and from WAV', async () => {
    const [flac, wav] = [
      await read('format_human_flac_16k.flac'),
      await read('format_human_wav_pcm16_16k.wav'),
    ];
    expect(flac.channels).toEqual(wav.channels);
    const square = (await read('tone_square_full_scale.flac')).channels[0]!;
    expect(Math.min(...square)).toBe(-1);
    expect(Math.max(...square)).toBe(32_767 / 32_768);
  });

  it('reads a FLAC file to its last, very short frame', async () => {
    const silence = (await read('silence_digital.flac')).channels[0]!;
    expect(silence).toEqual(new Float32Array(24_000));
  });

  it('reads a FLAC file to its end in front of a tag', async () => {
    const bytes = await readFile(`${FIXTURES}format_human_flac_16k.flac`);
    const tag = Buffer.alloc(128, 'TAGtitle');
    const tagged = await decodeRecording(Buffer.concat([bytes, tag]), 'call.flac');
    const plain = await decodeRecording(bytes, 'call.flac');
    expect(tagged.channels).toEqual(plain.channels);
  });

  it('goes by the bytes, not by the name', async () => {
    const bytes = await readFile(`${FIXTURES}format_human_flac_16k.flac`);
    expect((await decodeRecording(bytes, 'call.wav')).container).toBe('flac');
    expect((await decodeRecording(bytes, 'call.ulaw')).container).toBe('flac');
  });

  it('reads anything as headerless audio when told to', async () => {
    const bytes = Uint8Array.of(0x80, 0xff, 0x00);
    const recording = await decodeRecording(bytes, 'x.wav', {
      raw: {
        codec: 'mulaw',
        sampleRateHz: 16_000,
      },
    });
    expect(recording).toMatchObject({ sampleRateHz: 16_000, container: 'raw' });
    expect([...recording.channels[0]!].map((sample) => sample * 32_768)).toEqual([
      32_124, 0, -32_124,
    ]);
  });

  it.each([
    ['....ftypM4A ', 'MP4/M4A'],
    ['FORM....AIFF', 'AIFF'],
    ['#!AMR\n', 'AMR'],
    ['OggS..........Speex   ', 'Ogg holds neither'],
  ])('names the container of %j', async (text, name) => {
    await expect(decodeRecording(Buffer.from(text), 'x')).rejects.toThrow(name);
  });

  it('decodes what is left of cut-off compressed files, or says that nothing is', async () => {
    for (const file of [
      'format_human_flac_16k.flac',
      'format_human_mp3_16k.mp3',
      'format_human_opus_ogg.opus',
      'format_human_vorbis.ogg',
    ]) {
      const bytes = await readFile(`${FIXTURES}${file}`);
      const half = await decodeRecording(bytes.subarray(0, bytes.length >> 1), file);
      // Of Ogg, whole pages: of about a second here.
      expect(half.seconds, file).toBeGreaterThan(0.9);
      expect(half.seconds, file).toBeLessThan(3);
      const head = decodeRecording(bytes.subarray(0, 60), file);
      await expect(head, file).rejects.toBeInstanceOf(RecordingError);
    }
  });

  it('answers any bytes with audio or a RecordingError', async () => {
    const starts = ['', 'RIFF....WAVEfmt ', 'OggS', 'RIFF....WAVEdata', 'ID3'];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...starts),
        fc.uint8Array({ maxLength: 200 }),
        async (start, bytes) => {
          const file = Buffer.concat([Buffer.from(start, 'latin1'), bytes]);
          const result: unknown = await decodeRecording(file, 'x').catch((e: unknown) => e);
          if (result instanceof Error) expect(result).toBeInstanceOf(RecordingError);
          else expect((result as Recording).channels.length).toBeGreaterThan(0);
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });
});
