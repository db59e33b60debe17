import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRecording, type RecordingStream } from '../../../src/audio-files/open-recording.ts';
import { RecordingError, readRecording } from '../../../src/audio-files/read-recording.ts';
import { createRandom } from '../../../src/random.ts';
import { wireAudio, wireStream } from '../../../src/replay/prepare-audio.ts';
import { fixturePath } from '../../support/wire-audio.ts';

const FILES = [
  'format_human_flac_16k.flac',
  'two_channel_left_human_right_synthetic.flac',
  'format_human_mp3_16k.mp3',
  'format_human_mp3_stereo_44k1.mp3',
  'format_human_opus_ogg.opus',
  'format_human_vorbis.ogg',
];

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-open-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function streamOf(path: string): Promise<RecordingStream> {
  const recording = await openRecording(path, 0);
  if (!('pieces' in recording)) throw new Error(`${path} is no stream`);
  return recording;
}

/** The samples of a stream, put together. */
async function wholeOf(path: string) {
  const { sampleRateHz, channelCount, pieces } = await streamOf(path);
  const channels: number[][] = Array.from({ length: channelCount }, () => []);
  let count = 0;
  for await (const piece of pieces) {
    count++;
    for (const [at, samples] of piece.entries()) channels[at]!.push(...samples);
  }
  return { sampleRateHz, channels: channels.map((samples) => Float32Array.from(samples)), count };
}

/** A fixture with bytes that were drawn anew. */
function damage(name: string): string {
  const bytes = readFileSync(fixturePath(name));
  const random = createRandom(3);
  for (let hit = 0; hit < 40; hit++) {
    bytes[200 + random.integer(bytes.length - 200)] = random.integer(256);
  }
  const path = join(folder, `damaged-${name}`);
  writeFileSync(path, bytes);
  return path;
}

describe('a recording that is decoded while it is used', () => {
  it.each(FILES)('has the samples of the whole %s', async (name) => {
    const path = fixturePath(name);
    const { channels, sampleRateHz } = await readRecording(path);
    const whole = await wholeOf(path);
    expect(whole.count).toBeGreaterThan(1);
    expect(whole.sampleRateHz).toBe(sampleRateHz);
    expect(whole.channels).toEqual(channels);
  });

  it.each(['format_human_mp3_16k.mp3', 'format_human_opus_ogg.opus'])(
    'has those of a damaged %s, of which no line is printed',
    async (name) => {
      // A line of a decoder package would fail this test.
      const path = damage(name);
      const { channels } = await readRecording(path);
      expect((await wholeOf(path)).channels).toEqual(channels);
      expect(channels[0]).not.toEqual((await readRecording(fixturePath(name))).channels[0]);
    },
  );

  it.each([
    ['pcm16', null],
    ['pcm16', 8_000],
    ['mulaw', null],
    ['opus', 48_000],
  ] as const)('gives the same packets of %s at %s Hz', async (codec, sampleRateHz) => {
    for (const name of ['format_human_mp3_stereo_44k1.mp3', 'format_human_flac_16k.flac']) {
      const wire = { codec, sampleRateHz };
      const whole = wireAudio(await readRecording(fixturePath(name)), wire);
      const stream = wireStream(await streamOf(fixturePath(name)), wire);
      const packets: Uint8Array[] = [];
      for await (const packet of stream.packets) packets.push(packet);
      expect([stream.format, stream.packetSamples]).toEqual([whole.format, whole.packetSamples]);
      expect(packets).toEqual([...whole.packets]);
    }
  });

  it('is a small file, or another format, decoded at once', async () => {
    for (const name of ['format_human_mp3_16k.mp3', 'human_allison_en.flac']) {
      expect(await openRecording(fixturePath(name))).toEqual(
        await readRecording(fixturePath(name)),
      );
    }
    const wav = fixturePath('format_human_wav_pcm16_8k.wav');
    expect(await openRecording(wav, 0)).toEqual(await readRecording(wav));
    // Its name says what it is, as when it is read at once.
    const raw = join(folder, 'frames.ulaw');
    writeFileSync(raw, readFileSync(fixturePath('format_human_mp3_16k.mp3')).subarray(600));
    expect(await openRecording(raw, 0)).toEqual(await readRecording(raw));
  });

  it('is refused as the whole is: nothing to decode, another codec in its middle', async () => {
    const empty = join(folder, 'empty.flac');
    writeFileSync(empty, readFileSync(fixturePath('format_human_flac_16k.flac')).subarray(0, 60));
    const chained = join(folder, 'chained.ogg');
    const parts = ['format_human_vorbis.ogg', 'format_human_opus_ogg.opus'];
    writeFileSync(chained, Buffer.concat(parts.map((name) => readFileSync(fixturePath(name)))));
    for (const [path, reason] of [
      [empty, 'no audio could be decoded from flac'],
      [chained, 'the compressed audio is damaged'],
    ] as const) {
      await expect(readRecording(path)).rejects.toThrow(reason);
      await expect(wholeOf(path)).rejects.toThrow(new RecordingError(reason));
    }
  });
});

