import type { Clock } from '../../clock.ts';
import type { Random } from '../../random.ts';
import type { Destination } from '../destinations.ts';
import type { AlertStore, DeliveryMark, DueDelivery } from '../outbox/alert-store.ts';
import type { Outbox } from '../outbox/outbox.ts';
import { backOffMs, retryAfterMs } from './back-off.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import type { PostOutcome, PostRequest } from './post.ts';
import { renderAlert } from './render.ts';
import { webhookHeaders } from './signature.ts';

/** How a delivery attempt ended, for the metrics. */
export type DeliveryOutcome = 'delivered' | 'failed' | 'dead';

export interface DeliveryParts {
  readonly store: Pick<AlertStore, 'due'>;
  readonly outbox: Pick<Outbox, 'write'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly post: (request: PostRequest) => Promise<PostOutcome>;
  /** PEM text of a file of the policies. @throws when it cannot be read */
  readonly readFile: (path: string) => string;
  readonly outcome: (destination: string, outcome: DeliveryOutcome, error: string | null) => void;
}

/** Says that the receiver wants no more of this, ever. */
const GONE = 410;

/**
 * Sends what is due to one destination: so many at once, each until the receiver says 2xx or a day has
 * passed. A slow or failing receiver holds up nobody but itself.
 */
export class DeliveryWorker {
  readonly #parts: DeliveryParts;
  readonly #breaker = new CircuitBreaker();
  /** Alerts under way, or answered while the answer is not on the disk yet. */
  readonly #held = new Set<string>();
  readonly #active = new Set<Promise<void>>();
  #destination: Destination;
  #stopped = false;

  constructor(destination: Destination, parts: DeliveryParts) {
    this.#destination = destination;
    this.#parts = parts;
  }

  /** Settings after a reload; what is under way ends as it began. */
  use(destination: Destination): void {
    this.#destination = destination;
  }

  /** Starts what is due and fits. */
  pump(): void {
    if (this.#stopped) return;
    const { store, clock } = this.#parts;
    const { name, concurrency } = this.#destination;
    const nowMs = clock.nowMs();
    const slots = this.#breaker.allowed(concurrency, nowMs) - this.#active.size;
    if (slots <= 0) return;
    const due = store
      .due(name, nowMs, slots + this.#held.size)
      .filter(({ alert }) => !this.#held.has(alert.id));
    for (const delivery of due.slice(0, slots)) this.#start(delivery);
  }

  /** Starts nothing more. Resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#active);
  }

  #start(delivery: DueDelivery): void {
    this.#held.add(delivery.alert.id);
    const running = this.#deliver(delivery).finally(() => {
      this.#active.delete(running);
      this.pump();
    });
    this.#active.add(running);
  }

  async #deliver(delivery: DueDelivery): Promise<void> {
    const { outbox, outcome } = this.#parts;
    const { alert, destination } = delivery;
    const mark = this.#markOf(delivery, await this.#attempt(delivery));
    const failure = mark.state === 'delivered' ? null : mark.error;
    outcome(destination, mark.state === 'waiting' ? 'failed' : mark.state, failure);
    outbox.write({ kind: 'mark', alertId: alert.id, destination, mark }, () => {
      this.#held.delete(alert.id);
    });
  }

  async #attempt({ alert }: DueDelivery): Promise<PostOutcome> {
    const { clock, post, readFile } = this.#parts;
    const { url, secrets, timeoutMs, allowPrivate, caFile } = this.#destination;
    try {
      const { contentType, body } = renderAlert(alert, this.#destination);
      const message = { id: alert.id, body };
      const headers = {
        'content-type': contentType,
        'user-agent': 'bonafide',
        ...webhookHeaders(message, secrets, clock.nowMs()),
      };
      const ca = caFile === undefined ? {} : { ca: readFile(caFile) };
      return await post({ url, headers, body, timeoutMs, allowPrivate, ...ca });
    } catch (error) {
      return { kind: 'error', error: error instanceof Error ? error.message : String(error) };
    }
  }

  #markOf(delivery: DueDelivery, outcome: PostOutcome): DeliveryMark {
    const { clock, random } = this.#parts;
    const nowMs = Math.floor(clock.nowMs());
    if (outcome.kind === 'answer' && outcome.status >= 200 && outcome.status < 300) {
      this.#breaker.succeeded();
      return { state: 'delivered', atMs: nowMs };
    }
    this.#breaker.failed(nowMs);
    const error = outcome.kind === 'error' ? outcome.error : `HTTP ${outcome.status}`;
    if (outcome.kind === 'answer' && outcome.status === GONE) {
      return { state: 'dead', atMs: nowMs, error };
    }
    const askedMs = outcome.kind === 'answer' ? retryAfterMs(outcome.retryAfter, nowMs) : null;
    if (askedMs !== null) this.#breaker.holdUntil(nowMs + askedMs);
    const waitMs = Math.max(askedMs ?? 0, backOffMs(delivery.attempts + 1, random));
    const nextAttemptAtMs = nowMs + waitMs;
    if (nextAttemptAtMs > delivery.giveUpAtMs) return { state: 'dead', atMs: nowMs, error };
    return { state: 'waiting', nextAttemptAtMs, error };
  }
}
