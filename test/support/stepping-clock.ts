import { type Clock, systemClock } from '../../src/clock.ts';

/** Each sleep is as long as it says, however long it takes; the loop goes round meanwhile. */
export function steppingClock(): Clock {
  let nowMs = 0;
  return {
    ...systemClock,
    nowMs: () => nowMs,
    async sleep(delayMs) {
      nowMs += delayMs;
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
