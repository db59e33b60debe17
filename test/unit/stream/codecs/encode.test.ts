import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPacketDecoder, loadOpus } from '../../../../src/stream/codecs/create-decoder.ts';
import {
  createOpusScriptEncoding,
  createPacketEncoder,
  encodePackets,
  sampleToPcm16,
} from '../../../../src/stream/codecs/encode.ts';

const sine = (samples: number, rateHz: number) =>
  Float32Array.from({ length: samples }, (_, index) => 0.5 * Math.sin((2_764.6 * index) / rateHz));

describe('createPacketEncoder', () => {
  it('rounds and clips to 16 bits', () => {
    expect([-2, -1, 0.5 / 32_768, 0.25, 1, 2].map(sampleToPcm16)).toEqual([
      -32_768, -32_768, 1, 8_192, 32_767, 32_767,
    ]);
  });

  it.each(['pcm16', 'mulaw', 'alaw'] as const)('round-trips %s in packets of 20 ms', (codec) => {
    const format = { codec, sampleRateHz: 8_000, channels: 2 } as const;
    const encoder = createPacketEncoder(format);
    const channels = [sine(400, 8_000), sine(400, 8_000).map((sample) => -sample / 2)];
    const packets = encodePackets(encoder, channels);
    const bytes = codec === 'pcm16' ? 2 : 1;
    expect(packets.map((packet) => packet.length / bytes)).toEqual([320, 320, 160]);
    const decoder = createPacketDecoder(format, { targetRateHz: 8_000 });
    const out = [new Float32Array(1_600), new Float32Array(1_600)];
    for (const [index, packet] of packets.entries()) {
      const samples = decoder.decode(packet, out);
      for (let at = 0; at < samples; at++) {
        for (const [channel, wanted] of channels.entries()) {
          const error = Math.abs(out[channel]![at]! - wanted[index * 160 + at]!);
          expect(error).toBeLessThan(codec === 'pcm16' ? 1 / 32_768 : 0.02);
        }
      }
    }
  });

  it('gives back any 16-bit sample exactly', () => {
    fc.assert(
      fc.property(fc.integer({ min: -32_768, max: 32_767 }), (value) => {
        expect(sampleToPcm16(Math.fround(value / 32_768))).toBe(value);
      }),
      { seed: 1 },
    );
  });
});

describe('createPacketEncoder for Opus', () => {
  it('fills the last Opus packet up with silence and repeats itself to the byte', async () => {
    const format = { codec: 'opus', sampleRateHz: 16_000, channels: 1 } as const;
    const runs = [0, 1].map(() => encodePackets(createPacketEncoder(format), [sine(500, 16_000)]));
    expect(runs[0]).toEqual(runs[1]);
    const decoder = createPacketDecoder(format, { opus: await loadOpus(), targetRateHz: 16_000 });
    const out = [new Float32Array(decoder.maxPacketSamples)];
    expect(runs[0]!.map((packet) => decoder.decode(packet, out))).toEqual([320, 320]);
  });

  it('makes larger packets at a higher bitrate', () => {
    const format = { codec: 'opus', sampleRateHz: 48_000, channels: 1 } as const;
    const sizes = [8_000, 64_000].map((opusBitrate) =>
      encodePackets(createPacketEncoder(format, { opusBitrate }), [sine(48_000, 48_000)]).reduce(
        (sum, packet) => sum + packet.length,
        0,
      ),
    );
    expect(sizes[1]).toBeGreaterThan(2 * sizes[0]!);
  });

  it('encodes through opusscript where the native library is missing', async () => {
    const format = { codec: 'opus', sampleRateHz: 16_000, channels: 1 } as const;
    const script = createOpusScriptEncoding(format, 320, 24_000);
    const decoder = createPacketDecoder(format, { opus: await loadOpus(), targetRateHz: 16_000 });
    const out = [new Float32Array(decoder.maxPacketSamples)];
    const input = sine(320, 16_000);
    const pcm = Buffer.alloc(640);
    for (const [index, sample] of input.entries()) {
      pcm.writeInt16LE(sampleToPcm16(sample), index * 2);
    }
    let power = 0;
    for (let round = 0; round < 10; round++) {
      expect(decoder.decode(Uint8Array.from(script.encode(pcm)), out)).toBe(320);
      power = out[0]!.subarray(0, 320).reduce((sum, sample) => sum + sample ** 2, 0) / 320;
    }
    expect(power).toBeGreaterThan(0.08);
    expect(power).toBeLessThan(0.16);
    script.dispose();
  });

  it('refuses what it cannot encode', () => {
    const opus = { codec: 'opus', sampleRateHz: 16_000, channels: 1 } as const;
    expect(() => createPacketEncoder(opus, { opusBitrate: 100 })).toThrow(
      'opusBitrate must be an integer 6000-128000, got 100',
    );
    const encoder = createPacketEncoder({ codec: 'pcm16', sampleRateHz: 8_000, channels: 1 });
    expect(() => encoder.encode([])).toThrow('channels must be 1 arrays, got 0');
    expect(() => encoder.encode([new Float32Array(3)], 3)).toThrow(
      'start must be an integer in [0, 3), got 3',
    );
    expect(encodePackets(encoder, [new Float32Array(0)])).toEqual([]);
    encoder.dispose();
  });
});
