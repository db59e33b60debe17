import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pcm16Decoder } from '../../../../src/stream/codecs/pcm16.ts';

const MONO = { codec: 'pcm16', sampleRateHz: 16_000, channels: 1 } as const;
const STEREO = { codec: 'pcm16', sampleRateHz: 16_000, channels: 2 } as const;

describe('Pcm16Decoder', () => {
  it('reads little-endian by default', () => {
    const out = [new Float32Array(4)];
    const packet = Uint8Array.of(0x00, 0x80, 0xff, 0x7f, 0x01, 0x00, 0xff, 0xff);
    expect(new Pcm16Decoder(MONO, 4).decode(packet, out)).toBe(4);
    expect([...out[0]!]).toEqual([-1, 32_767 / 32_768, 1 / 32_768, -1 / 32_768]);
  });

  it('reads big-endian when asked', () => {
    const out = [new Float32Array(2)];
    expect(new Pcm16Decoder(MONO, 4, 'big').decode(Uint8Array.of(0x80, 0x00, 0, 1), out)).toBe(2);
    expect([...out[0]!]).toEqual([-1, 1 / 32_768]);
  });

  it('separates channels of any values, at any address', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(pcm16(), pcm16()), { minLength: 1, maxLength: 100 }),
        fc.integer({ min: 0, max: 3 }),
        (groups, offset) => {
          const packet = new Uint8Array(offset + groups.length * 4).subarray(offset);
          const view = new DataView(packet.buffer, offset);
          for (const [index, [left, right]] of groups.entries()) {
            view.setInt16(index * 4, left, true);
            view.setInt16(index * 4 + 2, right, true);
          }
          const out = [new Float32Array(100), new Float32Array(100)];
          expect(new Pcm16Decoder(STEREO, 100).decode(packet, out)).toBe(groups.length);
          for (const [index, [left, right]] of groups.entries()) {
            expect(out[0]![index]! * 32_768).toBe(left);
            expect(out[1]![index]! * 32_768).toBe(right);
          }
        },
      ),
      { seed: 1 },
    );
  });

  it('accepts whole samples of both channels and nothing else', () => {
    const decoder = new Pcm16Decoder(STEREO, 100);
    const out = [new Float32Array(100), new Float32Array(100)];
    for (let length = 0; length <= 410; length++) {
      const fits = length > 0 && length % 4 === 0 && length <= 400;
      expect(decoder.decode(new Uint8Array(length), out)).toBe(fits ? length / 4 : -1);
    }
    decoder.dispose();
  });

  it('refuses another codec at construction', () => {
    expect(() => new Pcm16Decoder({ ...MONO, codec: 'opus' }, 4)).toThrow(
      'codec must be pcm16, got opus',
    );
  });
});

function pcm16() {
  return fc.integer({ min: -32_768, max: 32_767 });
}
