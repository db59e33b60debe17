import { type Clock, systemClock, type Timer } from '../../src/clock.ts';

interface Waiting {
  dueAtMs: number;
  readonly periodMs: number | null;
  readonly action: () => void;
  armed: Timer;
}

/** The real clock, with a way to let time pass at once: no test waits for a resume window. */
export class SteerableClock implements Clock {
  #aheadMs = 0;
  readonly #waiting = new Set<Waiting>();

  get pendingTimers(): number {
    return this.#waiting.size;
  }

  nowMs(): number {
    return systemClock.nowMs() + this.#aheadMs;
  }

  wallTimeMs(): number {
    return systemClock.wallTimeMs() + this.#aheadMs;
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

  /** Time passes; what falls due runs now, in order, once each. */
  skip(byMs: number): void {
    this.#aheadMs += byMs;
    const waiting = [...this.#waiting].sort((a, b) => a.dueAtMs - b.dueAtMs);
    for (const timer of waiting) {
      if (!this.#waiting.has(timer)) continue;
      timer.armed.cancel();
      if (timer.dueAtMs <= this.nowMs()) this.#fire(timer);
      else this.#arm(timer);
    }
  }

  #wait(delayMs: number, periodMs: number | null, action: () => void): Timer {
    const timer: Waiting = {
      dueAtMs: this.nowMs() + delayMs,
      periodMs,
      action,
      armed: { cancel() {} },
    };
    this.#waiting.add(timer);
    this.#arm(timer);
    return {
      cancel: () => {
        timer.armed.cancel();
        this.#waiting.delete(timer);
      },
    };
  }

  #arm(timer: Waiting): void {
    const delayMs = Math.max(0, timer.dueAtMs - this.nowMs());
    timer.armed = systemClock.after(delayMs, () => this.#fire(timer));
  }

  #fire(timer: Waiting): void {
    if (timer.periodMs === null) {
      this.#waiting.delete(timer);
    } else {
      timer.dueAtMs = this.nowMs() + timer.periodMs;
      this.#arm(timer);
    }
    timer.action();
  }
}
