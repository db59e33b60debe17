import type { Clock, Timer } from '../clock.ts';

const CHECK_PERIOD_MS = 1_000;
/** A lane reports once a second; this many checks in a row without a report, and it hangs. */
const MISSED_REPORTS_LIMIT = 15;

/**
 * Says once that a lane hangs. Checks are counted, not time: when this thread itself was held up, the
 * lane's reports wait for it and one check is missed.
 */
export class LaneWatchdog {
  readonly #timer: Timer;
  #missed = 0;

  constructor(clock: Clock, hangs: (reason: string) => void) {
    this.#timer = clock.every(CHECK_PERIOD_MS, () => {
      if (++this.#missed < MISSED_REPORTS_LIMIT) return;
      this.stop();
      hangs(`the lane reported nothing for ${MISSED_REPORTS_LIMIT} s`);
    });
  }

  /** The lane reported. */
  heard(): void {
    this.#missed = 0;
  }

  stop(): void {
    this.#timer.cancel();
  }
}
