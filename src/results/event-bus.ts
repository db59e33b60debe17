import type { Clock } from '../clock.ts';
import type { Call } from '../stream/call.ts';
import { idBeside } from '../stream/call-id.ts';
import { requireWholeLimits } from '../whole-limits.ts';
import type { ResultEvent } from './alert-events.ts';
import { CallRecord, type CallSummary, type EndedCallsPage } from './call-record.ts';

/** An event with its number, which grows by one with each event of its call. */
export interface NumberedEvent {
  readonly id: number;
  readonly event: ResultEvent;
}

/** Takes events in order. Called on the I/O thread: it must be quick and must not throw. */
export interface Subscriber {
  take(entry: NumberedEvent): void;
  /** The last stream of a call ended; no event of it follows. */
  ended(callId: string): void;
}

export interface Subscription {
  cancel(): void;
}

export interface EventBusOptions {
  readonly clock: Clock;
  /** Events kept of each call; the oldest give way. */
  readonly eventsPerCall: number;
  /** How long an ended call is kept, in ms. */
  readonly keepMs: number;
  /** Ended calls kept at most; the oldest give way. */
  readonly maxEndedCalls: number;
  /** Subscriptions at once, in all and of one key. */
  readonly maxSubscribers: number;
  readonly maxSubscribersPerKey: number;
  /** Told why `subscribe` refused. */
  readonly refused?: (reason: ReaderRefusal) => void;
}

/** Which limit of subscriptions is reached: the bus's or the key's. */
export type ReaderRefusal = 'readers' | 'key_readers';

export const DEFAULT_EVENT_BUS = {
  eventsPerCall: 64,
  keepMs: 60_000,
  maxEndedCalls: 2_000,
  maxSubscribers: 1_000,
  maxSubscribersPerKey: 500,
} as const;

interface Entry {
  readonly keyName: string;
  readonly callId: string | null;
  readonly subscriber: Subscriber;
}

/** A call as far as its place among the records goes. */
interface NamedCall {
  readonly callId: string;
  readonly start: { readonly keyName: string };
}

interface EndedCall {
  readonly record: CallRecord;
  readonly atMs: number;
  /** Counted from 1 in the order of the ends. */
  readonly number: number;
}

/**
 * Every event of every call, by call id and key: the results plane's source. Late subscribers are
 * given what is kept, then what comes. A key sees its own calls only.
 */
export class EventBus {
  readonly #options: EventBusOptions;
  /** By key and id: an ended call is kept although another key's has its id now. Newest last. */
  readonly #records = new Map<string, CallRecord>();
  /** Ended calls in the order of their end. */
  readonly #ended: EndedCall[] = [];
  readonly #byCall = new Map<string, Set<Entry>>();
  readonly #ofAll = new Set<Entry>();
  readonly #subscribersOfKey = new Map<string, number>();
  #subscribers = 0;
  #endings = 0;

  /** @throws RangeError when a limit of subscriptions is no whole number of at least 1 */
  constructor(options: EventBusOptions) {
    const { maxSubscribers, maxSubscribersPerKey } = options;
    requireWholeLimits({ maxSubscribers, maxSubscribersPerKey });
    this.#options = options;
  }

  get subscribers(): number {
    return this.#subscribers;
  }

  /** Live and lately ended calls that are in memory. */
  get keptCalls(): number {
    return this.#records.size;
  }

