import { describe, expect, it } from 'vitest';
import wavefile from 'wavefile';
import { decodeRecording } from '../../../src/audio-files/read-recording.ts';
import { decodeWav } from '../../../src/audio-files/wav.ts';

// Written by an independent package, read by ours.
const LEFT = [0, 0.25, -0.5, 0.75, -0.99, 0.001];
const RIGHT = LEFT.map((sample) => -sample);

function written(bitDepth: string, scale: number, container: 'RIFF' | 'RF64' = 'RIFF') {
  const wav = new wavefile.WaveFile();
  const scaled = [LEFT, RIGHT].map((channel) =>
    channel.map((sample) => (scale === 1 ? sample : Math.round(sample * scale))),
  );
  const unsigned = scaled.map((channel) => channel.map((value) => value + 128));
  wav.fromScratch(2, 22_050, bitDepth, bitDepth === '8' ? unsigned : scaled, { container });
  return wav;
}

function expectClose(found: Float32Array, wanted: readonly number[], tolerance: number) {
  expect(found.length).toBe(wanted.length);
  for (const [index, sample] of wanted.entries()) {
    expect(Math.abs(found[index]! - sample)).toBeLessThanOrEqual(tolerance);
  }
}

describe('decodeWav', () => {
  it.each([
    ['8', 127, 1 / 100],
    ['16', 2 ** 15 - 1, 1e-4],
    ['24', 2 ** 23 - 1, 1e-6],
    ['32', 2 ** 31 - 1, 1e-6],
    ['32f', 1, 1e-7],
    ['64', 1, 1e-7],
  ] as const)('reads %s bits of two channels', (bitDepth, scale, tolerance) => {
    const { sampleRateHz, channels } = decodeWav(written(bitDepth, scale).toBuffer());
    expect(sampleRateHz).toBe(22_050);
    expectClose(channels[0]!, LEFT, tolerance);
    expectClose(channels[1]!, RIGHT, tolerance);
  });

  it('reads mu-law and A-law', () => {
    for (const convert of ['toMuLaw', 'toALaw'] as const) {
      const wav = written('16', 2 ** 15 - 1);
      wav[convert]();
      const { channels } = decodeWav(wav.toBuffer());
      for (const [index, wanted] of [LEFT, RIGHT].entries()) {
        expectClose(channels[index]!.subarray(0, wanted.length), wanted, 0.02);
      }
    }
  });

  it('reads RF64', () => {
    expectClose(decodeWav(written('16', 2 ** 15 - 1, 'RF64').toBuffer()).channels[0]!, LEFT, 1e-4);
  });

  it('reads BW64 as RF64', async () => {
    const file = Buffer.from(written('16', 2 ** 15 - 1, 'RF64').toBuffer());
    file.write('BW64');
    expectClose((await decodeRecording(file, 'x')).channels[0]!, LEFT, 1e-4);
  });

  it('reads 24 bits in the upper bits of 4 bytes', () => {
    const file = Buffer.from(written('32', 2 ** 31 - 1).toBuffer());
    file.writeUInt16LE(24, 34);
    const { channels } = decodeWav(file);
    expectClose(channels[0]!, LEFT, 1e-6);
    expectClose(channels[1]!, RIGHT, 1e-6);
  });

  it.each([
    ['with', [0]],
    ['without', []],
  ])('passes over a chunk of odd size %s its filling byte', (_, filling) => {
    const file = written('16', 2 ** 15 - 1).toBuffer();
    const odd = [...Buffer.from('LIST'), 5, 0, 0, 0, ...Buffer.from('hello'), ...filling];
    const longer = Buffer.concat([file.subarray(0, 36), Uint8Array.from(odd), file.subarray(36)]);
    expectClose(decodeWav(longer).channels[0]!, LEFT, 1e-4);
  });

  it('limits floats beyond full scale and drops what is no number', async () => {
    const wav = new wavefile.WaveFile();
    wav.fromScratch(1, 8_000, '32f', [2, -3, 0.5, Number.NaN]);
    const { channels } = await decodeRecording(wav.toBuffer(), 'x.wav');
    expect([...channels[0]!]).toEqual([1, -1, 0.5, 0]);
  });

  it('takes all there is when no length was ever filled in', () => {
    const file = written('16', 2 ** 15 - 1).toBuffer();
    const view = new DataView(file.buffer, file.byteOffset);
    view.setUint32(4, 0, true);
    view.setUint32(40, 0, true);
    expectClose(decodeWav(file).channels[0]!, LEFT, 1e-4);
  });

  it.each([
    ['an unknown codec', 20, 0x11, 'WAV codec 17 with 16 bits is not supported'],
    ['no channels', 22, 0, 'WAV says 0 channels'],
    ['an odd sample size', 34, 48, 'WAV codec 1 with 48 bits is not supported'],
  ])('refuses %s', (_, offset, value, message) => {
    const file = written('16', 2 ** 15 - 1).toBuffer();
    new DataView(file.buffer, file.byteOffset).setUint16(offset, value, true);
    expect(() => decodeWav(file)).toThrow(message);
  });

  it.each([
    ['its own length ends with the head', 36],
    ['its own length is unknown', 0xffff_ffff],
  ])('takes all there is when the audio says 0 bytes and %s', (_, riffBytes) => {
    const bytes = Buffer.from(written('16', 2 ** 15 - 1).toBuffer());
    const dataAt = bytes.indexOf('data');
    expect(dataAt).toBe(36);
    bytes.writeUInt32LE(riffBytes, 4);
    bytes.writeUInt32LE(0, dataAt + 4);
    expectClose(decodeWav(bytes).channels[0]!, LEFT, 1e-4);
  });

  it('finds no audio before what follows an empty chunk of a file of known length', () => {
    const bytes = Buffer.from(written('16', 2 ** 15 - 1).toBuffer());
    bytes.writeUInt32LE(0, bytes.indexOf('data') + 4);
    expect(decodeWav(bytes).channels[0]).toHaveLength(0);
  });

  it('refuses a file without format or audio', () => {
    const file = written('16', 2 ** 15 - 1).toBuffer();
    expect(() => decodeWav(file.subarray(0, 30))).toThrow('incomplete format chunk');
    expect(() => decodeWav(file.subarray(0, 36))).toThrow('no audio chunk');
    const headless = Buffer.concat([file.subarray(0, 12), file.subarray(36)]);
    expect(() => decodeWav(headless)).toThrow('audio before its format');
  });
});
