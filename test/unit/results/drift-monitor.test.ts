import { describe, expect, it } from 'vitest';
import { DriftMonitor } from '../../../src/results/drift-monitor.ts';
import { type LegSample, SAMPLE_SPEECH_MS } from '../../../src/screening/leg-sample.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const DAY_MS = 86_400_000;
const ID = 'tiny@0123456789ab';

/** Deciles 0.1 … 0.9 of values that are even between 0 and 1. */
const even = {
  edges: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
  shares: new Array<number>(10).fill(0.1),
};
const channel = {
  clips: 1_000,
  measures: { score: even, low_bands: even, mid_bands: even, high_bands: even, voiced_share: even },
};
const reference = { speechMs: SAMPLE_SPEECH_MS, channels: { mulaw: channel } };

function sample(value: number, score = value): LegSample {
  return { score, low_bands: value, mid_bands: value, high_bands: value, voiced_share: value };
}

function rig(leastLegs = 10) {
  const clock = new FakeClock(20_000 * DAY_MS);
  const monitor = new DriftMonitor(clock, [{ id: ID, name: 'tiny', reference }], leastLegs);
  /** Legs evenly spread, with the scores of all of them moved. */
  const legs = (count: number, shift = 0, codec = 'mulaw') => {
    for (let leg = 0; leg < count; leg++) {
      const value = (leg % 10) / 10 + 0.05;
      monitor.sampled(ID, codec, sample(value, value + shift));
    }
  };
  return { clock, monitor, legs };
}

describe('DriftMonitor', () => {
  it('says nothing before there are enough legs', () => {
    const { monitor, legs } = rig();
    expect(monitor.figures()).toEqual([]);
    legs(9);
    expect(monitor.figures()).toEqual([{ detector: 'tiny', codec: 'mulaw', legs: 9, psi: null }]);
    legs(1);
    expect(monitor.figures()[0]!.psi).not.toBeNull();
  });

  it('finds what moved and only that', () => {
    const { monitor, legs } = rig();
    legs(300, 0.5);
    const psi = monitor.figures()[0]!.psi as Record<string, number>;
    expect(psi['score']).toBeGreaterThan(1);
    for (const name of ['low_bands', 'mid_bands', 'high_bands', 'voiced_share']) {
      expect(psi[name]).toBeCloseTo(0, 3);
    }
  });

  it('counts each UTC day by itself and shows the day before until there are enough legs', () => {
    const { monitor, legs, clock } = rig();
    legs(100, 0.5);
    const first = monitor.figures()[0]!;
    clock.advance(DAY_MS);
    expect(monitor.figures()).toEqual([{ ...first, legs: 0 }]);
    legs(5);
    expect(monitor.figures()).toEqual([{ ...first, legs: 5 }]);
    legs(95);
    const second = monitor.figures()[0]!;
    expect(second.legs).toBe(100);
    expect(second.psi!.score).toBeLessThan(0.1);
    // A day without calls leaves nothing to show.
    clock.advance(2 * DAY_MS);
    expect(monitor.figures()[0]).toMatchObject({ legs: 0, psi: null });
  });

  it('keeps counting when the clock is set back', () => {
    const { monitor, legs, clock } = rig();
    legs(8);
    clock.jump(clock.nowMs() - 3 * DAY_MS);
    legs(2);
    expect(monitor.figures()[0]!.legs).toBe(10);
  });

  it('keeps codecs apart and takes another channel for those without one', () => {
    const { monitor, legs } = rig();
    legs(10);
    legs(20, 0.5, 'opus');
    expect(monitor.figures().map(({ codec, legs: count }) => [codec, count])).toEqual([
      ['mulaw', 10],
      ['opus', 20],
    ]);
  });

  it('watches no detector without a fitting reference', () => {
    const clock = new FakeClock();
    const short = { ...reference, speechMs: 1_000 };
    const monitor = new DriftMonitor(clock, [{ id: ID, name: 'tiny', reference: short }], 1);
    monitor.sampled(ID, 'mulaw', sample(0.5));
    monitor.sampled('other@0123456789ab', 'mulaw', sample(0.5));
    expect(monitor.figures()).toEqual([]);
  });
});
