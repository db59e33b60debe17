import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadOpus, type OpusBackend } from '../../../../src/stream/codecs/create-decoder.ts';
import type { PacketDecoder } from '../../../../src/stream/codecs/decoder.ts';
import { createPacketEncoder, encodePackets } from '../../../../src/stream/codecs/encode.ts';
import { opusPacketDurationSamples } from '../../../../src/stream/codecs/opus-packet.ts';

function tone(rateHz: number, seconds: number, frequencyHz: number): Float32Array {
  return Float32Array.from(
    { length: rateHz * seconds },
    (_, index) => 0.5 * Math.sin((2 * Math.PI * frequencyHz * index) / rateHz),
  );
}

function outputsOf(decoder: PacketDecoder): Float32Array[] {
  return Array.from({ length: decoder.channels }, () => new Float32Array(decoder.maxPacketSamples));
}

/** Amplitude of one frequency: the signal against a complex exponential. */
function amplitude(samples: Float32Array, rateHz: number, frequencyHz: number): number {
  let real = 0;
  let imaginary = 0;
  for (const [index, sample] of samples.entries()) {
    real += sample * Math.cos((2 * Math.PI * frequencyHz * index) / rateHz);
    imaginary += sample * Math.sin((2 * Math.PI * frequencyHz * index) / rateHz);
  }
  return (2 * Math.hypot(real, imaginary)) / samples.length;
}

function toneEncoded(channels: 1 | 2): Uint8Array[] {
  const encoder = createPacketEncoder({ codec: 'opus', sampleRateHz: 48_000, channels });
  const left = tone(48_000, 1, 440);
  const packets = encodePackets(encoder, channels === 1 ? [left] : [left, tone(48_000, 1, 1_000)]);
  encoder.dispose();
  return packets;
}

describe('opusPacketDurationSamples', () => {
  // RFC 6716, table 2: configuration number → frame of so many milliseconds.
  const FRAME_MS = [10, 20, 40, 60];
  const CELT_MS = [2.5, 5, 10, 20];
  const frameMs = (config: number) =>
    config < 12
      ? FRAME_MS[config % 4]!
      : config < 16
        ? [10, 20][config % 2]!
        : CELT_MS[config % 4]!;

  it('knows all 32 configurations and the frame counts', () => {
    for (let config = 0; config < 32; config++) {
      const packetOf = (code: number) => Uint8Array.of((config << 3) | code, 0);
      expect(opusPacketDurationSamples(packetOf(0), 48_000)).toBe(frameMs(config) * 48);
      expect(opusPacketDurationSamples(packetOf(1), 8_000)).toBe(frameMs(config) * 16);
      expect(opusPacketDurationSamples(packetOf(2), 16_000)).toBe(frameMs(config) * 32);
    }
  });

  it('counts frames of code 3 and refuses none, and more than 120 ms', () => {
    const twentyMs = (1 << 3) | 3;
    expect(opusPacketDurationSamples(Uint8Array.of(twentyMs, 6), 48_000)).toBe(5_760);
    expect(opusPacketDurationSamples(Uint8Array.of(twentyMs, 7), 48_000)).toBe(-1);
    expect(opusPacketDurationSamples(Uint8Array.of(twentyMs, 0xc0), 48_000)).toBe(-1);
    expect(opusPacketDurationSamples(Uint8Array.of(twentyMs), 48_000)).toBe(-1);
    expect(opusPacketDurationSamples(new Uint8Array(0), 48_000)).toBe(-1);
  });
});

const LIBRARIES = ['auto', 'wasm'] as const;
const loaded = new Map<string, OpusBackend>();

beforeAll(async () => {
  for (const prefer of LIBRARIES) loaded.set(prefer, await loadOpus(prefer));
});

describe.each(LIBRARIES)('Opus decoder (%s) on good packets', (prefer) => {
  let opus: OpusBackend;

  beforeAll(() => {
    opus = loaded.get(prefer)!;
  });

  it('says which one it is', () => {
    expect(['native', 'wasm']).toContain(opus.name);
    expect(opus.reason).not.toContain('\n');
    if (prefer === 'wasm') expect(opus.name).toBe('wasm');
  });

  it.each([8_000, 12_000, 16_000, 24_000, 48_000] as const)('gives a tone at %i Hz', (rateHz) => {
    const decoder = opus.createDecoder({ sampleRateHz: rateHz, channels: 1 });
    const out = outputsOf(decoder);
    const decoded = new Float32Array(rateHz);
    for (const [index, packet] of toneEncoded(1).entries()) {
      expect(decoder.decode(packet, out)).toBe(rateHz / 50);
      decoded.set(out[0]!.subarray(0, rateHz / 50), (index * rateHz) / 50);
    }
    decoder.dispose();
    const settled = decoded.subarray(rateHz / 4, (rateHz * 3) / 4);
    expect(amplitude(settled, rateHz, 440)).toBeCloseTo(0.5, 1);
  });

  it('keeps two channels apart', () => {
    // One that came and went before must not matter.
    opus.createDecoder({ sampleRateHz: 48_000, channels: 2 }).dispose();
    const decoder = opus.createDecoder({ sampleRateHz: 16_000, channels: 2 });
    const out = outputsOf(decoder);
    let last = 0;
    for (const packet of toneEncoded(2)) last = decoder.decode(packet, out);
    expect(last).toBe(320);
    const [left, right] = out.map((channel) => channel.subarray(0, 320));
    expect(amplitude(left!, 16_000, 450)).toBeGreaterThan(0.3);
    expect(amplitude(left!, 16_000, 1_000)).toBeLessThan(0.1);
    expect(amplitude(right!, 16_000, 1_000)).toBeGreaterThan(0.3);
    decoder.dispose();
  });
});

