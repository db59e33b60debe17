import { describe, expect, it } from 'vitest';
import type { LaneLoad } from '../../../src/stream/events.ts';
import type { Lane } from '../../../src/stream/lane.ts';
import { LANE_TICK_MS, LaneTicker } from '../../../src/stream/lane-ticker.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function createTicker() {
  const clock = new FakeClock();
  const state = { turns: 0, failed: [] as string[], lags: [] as number[] };
  let finish: (error?: Error) => void = () => {};
  const lane = {
    turn: () => {
      state.turns++;
      return new Promise<void>((resolve, reject) => {
        finish = (error) => (error === undefined ? resolve() : reject(error));
      });
    },
    takeLoad: (lagMs: number) => {
      state.lags.push(lagMs);
      return {} as LaneLoad;
    },
  } as unknown as Lane;
  const ticker = new LaneTicker(lane, clock, {
    load() {},
    failed: (reason) => state.failed.push(reason),
  });
  const settle = async (error?: Error) => {
    finish(error);
    for (let round = 0; round < 4; round++) await Promise.resolve();
  };
  return { clock, state, ticker, settle };
}

describe('LaneTicker', () => {
  it('turns the lane every tick, never twice at once', async () => {
    const { clock, state, settle } = createTicker();
    clock.advance(LANE_TICK_MS);
    clock.advance(5 * LANE_TICK_MS);
    expect(state.turns).toBe(1);
    await settle();
    clock.advance(LANE_TICK_MS);
    expect(state.turns).toBe(2);
  });

  it('reports its load every second, with the worst lateness once', async () => {
    const { clock, state, settle } = createTicker();
    clock.advance(1000);
    await settle();
    clock.jump(clock.nowMs() + 500);
    clock.advance(1000);
    await settle();
    clock.advance(1000);
    expect(state.lags).toEqual([0, 500, 0]);
  });

  it('a clock that is set back makes no negative lateness', () => {
    const { clock, state } = createTicker();
    clock.jump(clock.nowMs() - 3_600_000);
    clock.advance(1000);
    expect(state.lags).toEqual([0]);
  });

  it('reports no load over a turn that does not end', async () => {
    const { clock, state, settle } = createTicker();
    clock.advance(1000);
    expect(state.lags).toHaveLength(1);
    clock.advance(5000);
    expect(state.lags).toHaveLength(1);
    await settle();
    clock.advance(1000);
    expect(state.lags).toHaveLength(2);
  });

  it('says that the lane failed, once, and turns it no more', async () => {
    const { clock, state, settle } = createTicker();
    clock.advance(LANE_TICK_MS);
    await settle(new Error('out of memory'));
    clock.advance(1000);
    expect(state).toMatchObject({ turns: 1, failed: ['out of memory'], lags: [] });
    expect(clock.pendingTimers).toBe(0);
  });

  it('stops after the turn in progress, and leaves no timer', async () => {
    const { clock, state, ticker, settle } = createTicker();
    clock.advance(LANE_TICK_MS);
    let stopped = false;
    const stopping = ticker.stop().then(() => {
      stopped = true;
    });
    await Promise.resolve();
    expect(stopped).toBe(false);
    await settle();
    await stopping;
    clock.advance(1000);
    expect([state.turns, clock.pendingTimers]).toEqual([1, 0]);
  });
});
