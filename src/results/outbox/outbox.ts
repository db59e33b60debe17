import type { Clock, Timer } from '../../clock.ts';
import type { Logger } from '../../logger.ts';
import type { DecisionSink } from '../alert-engine.ts';
import type { Decision } from '../alert-events.ts';
import type { AlertStore, StoreWrite } from './alert-store.ts';

/** Decisions that may wait in memory while the disk is full or locked. */
export const MAX_HELD_DECISIONS = 10_000;
const RETRY_MS = 500;
/** At the service's end, what is not written would be lost: another writer is waited for so long, in such steps. */
const SETTLE_MS = 2_000;
const SETTLE_STEP_MS = 50;

export interface OutboxOptions {
  readonly store: Pick<AlertStore, 'write'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** After each transaction: something may be due. */
  readonly committed: () => void;
  readonly maxHeld?: number;
}

interface Waiting {
  readonly write: StoreWrite;
  readonly done: (() => void) | null;
}

/**
 * The way into the store: what comes in one turn is one transaction, so an alert, its deliveries and its
 * record stand or fall together. When the disk does not take it, it waits in memory and screening
 * goes on; beyond the limit decisions are lost, counted and said.
 */
export class Outbox implements DecisionSink {
  readonly #options: OutboxOptions;
  readonly #waiting: Waiting[] = [];
  #decisions = 0;
  #lost = 0;
  #failing = false;
  #closed = false;
  #timer: Timer | null = null;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Decisions lost since start because the disk did not take them for too long. */
  get lost(): number {
    return this.#lost;
  }

  /** Decisions in memory that are not on the disk yet. */
  get held(): number {
    return this.#decisions;
  }

  record(decision: Decision, destinations: readonly string[]): void {
    const { clock, logger, maxHeld = MAX_HELD_DECISIONS } = this.#options;
    if (this.#decisions >= maxHeld) {
      // Said at the first and then seldom: the log may be on the same full disk.
      if (this.#lost++ % maxHeld === 0) logger.error({ lost: this.#lost }, 'decisions are lost');
      return;
    }
    this.#decisions++;
    const atMs = Math.floor(clock.nowMs());
    this.#push({ write: { kind: 'decision', decision, destinations, atMs }, done: null });
  }

  /** Any other write. `done` is called when it is on the disk. */
  write(write: StoreWrite, done: () => void): void {
    this.#push({ write, done });
  }

  /** Writes what waits, now. @returns false when the disk did not take it. */
  flush(): boolean {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#waiting.length === 0) return true;
    const { store, logger, clock } = this.#options;
    try {
      store.write(this.#waiting.map(({ write }) => write));
    } catch (error) {
      if (!this.#failing)
        logger.error({ err: error, held: this.held }, 'the store takes no writes');
      this.#failing = true;
      this.#timer = clock.after(RETRY_MS, () => this.flush());
      return false;
    }
    if (this.#failing) logger.info({ held: this.held, lost: this.#lost }, 'the store writes again');
    this.#failing = false;
    this.#decisions = 0;
    for (const { done } of this.#waiting.splice(0)) done?.();
    this.#options.committed();
    return true;
  }

  /** Writes what waits, or tries for as long as another writer may hold the store. Before `close`. */
  async settle(): Promise<void> {
    for (let waitedMs = 0; !this.flush() && waitedMs < SETTLE_MS; waitedMs += SETTLE_STEP_MS) {
      await this.#options.clock.sleep(SETTLE_STEP_MS);
    }
  }

  /** A last try; what is not written now is lost, and said. */
  close(): void {
    const left = this.held;
    if (!this.flush() && left > 0) {
      this.#options.logger.error({ lost: left }, 'decisions are lost');
    }
    this.#timer?.cancel();
    this.#timer = null;
    this.#closed = true;
  }

  #push(waiting: Waiting): void {
    // How a delivery went that outlived the store: it is sent again after a restart.
    if (this.#closed) return;
    this.#waiting.push(waiting);
    this.#timer ??= this.#options.clock.after(0, () => this.flush());
  }
}
