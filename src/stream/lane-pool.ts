import type { Clock, Timer } from '../clock.ts';
import type { LaneEvent, LaneLoad } from './events.ts';
import type { FeedSpec } from './lane.ts';
import type { LaneHost, LaneListener } from './lane-host.ts';

const BUSY_LIMIT = 0.8;
/** A lane that could not be started anew is tried again after this, then after twice as long, … */
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;
const IDLE_LOAD: LaneLoad = {
  feeds: 0,
  busyShare: 0,
  lagMs: 0,
  runs: 0,
  rows: 0,
  largestBatch: 0,
  waitingFeeds: 0,
  packets: 0,
  corruptPackets: 0,
};

export interface LanePoolListener {
  events(events: readonly LaneEvent[]): void;
  load(laneIndex: number, load: LaneLoad): void;
  /** A lane died with so many feeds, which `lost` names next. */
  died(laneIndex: number, reason: string, feeds: number): void;
  /** These feeds have no lane: theirs died, or was starting when they came. */
  lost(feedIds: readonly number[]): void;
  /** No lane could be started in the place of one that died; it is tried again. */
  notStarted(laneIndex: number, error: unknown): void;
}

interface Slot {
  host: LaneHost | null;
  readonly feedIds: Set<number>;
  load: LaneLoad;
  retry: Timer | null;
}

export type StartLane = (listener: LaneListener) => Promise<LaneHost>;

export interface LanePoolOptions {
  readonly laneCount: number;
  readonly startLane: StartLane;
  readonly listener: LanePoolListener;
  readonly clock: Clock;
  /** A lane that is busy for a larger share of the time takes no new calls. Default 0.8; 1 = it takes any. */
  readonly busyLimit?: number | undefined;
}

/**
 * All lanes of the process. A new feed goes to the lane with the fewest; a lane that dies loses its
 * feeds and is started anew.
 */
export class LanePool {
  readonly #options: LanePoolOptions;
  readonly #busyLimit: number;
  readonly #slots: Slot[];
  #stopping = false;

  private constructor(options: LanePoolOptions) {
    this.#options = options;
    this.#busyLimit = options.busyLimit ?? BUSY_LIMIT;
    this.#slots = Array.from({ length: options.laneCount }, () => ({
      host: null,
      feedIds: new Set<number>(),
      load: IDLE_LOAD,
      retry: null,
    }));
  }

  /** Starts `laneCount` lanes. @throws what the first failing lane threw. */
  static async start(options: LanePoolOptions): Promise<LanePool> {
    const { laneCount } = options;
    if (laneCount < 1) throw new RangeError(`laneCount must be >= 1, got ${laneCount}`);
    const pool = new LanePool(options);
    try {
      await Promise.all(pool.#slots.map((_, index) => pool.#fill(index)));
    } catch (error) {
      await pool.stop();
      throw error;
    }
    return pool;
  }

  /** True while at least one lane has room. */
  get hasRoom(): boolean {
    return this.#slots.some(({ host, load }) => host !== null && load.busyShare <= this.#busyLimit);
  }

  /** Index of the lane that a new call's feeds should go to; null when none has room. */
  pick(): number | null {
    let best: number | null = null;
    this.#slots.forEach(({ host, load, feedIds }, index) => {
      if (host === null || load.busyShare > this.#busyLimit) return;
      if (best === null || feedIds.size < this.#slots[best]!.feedIds.size) best = index;
    });
    return best;
  }

  open(laneIndex: number, spec: FeedSpec): void {
    const slot = this.#slots[laneIndex]!;
    if (slot.host === null) {
      this.#options.listener.lost([spec.feedId]);
      return;
    }
    slot.feedIds.add(spec.feedId);
    slot.host.open(spec);
  }

  close(feedId: number): void {
    for (const slot of this.#slots) {
      if (slot.feedIds.delete(feedId)) slot.host?.close(feedId);
    }
  }

  async snapshot(feedId: number): Promise<Uint8Array[] | null> {
    const slot = this.#slots.find(({ feedIds }) => feedIds.has(feedId));
    return slot?.host?.snapshot(feedId) ?? null;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    for (const { retry } of this.#slots) retry?.cancel();
    await Promise.all(this.#slots.map(({ host }) => host?.stop()));
  }

  async #fill(index: number): Promise<void> {
    const slot = this.#slots[index]!;
    slot.load = IDLE_LOAD;
    const host = await this.#options.startLane({
      events: (events) => {
        for (const event of events) {
          if (event.kind === 'ended' || event.kind === 'failed') slot.feedIds.delete(event.feedId);
        }
        this.#options.listener.events(events);
      },
      load: (load) => {
        slot.load = load;
        this.#options.listener.load(index, load);
      },
      died: (reason) => this.#died(index, reason),
    });
    if (this.#stopping) await host.stop();
    else slot.host = host;
  }

  #died(index: number, reason: string): void {
    const slot = this.#slots[index]!;
    // A lane that dies while starting is reported by the promise of its start.
    if (slot.host === null) return;
    slot.host = null;
    const feedIds = [...slot.feedIds];
    slot.feedIds.clear();
    this.#options.listener.died(index, reason, feedIds.length);
    this.#options.listener.lost(feedIds);
    void this.#refill(index, FIRST_RETRY_MS);
  }

  /** Until it succeeds the pool has less room, which /readyz tells when none is left. */
  async #refill(index: number, retryMs: number): Promise<void> {
    if (this.#stopping) return;
    try {
      await this.#fill(index);
    } catch (error) {
      if (this.#stopping) return;
      this.#options.listener.notStarted(index, error);
      this.#slots[index]!.retry = this.#options.clock.after(retryMs, () => {
        void this.#refill(index, Math.min(2 * retryMs, LONGEST_RETRY_MS));
      });
    }
  }
}
