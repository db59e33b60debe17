import { describe, expect, it } from 'vitest';
import { compareAlertSlice, judgeAlertSlice } from '../../../src/backtest/alert-figures.ts';
import { type AlertTrial, alertSlices } from '../../../src/backtest/alert-trials.ts';
import { wilsonInterval } from '../../../src/train/metrics/wilson.ts';
import { trialOf } from '../../support/alert-trials.ts';

const all = (trials: readonly AlertTrial[]) => ({ dimension: 'all', value: '', trials });

/** `count` calls of a label, of which each variant alerts on the first so many. */
function calls(label: 'human' | 'synthetic', count: number, alerted: readonly number[]) {
  return Array.from({ length: count }, (_, index) =>
    trialOf(
      `${label}-${index}`,
      { label },
      ...alerted.map((most) => (index < most ? 2_000 : null)),
    ),
  );
}

describe('wilsonInterval', () => {
  // Roots in x of (share - x)² = z² x (1 - x) / n, by another program.
  it.each([
    [0, 10, 0, 0.27753279],
    [5, 10, 0.23659309, 0.76340691],
    [10, 10, 0.72246721, 1],
    [3, 200, 0.00511424, 0.04316573],
  ])('%i of %i', (hits, trials, low, high) => {
    const interval = wilsonInterval(hits, trials);
    expect(interval.low).toBeCloseTo(low, 5);
    expect(interval.high).toBeCloseTo(high, 5);
  });

  it('says nothing of no trials', () => {
    expect(wilsonInterval(0, 0)).toEqual({ low: 0, high: 1 });
  });
});

describe('figures of a slice', () => {
  const trials = [...calls('human', 50, [5]), ...calls('synthetic', 40, [30])];
  const [figures] = judgeAlertSlice(all(trials), 1);

  it('count alerts, misses and false alerts', () => {
    expect(figures).toMatchObject({
      calls: 90,
      alerts: 35,
      missed: { hits: 10, of: 40, share: 0.25 },
      falseAlerts: { hits: 5, of: 50, share: 0.1 },
      timeToAlert: { medianMs: 2_000, p90Ms: 2_000 },
      unjudged: 0,
    });
    expect(figures!.alertsPerThousand.value).toBeCloseTo(388.9, 1);
  });

  it('have intervals around them, also when nothing was found', () => {
    expect(figures!.missed!.low).toBeLessThan(0.25);
    expect(figures!.missed!.high).toBeGreaterThan(0.25);
    const [none] = judgeAlertSlice(all(calls('human', 20, [0])), 1);
    expect(none!.falseAlerts).toMatchObject({ share: 0, low: 0 });
    expect(none!.falseAlerts!.high).toBeCloseTo(wilsonInterval(0, 20).high, 9);
    expect(none!.alertsPerThousand.high).toBeGreaterThan(100);
    expect(none!.missed).toBeNull();
  });

  it('of few pages are less sure than their calls alone would make them', () => {
    const pages = Array.from({ length: 10 }, (_, page) =>
      Array.from({ length: 20 }, (_call, index) =>
        // Each page is alerted on as a whole or not at all.
        trialOf(`${page}-${index}`, { label: 'human', group: `p${page}` }, page < 3 ? 1_000 : null),
      ),
    ).flat();
    const [clustered] = judgeAlertSlice(all(pages), 1);
    const alone = wilsonInterval(60, 200);
    expect(clustered!.falseAlerts!.low).toBeLessThan(alone.low - 0.05);
    expect(clustered!.falseAlerts!.high).toBeGreaterThan(alone.high + 0.05);
  });
});

describe('a comparison', () => {
  const of = (measure: string, trials: readonly AlertTrial[]) =>
    compareAlertSlice(all(trials), 1).find((row) => row.measure === measure);

  it('finds a variant that misses more worse, and one that alerts on fewer humans better', () => {
    const trials = [...calls('human', 40, [20, 5]), ...calls('synthetic', 40, [35, 20])];
    expect(of('missed', trials)).toMatchObject({ verdict: 'worse', calls: 40 });
    expect(of('missed', trials)!.difference).toBeCloseTo(0.375, 9);
    expect(of('falseAlerts', trials)).toMatchObject({ verdict: 'better' });
    expect(of('alerts', trials)).toMatchObject({ verdict: 'fewer', calls: 80 });
  });

  it('finds no difference in one call of forty', () => {
    const trials = calls('synthetic', 40, [20, 19]);
    expect(of('missed', trials)).toMatchObject({ verdict: 'same' });
  });

  it('says nothing of few calls', () => {
    expect(compareAlertSlice(all(calls('synthetic', 19, [19, 0])), 1)).toEqual([]);
  });

  it('takes time from calls that both alert on', () => {
    const trials = Array.from({ length: 30 }, (_, index) =>
      trialOf(`s${index}`, { label: 'synthetic' }, 2_000, index < 25 ? 3_000 : null),
    );
    expect(of('timeToAlert', trials)).toMatchObject({
      calls: 25,
      difference: 1_000,
      verdict: 'worse',
    });
  });
});

describe('slices', () => {
  it('are of what calls differ in, with twenty calls at least', () => {
    const trials = [
      ...Array.from({ length: 30 }, (_, index) =>
        trialOf(`a${index}`, { language: 'en', gender: 'female', source: 'x' }, null),
      ),
      ...Array.from({ length: 25 }, (_, index) =>
        trialOf(`b${index}`, { language: 'de', gender: 'female', source: 'x' }, null),
      ),
      ...Array.from({ length: 5 }, (_, index) =>
        trialOf(`c${index}`, { language: 'fr', gender: 'female', source: 'y' }, null),
      ),
    ];
    const names = alertSlices(trials).map(({ dimension, value, trials: members }) => [
      dimension,
      value,
      members.length,
    ]);
    expect(names).toEqual([
      ['all', '', 60],
      ['language', 'en', 30],
      ['language', 'de', 25],
      ['source', 'x', 55],
    ]);
  });
});
