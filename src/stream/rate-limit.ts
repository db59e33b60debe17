/** Audio may come this much faster than real time … */
export const RATE_FACTOR = 1.5;
/** … and this much may come at once. */
export const RATE_BURST_MS = 5_000;

/**
 * Token bucket over audio time: `RATE_FACTOR` × real time with a burst of `RATE_BURST_MS`. The caller
 * gives wall time, so it is pure.
 */
export class AudioRateLimit {
  #allowanceMs = RATE_BURST_MS;
  #checkedAtMs: number;

  constructor(nowMs: number) {
    this.#checkedAtMs = nowMs;
  }

  /** @returns false when `audioMs` more would be faster than allowed. */
  take(audioMs: number, nowMs: number): boolean {
    // A clock that jumps back gives nothing and takes nothing.
    const elapsedMs = Math.max(0, nowMs - this.#checkedAtMs);
    this.#checkedAtMs = nowMs;
    this.#allowanceMs = Math.min(RATE_BURST_MS, this.#allowanceMs + elapsedMs * RATE_FACTOR);
    if (audioMs > this.#allowanceMs) return false;
    this.#allowanceMs -= audioMs;
    return true;
  }
}