describe('an MP3 of several sample rates', () => {
  const bytesOf = (name: string) => readFileSync(fixturePath(name));
  const MONO_16K = 'format_human_mp3_16k.mp3';
  const STEREO_44K1 = 'format_human_mp3_stereo_44k1.mp3';

  it.each([
    [MONO_16K, STEREO_44K1],
    [STEREO_44K1, MONO_16K],
  ])('has each at its own, at the rate of the first (%s, then %s)', async (first, second) => {
    const path = join(folder, `${first}-${second}`);
    writeFileSync(path, Buffer.concat([bytesOf(first), bytesOf(second)]));
    const [a, b, both] = await Promise.all(
      [fixturePath(first), fixturePath(second), path].map((name) => readRecording(name)),
    );
    expect(both!.sampleRateHz).toBe(a!.sampleRateHz);
    // As many as the part with most: none is lost.
    expect(both!.channels).toHaveLength(2);
    expect(both!.seconds).toBeCloseTo(a!.seconds + b!.seconds, 1);
    const head = both!.channels[0]!.subarray(0, a!.channels[0]!.length);
    expect(head).toEqual(a!.channels[0]);
    expect((await wholeOf(path)).channels).toEqual(both!.channels);
    await expect(readRecording(path, { maxSeconds: 5 })).rejects.toThrow('longer than 5 seconds');
  });

  it('is refused when it changes too often', async () => {
    const path = join(folder, 'many.mp3');
    const pair = [bytesOf(MONO_16K).subarray(0, 4_000), bytesOf(STEREO_44K1).subarray(0, 4_000)];
    writeFileSync(path, Buffer.concat(Array.from({ length: 130 }, () => pair).flat()));
    const reading = readRecording(path);
    await expect(reading).rejects.toThrow(RecordingError);
    await expect(reading).rejects.toThrow('changes its sample rate too often');
  });
});

describe('an MP3 that goes from mono to stereo at one rate', () => {
  const FRAME_SAMPLES = 1_152;
  const MONO_FRAMES = 100;
  /** 44.1 kHz, 128 kbit/s; its side information is all zeros: silence. */
  const monoFrame = Buffer.concat([Buffer.from('fffb90c4', 'hex'), Buffer.alloc(413)]);
  const mono = Array.from({ length: MONO_FRAMES }, () => monoFrame);

  it('has both channels, of its mono part twice the same', async () => {
    const name = fixturePath('format_human_mp3_stereo_44k1.mp3');
    const path = join(folder, 'mono-then-stereo.mp3');
    writeFileSync(path, Buffer.concat([...mono, readFileSync(name)]));
    const [stereo, both] = await Promise.all([readRecording(name), readRecording(path)]);
    expect(both.channels).toHaveLength(2);
    // In mid-file the decoder leaves in what it takes away at a beginning: a frame of facts, its delay.
    const begin = (MONO_FRAMES + 1) * FRAME_SAMPLES + 1_105;
    for (const [at, wanted] of stereo.channels.entries()) {
      const found = both.channels[at]!.subarray(begin);
      const worst = found.reduce((most, x, n) => Math.max(most, Math.abs(x - (wanted[n] ?? x))), 0);
      expect(worst).toBeLessThan(1e-3);
      expect(both.channels[at]!.subarray(0, MONO_FRAMES * FRAME_SAMPLES).some(Boolean)).toBe(false);
    }
    expect(stereo.channels[0]).not.toEqual(stereo.channels[1]);
    expect((await wholeOf(path)).channels).toEqual(both.channels);
  });

  it('is none for a single odd header', async () => {
    const odd = Buffer.from(monoFrame);
    odd[3] = 0x04;
    const path = join(folder, 'odd.mp3');
    writeFileSync(path, Buffer.concat([...mono.slice(50), odd, ...mono.slice(50)]));
    expect((await readRecording(path)).channels).toHaveLength(1);
    expect((await wholeOf(path)).channels).toHaveLength(1);
  });
});
