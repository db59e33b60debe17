import type { Clock } from '../clock.ts';

const WINDOW_MS = 60_000;

/** Requests of each key in windows of a minute that begin with the first request. */
export class RequestRateLimit {
  readonly #perMinute: number;
  readonly #clock: Clock;
  readonly #windows = new Map<string, { startedAtMs: number; taken: number }>();

  constructor(perMinute: number, clock: Clock) {
    this.#perMinute = perMinute;
    this.#clock = clock;
  }

  /** Counts one request. `resetSeconds` = until the window ends, rounded up. */
  take(keyName: string): { allowed: boolean; left: number; resetSeconds: number } {
    const nowMs = this.#clock.nowMs();
    let window = this.#windows.get(keyName);
    if (window === undefined || nowMs - window.startedAtMs >= WINDOW_MS) {
      window = { startedAtMs: nowMs, taken: 0 };
      this.#windows.set(keyName, window);
    }
    const allowed = window.taken < this.#perMinute;
    if (allowed) window.taken++;
    const resetSeconds = Math.ceil((window.startedAtMs + WINDOW_MS - nowMs) / 1000);
    return { allowed, left: this.#perMinute - window.taken, resetSeconds };
  }
}
