/** A handle to a running timer. `cancel` is idempotent. */
export interface Timer {
  cancel(): void;
}

/**
 * The only source of wall time and timers. Everything that waits or measures takes one, so that
 * tests run on a fake clock. `nowMs` is milliseconds since the epoch with sub-millisecond
 * resolution, comparable between threads of one process, and never goes backwards.
 */
export interface Clock {
  nowMs(): number;
  /**
   * What the computer's clock says, in whole ms since 1970: for times that others hold against their own. `nowMs` began with
   * it, but the computer's clock may be set since, and goes on while a virtual machine stands still.
   */
  wallTimeMs(): number;
  after(delayMs: number, action: () => void): Timer;
  every(periodMs: number, action: () => void): Timer;
  sleep(delayMs: number): Promise<void>;
}

/** The real clock: `performance` for readings, Node's timers for waiting. */
export const systemClock: Clock = {
  nowMs: () => performance.timeOrigin + performance.now(),
  wallTimeMs: () => Date.now(),
  after(delayMs, action) {
    const handle = setTimeout(action, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
  every(periodMs, action) {
    const handle = setInterval(action, periodMs);
    return { cancel: () => clearInterval(handle) };
  },
  sleep: (delayMs) => new Promise((resolve) => setTimeout(resolve, delayMs)),
};

/** A reading of a clock as ISO 8601 in UTC, e.g. 0 → `1970-01-01T00:00:00.000Z`. */
export function isoTimeOf(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

/** A reading of a clock as a `Date`, for libraries that want one. */
export function dateOf(timeMs: number): Date {
  return new Date(timeMs);
}

/** The time that an HTTP date stands for in ms since 1970, or null when it is none. */
export function timeOfHttpDate(text: string): number | null {
  const timeMs = Date.parse(text);
  return Number.isNaN(timeMs) ? null : timeMs;
}
