import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/random.ts';
import { applyBandFaults, drawBandFaults } from '../../../src/train/band-faults.ts';

const BANDS = 4;
const FRAMES = 2_000;
const HOP_MS = 10;

const draw = (shares: { bandNoise: number; bandRoom: number }, seed: number) =>
  drawBandFaults(shares, { bands: BANDS, hopMs: HOP_MS, random: createRandom(seed) });

const meanEnergy = (row: Float32Array, from = 0) =>
  row.subarray(from).reduce((sum, value) => sum + Math.exp(value), 0) / (row.length - from);

describe('noise in the bands', () => {
  it('adds its share of the row’s mean energy to every band', () => {
    const noise = Float32Array.of(0.1, 0.2, 0.3, 0);
    const row = new Float32Array(BANDS * FRAMES);
    applyBandFaults(row, BANDS, { noise, room: null }, createRandom(1));
    for (let band = 0; band < BANDS; band++) {
      const ofBand = row.filter((_, at) => at % BANDS === band);
      // The mean of 2,000 gamma variates of shape 3: a standard error of 0.013 of the noise.
      expect(Math.abs(meanEnergy(ofBand) - 1 - noise[band]!)).toBeLessThan(
        0.06 * noise[band]! + 1e-6,
      );
    }
  });

  it('follows the row’s level', () => {
    const noise = Float32Array.of(0.1, 0.2, 0.3, 0.4);
    const quiet = new Float32Array(BANDS * FRAMES);
    const loud = new Float32Array(BANDS * FRAMES).fill(5);
    applyBandFaults(quiet, BANDS, { noise, room: null }, createRandom(1));
    applyBandFaults(loud, BANDS, { noise, room: null }, createRandom(1));
    for (const [at, value] of loud.entries()) expect(value).toBeCloseTo(quiet[at]! + 5, 4);
  });
});

describe('a room in the bands', () => {
  const room = { decay: 10 ** (-6 / 50), share: 0.5 };

  it('adds its share to a steady sound', () => {
    const row = new Float32Array(BANDS * FRAMES);
    applyBandFaults(row, BANDS, { noise: null, room }, createRandom(1));
    expect(meanEnergy(row, BANDS * 500)).toBeCloseTo(1.5, 5);
  });

  it('lets a click ring by 60 dB in the reverberation time', () => {
    const row = new Float32Array(BANDS * 60).fill(-100);
    row.fill(0, 0, BANDS);
    applyBandFaults(row, BANDS, { noise: null, room }, createRandom(1));
    // Frames 1 and 51 are half a second apart.
    expect(row[BANDS]! - row[51 * BANDS]!).toBeCloseTo(Math.log(1e6), 3);
  });
});

describe('drawBandFaults', () => {
  it('gives so many pairs noise, and so many a room', () => {
    const random = createRandom(3);
    const drawn = Array.from({ length: 2_000 }, () =>
      drawBandFaults({ bandNoise: 0.3, bandRoom: 0.6 }, { bands: BANDS, hopMs: HOP_MS, random }),
    );
    const shareOf = (has: (faults: (typeof drawn)[number]) => boolean) =>
      drawn.filter(has).length / drawn.length;
    expect(Math.abs(shareOf(({ noise }) => noise !== null) - 0.3)).toBeLessThan(0.04);
    expect(Math.abs(shareOf(({ room }) => room !== null) - 0.6)).toBeLessThan(0.04);
  });

  it('throws no dice when nothing is asked for, and changes nothing', () => {
    const random = createRandom(3);
    const before = random.state();
    const faults = drawBandFaults(
      { bandNoise: 0, bandRoom: 0 },
      { bands: BANDS, hopMs: HOP_MS, random },
    );
    const row = Float32Array.of(1, 2, 3, 4);
    applyBandFaults(row, BANDS, faults, random);
    expect([...row]).toEqual([1, 2, 3, 4]);
    expect(random.state()).toBe(before);
  });

  it('keeps the noise below the speech and the decay below 1', () => {
    for (let seed = 0; seed < 200; seed++) {
      const { noise, room } = draw({ bandNoise: 1, bandRoom: 1 }, seed);
      expect(noise!.every((level) => level > 0 && Number.isFinite(level))).toBe(true);
      expect(room!.decay).toBeGreaterThan(0);
      expect(room!.decay).toBeLessThan(1);
      expect(room!.share).toBeLessThanOrEqual(1);
    }
  });
});
