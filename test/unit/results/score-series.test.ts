import { describe, expect, it } from 'vitest';
import { MOST_SERIES_POINTS, ScoreSeries } from '../../../src/results/score-series.ts';
import { figures } from '../../support/alert-fakes.ts';

describe('the series of a leg', () => {
  it('gives back what a timeline needs, as it was said', () => {
    const series = new ScoreSeries();
    series.add({ ...figures(500, null), verdict: 'undecided', firm: false, abstain: 'music' });
    series.add(figures(1_000, -2.345));
    const [first, second] = series.points();
    expect(first).toEqual({
      ...{ streamTimeMs: 500, speechMs: 5_000, syntheticProbability: null, interval: null },
      ...{ recentProbability: null, verdict: 'undecided', firm: false, abstain: 'music' },
      levelDbfs: -20,
    });
    const said = figures(1_000, -2.345);
    expect(second).toMatchObject({
      syntheticProbability: said.syntheticProbability,
      interval: said.interval,
      recentProbability: said.recent.syntheticProbability,
      verdict: 'synthetic',
      firm: true,
      abstain: null,
    });
  });

  it('reaches from the first score to the newest, however long the call is', () => {
    const series = new ScoreSeries();
    const scores = 10 * MOST_SERIES_POINTS + 3;
    let most = 0;
    for (let score = 1; score <= scores; score++) {
      series.add(figures(500 * score, 1));
      if (score % 128 === 0) most = Math.max(most, series.points().length);
    }
    expect(most).toBe(MOST_SERIES_POINTS);
    const times = series.points().map(({ streamTimeMs }) => streamTimeMs);
    expect(times[0]).toBe(500);
    // Equal steps throughout: nothing is left out but by the rule.
    const steps = new Set(times.slice(1).map((time, index) => time - times[index]!));
    expect([...steps]).toEqual([16 * 500]);
    expect(times.at(-1)).toBeGreaterThan(500 * (scores - 16));
  });
});
