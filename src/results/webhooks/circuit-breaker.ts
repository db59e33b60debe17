const FAILURES_TO_OPEN = 5;
const FIRST_OPEN_MS = 10_000;
const LONGEST_OPEN_MS = 300_000;

/**
 * Spares a receiver that fails. Closed: everything may go. After five failures in a row it opens for ten
 * seconds, then lets one attempt through; each that fails doubles the wait, up to five minutes.
 */
export class CircuitBreaker {
  #failures = 0;
  #openUntilMs = 0;
  #holdUntilMs = 0;

  /** Attempts that may be under way together now, of `wanted`. */
  allowed(wanted: number, nowMs: number): number {
    if (nowMs < this.#openUntilMs || nowMs < this.#holdUntilMs) return 0;
    return this.isOpen ? Math.min(1, wanted) : wanted;
  }

  get isOpen(): boolean {
    return this.#failures >= FAILURES_TO_OPEN;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#openUntilMs = 0;
  }

  failed(nowMs: number): void {
    // Under way when the circuit opened: it says nothing new.
    if (nowMs < this.#openUntilMs) return;
    this.#failures++;
    if (!this.isOpen) return;
    const doublings = Math.min(this.#failures - FAILURES_TO_OPEN, 16);
    this.#openUntilMs = nowMs + Math.min(LONGEST_OPEN_MS, FIRST_OPEN_MS * 2 ** doublings);
  }

  /** The receiver asked for quiet (`Retry-After`). */
  holdUntil(timeMs: number): void {
    this.#holdUntilMs = Math.max(this.#holdUntilMs, timeMs);
  }
}
