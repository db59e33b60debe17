import { describe, expect, it } from 'vitest';
import { RecordingError } from '../../../src/audio-files/recording.ts';
import { prepareAudio } from '../../../src/replay/prepare-audio.ts';
import { readSpeech } from '../../support/wire-audio.ts';

describe('prepareAudio', () => {
  it.each([
    { codec: 'pcm16', sampleRateHz: 8000, packetSamples: 160, bytes: 320 },
    { codec: 'pcm16', sampleRateHz: 16_000, packetSamples: 320, bytes: 640 },
    { codec: 'mulaw', sampleRateHz: 8000, packetSamples: 160, bytes: 160 },
    { codec: 'alaw', sampleRateHz: 8000, packetSamples: 160, bytes: 160 },
  ] as const)('cuts $codec at $sampleRateHz Hz into packets of 20 ms', async (wire) => {
    const { codec, sampleRateHz, packetSamples, bytes } = wire;
    const speech = await readSpeech();
    const audio = prepareAudio(speech, { codec, sampleRateHz });
    expect(audio.format).toEqual({ codec, sampleRateHz, channels: 1 });
    expect(audio.packetSamples).toBe(packetSamples);
    expect(audio.packets.every((packet) => packet.length === bytes)).toBe(true);
    expect(audio.packets).toHaveLength(Math.ceil(speech.seconds / 0.02));
    expect(audio.seconds).toBe(speech.seconds);
  });

  it.each([
    ['mulaw', 44_100, 8000],
    ['pcm16', 8000, 8000],
    ['pcm16', 11_025, 12_000],
    ['opus', 22_050, 24_000],
    ['opus', 96_000, 48_000],
  ] as const)('%s of %i Hz goes at %i Hz', (codec, fileRateHz, wireRateHz) => {
    const samples = new Float32Array(fileRateHz / 10).fill(0.1);
    const recording = { channels: [samples], sampleRateHz: fileRateHz, seconds: 0.1 };
    const { format } = prepareAudio(recording as never, { codec, sampleRateHz: null });
    expect(format.sampleRateHz).toBe(wireRateHz);
  });

  it('interleaves two channels and refuses none and three', async () => {
    const stereo = await readSpeech(2);
    const audio = prepareAudio(stereo, { codec: 'pcm16', sampleRateHz: 8000 });
    expect(audio.format.channels).toBe(2);
    expect(audio.packets[0]).toHaveLength(640);
    const three = { ...stereo, channels: [...stereo.channels, stereo.channels[0]!] };
    for (const recording of [three, { ...stereo, channels: [] }]) {
      expect(() => prepareAudio(recording, { codec: 'pcm16', sampleRateHz: null })).toThrow(
        /1 or 2 channels/,
      );
    }
  });

  it('says of a recording that no wire carries that it is the recording', async () => {
    const wire = { codec: 'pcm16', sampleRateHz: null } as const;
    const speech = await readSpeech(2);
    const three = { ...speech, channels: [...speech.channels, speech.channels[0]!] };
    expect(() => prepareAudio(three, wire)).toThrow(RecordingError);
    const odd = { ...speech, sampleRateHz: 22_051 };
    expect(() => prepareAudio(odd, wire)).toThrow(RecordingError);
    expect(() => prepareAudio(odd, wire)).toThrow('22051 Hz cannot be converted to 24000 Hz');
  });

  it('refuses a rate that the codec does not have', async () => {
    const speech = await readSpeech();
    expect(() => prepareAudio(speech, { codec: 'mulaw', sampleRateHz: 12_345 })).toThrow(
      RangeError,
    );
  });

  it('gives smaller Opus packets at a lower bit rate', async () => {
    const speech = await readSpeech();
    const bytesAt = (opusBitrate: number) =>
      prepareAudio(speech, { codec: 'opus', sampleRateHz: 16_000, opusBitrate }).packets.reduce(
        (sum, packet) => sum + packet.length,
        0,
      );
    expect(bytesAt(8000)).toBeLessThan(bytesAt(32_000));
  });
});
