import type { Clock, Timer } from '../clock.ts';
import type { LaneLoad } from './events.ts';
import type { Lane } from './lane.ts';

/** Lanes wake on this tick, not per packet. */
export const LANE_TICK_MS = 10;
const LOAD_PERIOD_MS = 1_000;

export interface TickerListener {
  load(load: LaneLoad): void;
  /** A turn threw: the lane's memory can no longer be trusted. */
  failed(reason: string): void;
}

/**
 * Drives a lane from the clock: a turn every tick, never two at once, and its load every second. A
 * turn that does not end is not reported over: whoever waits for the load learns of it.
 */
export class LaneTicker {
  readonly #lane: Lane;
  readonly #clock: Clock;
  readonly #listener: TickerListener;
  readonly #tick: Timer;
  readonly #report: Timer;
  #running: Promise<void> | null = null;
  #lastTickMs: number;
  #lagMs = 0;
  #stopped = false;
  #turnsBegun = 0;
  #turnsBegunAtReport = 0;

  constructor(lane: Lane, clock: Clock, listener: TickerListener) {
    this.#lane = lane;
    this.#clock = clock;
    this.#listener = listener;
    this.#lastTickMs = clock.nowMs();
    this.#tick = clock.every(LANE_TICK_MS, () => this.#onTick());
    this.#report = clock.every(LOAD_PERIOD_MS, () => this.#onReport());
  }

  /** Resolves when the turn in progress is over; none follows. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#tick.cancel();
    this.#report.cancel();
    await this.#running;
  }

  #onTick(): void {
    const nowMs = this.#clock.nowMs();
    this.#lagMs = Math.max(this.#lagMs, nowMs - this.#lastTickMs - LANE_TICK_MS);
    this.#lastTickMs = nowMs;
    if (this.#running !== null || this.#stopped) return;
    this.#turnsBegun++;
    this.#running = this.#turn();
  }

  #onReport(): void {
    const isSameTurn = this.#running !== null && this.#turnsBegun === this.#turnsBegunAtReport;
    this.#turnsBegunAtReport = this.#turnsBegun;
    if (!isSameTurn) this.#listener.load(this.#lane.takeLoad(this.#takeLag()));
  }

  async #turn(): Promise<void> {
    try {
      await this.#lane.turn();
    } catch (error) {
      this.#stopped = true;
      this.#tick.cancel();
      this.#report.cancel();
      this.#listener.failed(error instanceof Error ? error.message : String(error));
    } finally {
      this.#running = null;
    }
  }

  #takeLag(): number {
    const lagMs = this.#lagMs;
    this.#lagMs = 0;
    return lagMs;
  }
}