describe.each(LIBRARIES)('Opus decoder (%s) on anything', (prefer) => {
  let opus: OpusBackend;

  beforeAll(() => {
    opus = loaded.get(prefer)!;
  });

  it('refuses empty, oversized and endless packets, then goes on', () => {
    const decoder = opus.createDecoder({ sampleRateHz: 16_000, channels: 1 });
    const out = outputsOf(decoder);
    expect(decoder.decode(new Uint8Array(0), out)).toBe(-1);
    expect(decoder.decode(new Uint8Array(1_276), out)).toBe(-1);
    expect(decoder.decode(Uint8Array.of(0x0b, 0x3f, 1, 2, 3), out)).toBe(-1);
    // Code 1 means two frames of equal size: an even number of bytes must follow.
    expect(decoder.decode(Uint8Array.of(0x09, 1, 2, 3), out)).toBe(-1);
    expect(decoder.decode(toneEncoded(1)[0]!, out)).toBe(320);
    decoder.dispose();
    expect(decoder.decode(toneEncoded(1)[0]!, out)).toBe(-1);
  });

  it('never throws, and never gives more than it promises, on any bytes', () => {
    const decoder = opus.createDecoder({ sampleRateHz: 8_000, channels: 2 });
    const out = outputsOf(decoder);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1_400 }), (packet) => {
        const samples = decoder.decode(packet, out);
        if (samples !== -1) expect(samples).toBe(opusPacketDurationSamples(packet, 8_000));
        expect(samples).toBeLessThanOrEqual(decoder.maxPacketSamples);
        for (const channel of out) {
          expect(channel.every((sample) => Math.abs(sample) <= 1)).toBe(true);
        }
      }),
      { seed: 1, numRuns: 500 },
    );
    decoder.dispose();
  });

  it('isolates interleaved decoders', () => {
    const packets = toneEncoded(1);
    const decodeAll = (decoders: PacketDecoder[]) => {
      const results = decoders.map(() => [] as number[]);
      for (const packet of packets) {
        for (const [index, decoder] of decoders.entries()) {
          const out = outputsOf(decoder);
          const samples = decoder.decode(packet, out);
          results[index]!.push(...out[0]!.subarray(0, samples));
        }
      }
      for (const decoder of decoders) decoder.dispose();
      return results;
    };
    const create = () => opus.createDecoder({ sampleRateHz: 8_000, channels: 1 });
    const [alone] = decodeAll([create()]);
    for (const result of decodeAll([create(), create(), create()])) expect(result).toEqual(alone);
  });

  it('gives the memory of a disposed decoder back', () => {
    for (let round = 0; round < 5_000; round++) {
      const decoder = opus.createDecoder({ sampleRateHz: 48_000, channels: 2 });
      decoder.dispose();
      decoder.dispose();
    }
    opus.createDecoder({ sampleRateHz: 48_000, channels: 2 }).dispose();
  });

  it('refuses output that libopus cannot give', () => {
    expect(() => opus.createDecoder({ sampleRateHz: 44_100 as 48_000, channels: 1 })).toThrow(
      'Opus sampleRateHz must be one of 8000, 12000, 16000, 24000, 48000, got 44100',
    );
    expect(() => opus.createDecoder({ sampleRateHz: 8_000, channels: 3 as 2 })).toThrow(
      'Opus channels must be 1 or 2, got 3',
    );
  });
});

describe('the WebAssembly library when its memory is used up', () => {
  it('refuses another decoder, keeps the others right, and has room again', async () => {
    const opus = await loadOpus('wasm');
    const output = { sampleRateHz: 8_000, channels: 1 } as const;
    const decoders: PacketDecoder[] = [];
    expect(() => {
      for (let count = 0; count < 2_000; count++) decoders.push(opus.createDecoder(output));
    }).toThrow('no memory left for another Opus decoder in this thread');
    expect(decoders.length).toBeGreaterThan(600);
    expect(decoders.length).toBeLessThan(800);
    const packets = toneEncoded(1).slice(0, 3);
    const reference = loaded.get('wasm')!.createDecoder(output);
    const [wanted, found] = [outputsOf(reference), outputsOf(reference)];
    for (const packet of packets) reference.decode(packet, wanted);
    for (const decoder of decoders) {
      for (const packet of packets) decoder.decode(packet, found);
      expect(found).toEqual(wanted);
    }
    for (const decoder of decoders) decoder.dispose();
    for (let count = 0; count < 300; count++) {
      opus.createDecoder({ sampleRateHz: 48_000, channels: 2 });
    }
  });
});

describe('the two libraries', () => {
  it('decode the same audio', () => {
    const decoders = [...loaded.values()].map((opus) =>
      opus.createDecoder({ sampleRateHz: 16_000, channels: 1 }),
    );
    let largest = 0;
    for (const packet of toneEncoded(1)) {
      const [first, second] = decoders.map((decoder) => {
        const out = outputsOf(decoder);
        decoder.decode(packet, out);
        return out[0]!;
      });
      for (const [index, sample] of first!.entries()) {
        largest = Math.max(largest, Math.abs(sample - second![index]!));
      }
    }
    // 16-bit rounding and other versions of libopus.
    expect(largest).toBeLessThan(0.002);
  });
});
