import { describe, expect, it } from 'vitest';
import { resamplerDesign } from '../../../src/stream/resampler-design.ts';

describe('resamplerDesign', () => {
  it('is shared between all of the same ratio', () => {
    expect(resamplerDesign(16_000, 8_000)).toBe(resamplerDesign(32_000, 16_000));
    expect(resamplerDesign(16_000, 8_000)).not.toBe(resamplerDesign(8_000, 16_000));
  });

  it('reduces the ratio', () => {
    expect(resamplerDesign(44_100, 8_000)).toMatchObject({ up: 80, down: 441 });
    expect(resamplerDesign(8_000, 8_000)).toMatchObject({ up: 1, down: 1, latencySamples: 0 });
  });

  it('passes a constant unchanged in every phase', () => {
    for (const row of resamplerDesign(22_050, 16_000).rows) {
      expect(row.reduce((sum, coefficient) => sum + coefficient, 0)).toBeCloseTo(1, 12);
    }
  });

  it('leaves the zeros of a half-band filter out', () => {
    // From 8 to 16 kHz every other output sample is an input sample.
    expect(
      resamplerDesign(8_000, 16_000)
        .rows.map((row) => row.length)
        .includes(1),
    ).toBe(true);
    const { halfBand, latencySamples } = resamplerDesign(16_000, 8_000);
    expect(halfBand![0]).toBeCloseTo(0.5, 3);
    expect(halfBand!.length).toBe(latencySamples + 1);
  });
});
