import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { findMp3Frame, mp3ChannelCount } from '../../../src/audio-files/mp3-frames.ts';
import { decodeRecording } from '../../../src/audio-files/read-recording.ts';
import { sniffContainer, sniffMp3 } from '../../../src/audio-files/sniff.ts';

const fixture = (name: string) => readFile(new URL(`../../fixtures/${name}`, import.meta.url));
// An ID3v2.4 tag of 300 bytes: 2 × 128 + 44.
const ID3 = Buffer.concat([Buffer.from('ID3\x04\0\0\0\0\x02\x2c', 'latin1'), Buffer.alloc(300)]);

describe('sniffing', () => {
  it('finds MP3 behind an ID3 tag', async () => {
    const mp3 = await fixture('format_human_mp3_16k.mp3');
    const bare = mp3.subarray(findMp3Frame(mp3));
    const tagged = Buffer.concat([ID3, bare]);
    expect(findMp3Frame(tagged)).toBe(310);
    expect(sniffMp3(tagged)).toBe('mp3');
    expect((await decodeRecording(tagged, 'x')).container).toBe('mp3');
  });

  it('finds it behind two tags, of which one has a foot', async () => {
    const mp3 = await fixture('format_human_mp3_16k.mp3');
    const bare = mp3.subarray(findMp3Frame(mp3));
    // Larger than what is searched without a tag.
    const large = Buffer.concat([
      Buffer.from('ID3\x03\0\0\0\0\x40\0', 'latin1'),
      Buffer.alloc(8_192),
    ]);
    const footed = Buffer.concat([ID3, Buffer.from('3DI\x04\0\x10\0\0\x02\x2c', 'latin1')]);
    footed[5] = 0x10;
    const tagged = Buffer.concat([large, footed, bare]);
    expect(findMp3Frame(tagged)).toBe(8_202 + 320);
    expect((await decodeRecording(tagged, 'x')).container).toBe('mp3');
  });

  it('tells one channel from two', async () => {
    const mono = await fixture('format_human_mp3_16k.mp3');
    const stereo = await fixture('format_human_mp3_stereo_44k1.mp3');
    expect([mp3ChannelCount(mono), mp3ChannelCount(stereo)]).toEqual([1, 2]);
    // One becomes the other.
    expect(mp3ChannelCount(Buffer.concat([mono, stereo]))).toBe(2);
  });

  it('finds FLAC behind an ID3 tag', async () => {
    const flac = await fixture('tone_440hz.flac');
    expect(sniffContainer(flac)).toBe('flac');
    const recording = await decodeRecording(Buffer.concat([ID3, flac]), 'x');
    expect(recording).toMatchObject({ container: 'flac', seconds: 3 });
  });

  it('takes no single frame header for MP3', () => {
    expect(findMp3Frame(Uint8Array.of(0xff, 0xfb, 0x90, 0x64))).toBe(-1);
    expect(findMp3Frame(new Uint8Array(10_000).fill(0xff))).toBe(-1);
    expect(sniffMp3(new Uint8Array(0))).toBeUndefined();
  });

  it('tells the codecs of Ogg apart', async () => {
    expect(sniffContainer(await fixture('format_human_opus_ogg.opus'))).toBe('ogg-opus');
    expect(sniffContainer(await fixture('format_human_vorbis.ogg'))).toBe('ogg-vorbis');
  });
});
