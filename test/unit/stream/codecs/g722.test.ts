import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createPacketDecoder } from '../../../../src/stream/codecs/create-decoder.ts';
import type { AudioFormat } from '../../../../src/stream/codecs/decoder.ts';
import { G722Decoder } from '../../../../src/stream/codecs/g722.ts';

const G722: AudioFormat = { codec: 'g722', sampleRateHz: 16_000, channels: 1 };
const golden = (name: string) =>
  readFileSync(new URL(`../../../golden/g722/${name}`, import.meta.url));

function goldenSamples(name: string): Int16Array {
  const bytes = golden(`${name}.s16le`);
  return Int16Array.from({ length: bytes.length / 2 }, (_, index) => bytes.readInt16LE(2 * index));
}

function decodeIn(packets: readonly Uint8Array[]): Int16Array {
  const decoder = createPacketDecoder(G722, { targetRateHz: 16_000 });
  const out = [new Float32Array(decoder.maxPacketSamples)];
  const samples: number[] = [];
  for (const packet of packets) {
    const count = decoder.decode(packet, out);
    expect(count).toBe(2 * packet.length);
    for (let index = 0; index < count; index++) samples.push(32_768 * out[0]![index]!);
  }
  return Int16Array.from(samples);
}

function cut(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const packets: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const end = at + lengths[turn % lengths.length]!;
    packets.push(bytes.subarray(at, end));
    at = end;
  }
  return packets;
}

describe('G722Decoder', () => {
  it.each(['speech', 'random'])('decodes %s as ffmpeg does, bit by bit', (name) => {
    const wanted = goldenSamples(name);
    expect(wanted.length).toBeGreaterThan(2_000);
    expect(decodeIn(cut(golden(`${name}.g722`), [160]))).toEqual(wanted);
  });

  it('does not care where packets are cut', () => {
    const bytes = golden('speech.g722');
    expect(decodeIn(cut(bytes, [1, 137, 1_600, 80]))).toEqual(goldenSamples('speech'));
  });

  it('refuses empty and overlong packets, and stays usable', () => {
    const decoder = new G722Decoder(G722, 320);
    const out = [new Float32Array(320)];
    expect(decoder.decode(new Uint8Array(0), out)).toBe(-1);
    expect(decoder.decode(new Uint8Array(161), out)).toBe(-1);
    expect(decoder.decode(golden('speech.g722').subarray(0, 160), out)).toBe(320);
    const first = Array.from(out[0]!, (sample) => 32_768 * sample);
    expect(first).toEqual([...goldenSamples('speech').subarray(0, 320)]);
  });

  it('is for G.722 only', () => {
    expect(() => new G722Decoder({ ...G722, codec: 'mulaw' }, 320)).toThrow(
      'codec must be g722, got mulaw',
    );
  });
});
