import { expect, it } from 'vitest';
import { createMetrics } from '../../src/metrics.ts';
import type { ScreeningEvent } from '../../src/stream/screening-events.ts';
import { scoreEvent } from '../support/alert-fakes.ts';

function makeMetrics(isLogFailing = false) {
  return createMetrics({
    ...{ liveCalls: () => 0, liveLegs: () => 0, drift: () => [] },
    packets: () => ({ byCodec: new Map(), dropped: 0 }),
    alerts: () => ({
      ...{ waiting: 0, dead: 0, oldestWaitingMs: 0, held: 0, lost: 0, gaveWay: 0 },
      isLogFailing,
    }),
    summaries: () => ({ waiting: 0, lost: 0, failures: 0 }),
  });
}

it('measures the delay of each score once, also when its verdict changes', async () => {
  const metrics = makeMetrics();
  const score = scoreEvent(500, -3);
  metrics.event(score, 12);
  const change = { from: 'undecided', to: 'synthetic', reason: 'evidence' };
  metrics.event({ ...score, ...change, type: 'verdict' } as ScreeningEvent, 12);
  const text = await metrics.render();
  metrics.dispose();
  const counted = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
  expect(counted('bonafide_scores_total')).toBe(1);
  expect(counted('bonafide_score_latency_ms_count')).toBe(1);
  expect(text).toContain('bonafide_verdicts_total{to="synthetic"} 1');
});

it.each([
  [true, 1],
  [false, 0],
])('tells of a decision log that takes no writes: %s', async (isLogFailing, value) => {
  const metrics = makeMetrics(isLogFailing);
  const text = await metrics.render();
  metrics.dispose();
  expect(text).toContain(`\nbonafide_decision_log_failing ${value}\n`);
});

it('says nothing of a lane that died until another one takes its place', async () => {
  const metrics = makeMetrics();
  const load = {
    ...{ feeds: 200, busyShare: 0.95, lagMs: 300, runs: 9, rows: 90, largestBatch: 30 },
    ...{ waitingFeeds: 2, packets: 1_000, corruptPackets: 1 },
  };
  metrics.laneLoad(0, load);
  metrics.laneLoad(1, load);
  metrics.laneDied(0);
  const linesOf = async (lane: number) =>
    (await metrics.render()).split('\n').filter((line) => line.includes(`{lane="${lane}"}`));
  expect(await linesOf(0)).toEqual([]);
  expect(await linesOf(1)).toHaveLength(9);
  metrics.laneLoad(0, { ...load, feeds: 0 });
  expect(await linesOf(0)).toContain('bonafide_lane_feeds{lane="0"} 0');
  metrics.dispose();
});
