import type { Timer } from '../../clock.ts';
import type { Logger } from '../../logger.ts';
import type { Destination } from '../destinations.ts';
import type { AlertStore } from '../outbox/alert-store.ts';
import { type DeliveryTarget, type WebhookParts, webhookTarget } from './delivery-target.ts';
import { type DeliveryParts, DeliveryWorker } from './delivery-worker.ts';

/** How often the store is asked what is due: the step of retries, and of what the command line changed. */
const POLL_MS = 1_000;
const TIDY_EVERY_MS = 3_600_000;
/** Ended alerts are kept this long for `bonafide alerts list`. */
const KEEP_ENDED_MS = 30 * 86_400_000;
/** What is under way may take this long when the service stops; it is sent again after a restart. */
const STOP_MS = 3_000;

export interface DeliveryOptions extends Omit<DeliveryParts, 'ended'>, WebhookParts {
  readonly store: Pick<AlertStore, 'due' | 'pullInWaits' | 'buryOrphans' | 'forgetEnded'>;
  readonly logger: Logger;
}

/** One worker a destination, and one an action on calls. */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #workers = new Map<string, DeliveryWorker>();
  readonly #timers: Timer[] = [];

  /** @param others targets that are no destinations */
  constructor(
    options: DeliveryOptions,
    destinations: readonly Destination[],
    others: readonly DeliveryTarget[] = [],
  ) {
    this.#options = options;
    const { clock, store } = options;
    this.#careful(() => store.pullInWaits(Math.floor(clock.nowMs())));
    this.use(destinations, others);
    this.#tidy();
    this.#timers.push(
      clock.every(POLL_MS, () => {
        this.#buryOrphans();
        this.pump();
      }),
    );
    this.#timers.push(clock.every(TIDY_EVERY_MS, () => this.#tidy()));
  }

  /** Destinations after a reload. What waits for one that is gone becomes a dead letter. */
  use(destinations: readonly Destination[], others: readonly DeliveryTarget[] = []): void {
    const webhooks = destinations.map((destination) => webhookTarget(destination, this.#options));
    const targets = [...webhooks, ...others];
    const names = targets.map(({ name }) => name);
    for (const [name, worker] of this.#workers) {
      if (names.includes(name)) continue;
      this.#workers.delete(name);
      void worker.stop();
    }
    for (const target of targets) {
      const worker = this.#workers.get(target.name);
      if (worker === undefined) {
        this.#workers.set(target.name, this.#workerOf(target));
      } else worker.use(target);
    }
    this.#buryOrphans();
    this.pump();
  }

  /** Sends what is due. */
  pump(): void {
    for (const worker of this.#workers.values()) this.#careful(() => worker.pump());
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers.splice(0)) timer.cancel();
    const stopped = Promise.all([...this.#workers.values()].map((worker) => worker.stop()));
    let limit: Timer | null = null;
    const tooLong = new Promise<void>((resolve) => {
      limit = this.#options.clock.after(STOP_MS, resolve);
    });
    await Promise.race([stopped, tooLong]);
    (limit as Timer | null)?.cancel();
  }

  #workerOf(target: DeliveryTarget): DeliveryWorker {
    const worker: DeliveryWorker = new DeliveryWorker(target, {
      ...this.#options,
      ended: () => this.#careful(() => worker.pump()),
    });
    return worker;
  }

  /** Also what the command line, or a decision that waited, has put there since the reload. */
  #buryOrphans(): void {
    const { clock, store } = this.#options;
    const names = [...this.#workers.keys()];
    this.#careful(() => store.buryOrphans(names, Math.floor(clock.nowMs())));
  }

  #tidy(): void {
    const { clock, store } = this.#options;
    this.#careful(() => store.forgetEnded(Math.floor(clock.nowMs() - KEEP_ENDED_MS)));
  }

  /** A disk that fails for a moment stops no worker: the next turn tries again. */
  #careful(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'the store could not be read');
    }
  }
}
