import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StereoMean } from '../../../src/adapters/metadata-downmix.ts';

const bytes = (samples: readonly number[]) => new Uint8Array(Int16Array.from(samples).buffer);
const sample = fc.integer({ min: -32_768, max: 32_767 });

describe('StereoMean', () => {
  it('gives equal channels back as they were', () => {
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 50 }), (samples) => {
        const mean = new StereoMean(65_536);
        const doubled = samples.flatMap((value) => [value, value]);
        expect(mean.take(bytes(doubled))).toEqual(bytes(samples));
      }),
    );
  });

  it('is between the channels, at an odd address too', () => {
    const mean = new StereoMean(16);
    const packet = new Uint8Array([0, ...bytes([32_767, -32_768, 100, 300, -3, -6])]).subarray(1);
    expect(mean.take(packet)).toEqual(bytes([-1, 200, -5]));
  });

  it('takes whole samples of both channels only', () => {
    const mean = new StereoMean(65_536);
    for (const length of [1, 2, 3, 5, 6, 7]) expect(mean.take(new Uint8Array(length))).toBeNull();
    expect(mean.take(new Uint8Array(65_536))).toHaveLength(32_768);
    expect(mean.take(new Uint8Array(0))).toHaveLength(0);
  });
});
