import type { Clock } from '../../clock.ts';
import type { Random } from '../../random.ts';
import type { AlertEvent } from '../alert-events.ts';
import type { AlertStore, DeliveryMark, DueDelivery } from '../outbox/alert-store.ts';
import type { Outbox } from '../outbox/outbox.ts';
import { backOffMs, retryAfterMs } from './back-off.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import type { DeliveryTarget, SendOutcome } from './delivery-target.ts';

/** How a delivery attempt ended, for the metrics. */
export type DeliveryOutcome = 'delivered' | 'failed' | 'dead';

export interface DeliveryParts {
  readonly store: Pick<AlertStore, 'due'>;
  readonly outbox: Pick<Outbox, 'write'>;
  readonly clock: Clock;
  readonly random: Random;
  /** An attempt has ended: there is room for another. */
  readonly ended: () => void;
  readonly outcome: (
    destination: string,
    outcome: DeliveryOutcome,
    error: string | null,
    alert: AlertEvent,
  ) => void;
}

/**
 * Sends what is due to one destination: so many at once, each until the receiver says 2xx or a day has
 * passed. A slow or failing receiver holds up nobody but itself.
 */
export class DeliveryWorker {
  readonly #parts: DeliveryParts;
  #breaker = new CircuitBreaker();
  /** Alerts under way, or answered while the answer is not on the disk yet. */
  readonly #held = new Set<string>();
  readonly #active = new Set<Promise<void>>();
  #target: DeliveryTarget;
  #stopped = false;

  constructor(target: DeliveryTarget, parts: DeliveryParts) {
    this.#target = target;
    this.#parts = parts;
  }

  /** Settings after a reload; what is under way ends as it began. */
  use(target: DeliveryTarget): void {
    if (target.address !== this.#target.address) this.#breaker = new CircuitBreaker();
    this.#target = target;
  }

  /** Starts what is due and fits. */
  pump(): void {
    if (this.#stopped) return;
    const { store, clock } = this.#parts;
    const { name, concurrency } = this.#target;
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
      this.#parts.ended();
    });
    this.#active.add(running);
  }

  async #deliver(delivery: DueDelivery): Promise<void> {
    const { outbox, outcome } = this.#parts;
    const { alert, destination } = delivery;
    const breaker = this.#breaker;
    const mark = this.#isLate(delivery)
      ? this.#dead('it came too late')
      : this.#markOf(delivery, await this.#target.send(alert), breaker);
    const failure = mark.state === 'delivered' ? null : mark.error;
    outcome(destination, mark.state === 'waiting' ? 'failed' : mark.state, failure, alert);
    outbox.write({ kind: 'mark', alertId: alert.id, destination, mark }, () => {
      this.#held.delete(alert.id);
    });
  }

  /** @param breaker of the address that the outcome is of */
  #markOf(delivery: DueDelivery, outcome: SendOutcome, breaker: CircuitBreaker): DeliveryMark {
    const { clock, random } = this.#parts;
    const nowMs = Math.floor(clock.nowMs());
    if (outcome.kind === 'done') {
      breaker.succeeded();
      return { state: 'delivered', atMs: nowMs };
    }
    if (outcome.kind === 'refused') return this.#dead(outcome.error);
    breaker.failed(nowMs);
    const { error } = outcome;
    // A reload has taken that address away meanwhile: what it wants binds the new one to nothing.
    if (breaker !== this.#breaker) return { state: 'waiting', nextAttemptAtMs: nowMs, error };
    if (outcome.kind === 'gone') return this.#dead(error);
    const askedMs = retryAfterMs(outcome.retryAfter, clock.wallTimeMs());
    if (askedMs !== null) breaker.holdUntil(nowMs + askedMs);
    const waitMs = Math.max(askedMs ?? 0, backOffMs(delivery.attempts + 1, random));
    const nextAttemptAtMs = nowMs + waitMs;
    if (nextAttemptAtMs > this.#endOf(delivery)) return this.#dead(error);
    return { state: 'waiting', nextAttemptAtMs, error };
  }

  #dead(error: string): DeliveryMark {
    return { state: 'dead', atMs: Math.floor(this.#parts.clock.nowMs()), error };
  }

  /** After a stop of the service, or behind others, an action may come when it makes no sense any more. */
  #isLate(delivery: DueDelivery): boolean {
    return this.#target.expiresMs !== null && this.#parts.clock.nowMs() > this.#endOf(delivery);
  }

  #endOf({ alert, giveUpAtMs }: DueDelivery): number {
    const { clock } = this.#parts;
    const { expiresMs } = this.#target;
    if (expiresMs === null) return giveUpAtMs;
    const leftMs = alert.wallTimeMs + expiresMs - clock.wallTimeMs();
    return Math.min(giveUpAtMs, clock.nowMs() + leftMs);
  }
}
