import type { Clock } from '../clock.ts';

const WINDOW_MS = 60_000;
/** Windows at once; when a peer can make up names, the oldest give way. */
const MAX_WINDOWS = 10_000;

/** Requests of each name in windows of a minute that begin with the first request. */
export class RequestRateLimit {
  readonly #perMinute: number;
  readonly #clock: Clock;
  readonly #windows = new Map<string, { readonly startedAtMs: number; taken: number }>();

  constructor(perMinute: number, clock: Clock) {
    this.#perMinute = perMinute;
    this.#clock = clock;
  }

  /** Counts one request. `resetSeconds` = until the window ends, rounded up. */
  take(name: string): { allowed: boolean; left: number; resetSeconds: number } {
    const nowMs = this.#clock.nowMs();
    let window = this.#windows.get(name);
    if (window === undefined || nowMs - window.startedAtMs >= WINDOW_MS) {
      window = { startedAtMs: nowMs, taken: 0 };
      this.#windows.delete(name);
      this.#dropOldest();
      this.#windows.set(name, window);
    }
    const allowed = window.taken < this.#perMinute;
    if (allowed) window.taken++;
    const resetSeconds = Math.ceil((window.startedAtMs + WINDOW_MS - nowMs) / 1000);
    return { allowed, left: this.#perMinute - window.taken, resetSeconds };
  }

  #dropOldest(): void {
    if (this.#windows.size < MAX_WINDOWS) return;
    for (const name of this.#windows.keys()) {
      this.#windows.delete(name);
      return;
    }
  }
}
