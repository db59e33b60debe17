import type { Clock, Timer } from '../../src/clock.ts';

interface Waiting {
  readonly dueAtMs: number;
  readonly order: number;
  readonly periodMs: number | null;
  readonly action: () => void;
}

/** A clock that stands still until it is moved. */
export class FakeClock implements Clock {
  #nowMs: number;
  #order = 0;
  readonly #waiting = new Map<number, Waiting>();
  /** By how much the computer's clock was set since this one began. */
  wallAheadMs = 0;

  constructor(startMs = 1_000_000) {
    this.#nowMs = startMs;
  }

  get pendingTimers(): number {
    return this.#waiting.size;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  wallTimeMs(): number {
    return Math.floor(this.nowMs() + this.wallAheadMs);
  }

  after(delayMs: number, action: () => void): Timer {
    return this.#wait(delayMs, null, action);
  }

  every(periodMs: number, action: () => void): Timer {
    return this.#wait(periodMs, periodMs, action);
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve));
  }

  /** Moves on, running what falls due in order. */
  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    for (;;) {
      const next = [...this.#waiting.entries()]
        .filter(([, { dueAtMs }]) => dueAtMs <= untilMs)
        .sort(([, a], [, b]) => a.dueAtMs - b.dueAtMs || a.order - b.order)[0];
      if (next === undefined) break;
      const [id, { dueAtMs, periodMs, action }] = next;
      this.#nowMs = Math.max(this.#nowMs, dueAtMs);
      this.#waiting.delete(id);
      if (periodMs !== null) this.#put(id, dueAtMs + periodMs, periodMs, action);
      action();
    }
    this.#nowMs = untilMs;
  }

  /** The wall clock is set to another time; timers keep their distance. */
  jump(toMs: number): void {
    const shift = toMs - this.#nowMs;
    this.#nowMs = toMs;
    for (const [id, waiting] of [...this.#waiting]) {
      this.#waiting.set(id, { ...waiting, dueAtMs: waiting.dueAtMs + shift });
    }
  }

  #wait(delayMs: number, periodMs: number | null, action: () => void): Timer {
    const id = this.#order;
    this.#put(id, this.#nowMs + delayMs, periodMs, action);
    return { cancel: () => this.#waiting.delete(id) };
  }

  #put(id: number, dueAtMs: number, periodMs: number | null, action: () => void): void {
    this.#waiting.set(id, { dueAtMs, order: this.#order++, periodMs, action });
  }
}