  /** A stream of a call began: the first, or another leg that joined. */
  started(call: Call): void {
    this.forgetOld();
    const place = placeOf(call);
    let record = this.#records.get(place);
    if (record === undefined || record.isEnded) {
      // An id that is used again goes to the end.
      this.#records.delete(place);
      record = new CallRecord(call, this.#options, record?.lastEventId);
      this.#records.set(place, record);
    }
    record.streamStarted(call);
  }

  published(call: NamedCall, event: ResultEvent): void {
    const record = this.#records.get(placeOf(call));
    if (record === undefined) return;
    const entry = record.add(event);
    for (const subscriber of this.#readersOf(record)) subscriber.take(entry);
  }

  /** @returns the summary when that was the call's last stream, else null */
  streamEnded(call: Call): CallSummary | null {
    const record = this.#records.get(placeOf(call));
    if (record === undefined || !record.streamEnded(call, this.#options.clock.wallTimeMs()))
      return null;
    this.#endings++;
    this.#ended.push({ record, atMs: this.#options.clock.nowMs(), number: this.#endings });
    for (const subscriber of this.#readersOf(record)) subscriber.ended(call.callId);
    this.forgetOld();
    return record.summary();
  }

  /** A live or lately ended call of a key, or null. */
  summaryOf(callId: string, keyName: string): CallSummary | null {
    this.forgetOld();
    return this.#recordOf(callId, keyName)?.summary() ?? null;
  }

  /** The scores of a live or lately ended call of a key from its beginning, or null. */
  seriesOf(callId: string, keyName: string): ReturnType<CallRecord['series']> | null {
    this.forgetOld();
    return this.#recordOf(callId, keyName)?.series() ?? null;
  }

  /** Live and lately ended calls of a key, oldest first. */
  summaries(keyName: string): CallSummary[] {
    this.forgetOld();
    const records = [...this.#records.values()].filter((record) => record.keyName === keyName);
    return records.map((record) => record.summary());
  }

  /**
   * A page of the lately ended calls of a key, newest first.
   * @param before what the page before said: calls that ended before its last one
   */
  endedCalls(keyName: string, limit: number, before: number): EndedCallsPage {
    this.forgetOld();
    const wanted = this.#ended.filter(
      ({ record, number }) =>
        number < before && record.keyName === keyName && this.#isNewest(record),
    );
    const page = wanted.slice(-limit).reverse();
    return {
      calls: page.map(({ record }) => record.summary()),
      nextBefore: wanted.length > limit ? page.at(-1)!.number : null,
    };
  }

  /** Why a key gets no further subscription now, or null. */
  refusal(keyName: string): ReaderRefusal | null {
    const { maxSubscribers, maxSubscribersPerKey } = this.#options;
    if (this.#subscribers >= maxSubscribers) return 'readers';
    const ofKey = this.#subscribersOfKey.get(keyName) ?? 0;
    return ofKey >= maxSubscribersPerKey ? 'key_readers' : null;
  }

  /**
   * Forgets ended calls whose time is up. Whatever is asked does so first; somebody must say it now and then
   * besides, or they stay in memory while nothing is asked.
   */
  forgetOld(): void {
    const { clock, keepMs, maxEndedCalls } = this.#options;
    const oldestMs = clock.nowMs() - keepMs;
    let count = 0;
    while (count < this.#ended.length) {
      const { record, atMs } = this.#ended[count]!;
      if (atMs > oldestMs && this.#ended.length - count <= maxEndedCalls) break;
      if (this.#isNewest(record)) this.#records.delete(placeIn(record.keyName, record.callId));
      count++;
    }
    if (count > 0) this.#ended.splice(0, count);
  }

  /**
   * Events of one call (which need not have begun), or of all calls of the key when `callId` is
   * null. What is kept after `afterId` is handed over before this returns (of one call only).
   * @returns null when there are too many subscribers, in all or of the key.
   */
  subscribe(
    of: { readonly keyName: string; readonly callId: string | null; readonly afterId: number },
    subscriber: Subscriber,
  ): Subscription | null {
    const { keyName, callId, afterId } = of;
    const refusal = this.refusal(keyName);
    if (refusal !== null) {
      this.#options.refused?.(refusal);
      return null;
    }
    this.forgetOld();
    const entry: Entry = { keyName, callId, subscriber };
    this.#count(keyName, 1);
    const set = callId === null ? this.#ofAll : (this.#byCall.get(callId) ?? new Set<Entry>());
    if (callId !== null) this.#byCall.set(callId, set);
    set.add(entry);
    const record = callId === null ? null : this.#recordOf(callId, keyName);
    if (record !== null) {
      for (const kept of record.eventsAfter(afterId)) subscriber.take(kept);
      if (record.isEnded) subscriber.ended(record.callId);
    }
    return { cancel: () => this.#cancel(entry, set) };
  }

  #cancel(entry: Entry, set: Set<Entry>): void {
    if (!set.delete(entry)) return;
    this.#count(entry.keyName, -1);
    if (entry.callId !== null && set.size === 0) this.#byCall.delete(entry.callId);
  }

  #count(keyName: string, change: 1 | -1): void {
    this.#subscribers += change;
    const ofKey = (this.#subscribersOfKey.get(keyName) ?? 0) + change;
    if (ofKey > 0) this.#subscribersOfKey.set(keyName, ofKey);
    else this.#subscribersOfKey.delete(keyName);
  }

  /** A key's record under its id or under the one that was given for it: the live one, else the newer. */
  #recordOf(callId: string, keyName: string): CallRecord | null {
    let found: CallRecord | null = null;
    for (const id of [callId, idBeside(callId, keyName)]) {
      const record = this.#records.get(placeIn(keyName, id));
      if (record === undefined) continue;
      if (!record.isEnded) return record;
      if (found === null || record.startedAtMs > found.startedAtMs) found = record;
    }
    return found;
  }

  /** False = its key uses its id again. */
  #isNewest(record: CallRecord): boolean {
    return this.#records.get(placeIn(record.keyName, record.callId)) === record;
  }

  *#readersOf({ callId, givenId, keyName }: CallRecord): Generator<Subscriber> {
    const byGiven = givenId === callId ? undefined : this.#byCall.get(givenId);
    for (const set of [this.#byCall.get(callId), byGiven, this.#ofAll]) {
      if (set === undefined || set.size === 0) continue;
      for (const entry of [...set]) if (entry.keyName === keyName) yield entry.subscriber;
    }
  }
}

function placeOf({ callId, start }: NamedCall): string {
  return placeIn(start.keyName, callId);
}

function placeIn(keyName: string, callId: string): string {
  return `${keyName}\n${callId}`;
}
