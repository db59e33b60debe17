import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { decodeRecording, RecordingTooLongError } from '../../../src/audio-files/read-recording.ts';
import { fixturePath } from '../../support/wire-audio.ts';

const FILES = [
  'format_human_flac_16k.flac',
  'human_allison_en.flac',
  'two_channel_left_human_right_synthetic.flac',
  'format_human_mp3_16k.mp3',
  'format_human_mp3_stereo_44k1.mp3',
  'format_human_opus_ogg.opus',
  'format_human_opus_webm.webm',
  'format_human_vorbis.ogg',
  'format_human_wav_pcm16_8k.wav',
  'format_human_raw_8k.ulaw',
];

describe('a limit of length', () => {
  it.each(FILES)('changes no sample of %s', async (name) => {
    const bytes = await readFile(fixturePath(name));
    const whole = await decodeRecording(bytes, name);
    const limited = await decodeRecording(bytes, name, { maxSeconds: 600 });
    expect(limited).toEqual(whole);
  });

  it.each(FILES)('refuses a longer %s', async (name) => {
    const bytes = await readFile(fixturePath(name));
    const reading = decodeRecording(bytes, name, { maxSeconds: 1 });
    await expect(reading).rejects.toBeInstanceOf(RecordingTooLongError);
  });
});
