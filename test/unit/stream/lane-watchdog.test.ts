import { expect, it } from 'vitest';
import { LaneWatchdog } from '../../../src/stream/lane-watchdog.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function createWatchdog() {
  const clock = new FakeClock();
  const reasons: string[] = [];
  const watchdog = new LaneWatchdog(clock, (reason) => reasons.push(reason));
  return { clock, reasons, watchdog };
}

it('says once that a lane hangs which reported nothing for 15 s', () => {
  const { clock, reasons } = createWatchdog();
  clock.advance(14_999);
  expect(reasons).toEqual([]);
  clock.advance(60_000);
  expect(reasons).toEqual(['the lane reported nothing for 15 s']);
  expect(clock.pendingTimers).toBe(0);
});

it('is content with a report now and then, and with a clock that jumps', () => {
  const { clock, reasons, watchdog } = createWatchdog();
  for (let round = 0; round < 10; round++) {
    clock.advance(14_000);
    clock.jump(clock.nowMs() + 3_600_000);
    watchdog.heard();
  }
  expect(reasons).toEqual([]);
  watchdog.stop();
  clock.advance(60_000);
  expect(reasons).toEqual([]);
});
