import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ALAW_SILENCE_BYTE,
  alawToPcm16,
  G711Decoder,
  MULAW_SILENCE_BYTE,
  mulawToPcm16,
  pcm16ToAlaw,
  pcm16ToMulaw,
} from '../../../../src/stream/codecs/g711.ts';

// Values of ITU-T G.711 as ffmpeg decodes them.
const MULAW_KNOWN = [
  [0x00, -32_124],
  [0x80, 32_124],
  [0xff, 0],
  [0x7f, 0],
  [0x0f, -16_764],
  [0x8f, 16_764],
  [0xfe, 8],
  [0x7e, -8],
  [0xd0, 876],
  [0x2a, -5_372],
] as const;
const ALAW_KNOWN = [
  [0x00, -5_504],
  [0x80, 5_504],
  [0x2a, -32_256],
  [0xaa, 32_256],
  [0xd5, 8],
  [0x55, -8],
  [0xd4, 24],
  [0x54, -24],
  [0x2f, -27_136],
] as const;

const bytes = Array.from({ length: 256 }, (_, byte) => byte);
const pcm16 = fc.integer({ min: -32_768, max: 32_767 });

describe('G.711 tables', () => {
  it.each(MULAW_KNOWN)('decodes mu-law %i to %i', (byte, value) => {
    expect(mulawToPcm16(byte) + 0).toBe(value);
  });

  it.each(ALAW_KNOWN)('decodes A-law %i to %i', (byte, value) => {
    expect(alawToPcm16(byte)).toBe(value);
  });

  it('knows the idle bytes', () => {
    expect(mulawToPcm16(MULAW_SILENCE_BYTE) + 0).toBe(0);
    expect(pcm16ToMulaw(0)).toBe(MULAW_SILENCE_BYTE);
    expect(pcm16ToAlaw(0)).toBe(ALAW_SILENCE_BYTE);
  });

  it('encodes every decoded byte back to itself', () => {
    for (const byte of bytes) {
      // 0x7f is the second zero of mu-law.
      expect(pcm16ToMulaw(mulawToPcm16(byte))).toBe(byte === 0x7f ? 0xff : byte);
      expect(pcm16ToAlaw(alawToPcm16(byte))).toBe(byte);
    }
  });

  it('encodes any value to one at most half a step away', () => {
    fc.assert(
      fc.property(pcm16, (value) => {
        const mulaw = pcm16ToMulaw(value);
        const clipped = Math.max(-32_635, Math.min(32_635, value));
        const mulawHalfStep = 4 << ((~mulaw >> 4) & 7);
        expect(Math.abs(mulawToPcm16(mulaw) - clipped)).toBeLessThanOrEqual(mulawHalfStep);
        const alaw = pcm16ToAlaw(value);
        const alawHalfStep = 8 << Math.max(0, (((alaw ^ 0x55) >> 4) & 7) - 1);
        expect(Math.abs(alawToPcm16(alaw) - value)).toBeLessThanOrEqual(alawHalfStep);
      }),
      { seed: 1, numRuns: 1_000 },
    );
  });
});

describe('G711Decoder', () => {
  it('separates two channels', () => {
    const decoder = new G711Decoder({ codec: 'mulaw', sampleRateHz: 8_000, channels: 2 }, 160);
    const out = [new Float32Array(160), new Float32Array(160)];
    expect(decoder.decode(Uint8Array.of(0x80, 0xff, 0x00, 0xd0), out)).toBe(2);
    expect([...out[0]!.subarray(0, 2)]).toEqual([32_124 / 32_768, -32_124 / 32_768]);
    expect(out[1]![1]).toBe(876 / 32_768);
  });

  it('refuses empty, odd and long packets and goes on', () => {
    const decoder = new G711Decoder({ codec: 'alaw', sampleRateHz: 8_000, channels: 2 }, 160);
    const out = [new Float32Array(160), new Float32Array(160)];
    expect(decoder.decode(new Uint8Array(0), out)).toBe(-1);
    expect(decoder.decode(new Uint8Array(319), out)).toBe(-1);
    expect(decoder.decode(new Uint8Array(322), out)).toBe(-1);
    expect(decoder.decode(new Uint8Array(320), out)).toBe(160);
    decoder.dispose();
  });

  it('refuses another codec at construction', () => {
    expect(
      () => new G711Decoder({ codec: 'pcm16', sampleRateHz: 8_000, channels: 1 }, 160),
    ).toThrow('codec must be mulaw or alaw, got pcm16');
  });
});
