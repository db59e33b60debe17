import type { Clock } from '../clock.ts';
import { problemBody } from '../http/problem.ts';
import { randomId } from '../random.ts';
import { FairQueue } from './fair-queue.ts';
import {
  type ScreeningRecord,
  ScreeningStore,
  type ScreeningStoreOptions,
} from './screening-store.ts';
import type { UploadScreener } from './upload-host.ts';
import type { UploadBody, UploadOutcome, UploadProblemCode } from './upload-messages.ts';

export interface ScreeningDeskOptions {
  readonly clock: Clock;
  readonly screener: UploadScreener;
  /** Uploads that arrive, wait or are screened at once. */
  readonly maxOpen: number;
  /** Of those of one key, so that it does not keep all others waiting. Default: as many. */
  readonly maxOpenOfKey?: number;
  readonly store: Omit<ScreeningStoreOptions, 'clock'>;
  readonly count: (result: ScreeningResult) => void;
}

/** What came of an upload in a word. */
export type ScreeningResult = 'done' | 'too_many_screenings' | UploadProblemCode;

export interface UploadRequest {
  readonly keyName: string;
  readonly body: UploadBody;
  readonly bytes: number;
  readonly idempotency: ScreeningRecord['idempotency'];
}

interface Waiter {
  readonly record: ScreeningRecord;
  readonly wake: () => void;
}

/** Takes uploads, screens one after the other, the keys in turn, and keeps what came of them. */
export class ScreeningDesk {
  readonly store: ScreeningStore;
  readonly #options: ScreeningDeskOptions;
  readonly #queue = new FairQueue<{
    readonly record: ScreeningRecord;
    readonly body: UploadBody;
  }>();
  readonly #waiters = new Set<Waiter>();
  #open = 0;
  readonly #openOfKey = new Map<string, number>();
  #isWorking = false;
  #isClosed = false;

  constructor(options: ScreeningDeskOptions) {
    this.#options = options;
    this.store = new ScreeningStore({ ...options.store, clock: options.clock });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** A place for one upload of a key, to be given to `submit` or back; false when there is none. */
  reserve(keyName: string): boolean {
    const { maxOpen, maxOpenOfKey = maxOpen } = this.#options;
    const ofKey = this.#openOfKey.get(keyName) ?? 0;
    if (this.#open >= maxOpen || ofKey >= maxOpenOfKey) {
      this.#options.count('too_many_screenings');
      return false;
    }
    this.#open++;
    this.#openOfKey.set(keyName, ofKey + 1);
    return true;
  }

  giveBack(keyName: string): void {
    this.#open--;
    const ofKey = (this.#openOfKey.get(keyName) ?? 0) - 1;
    if (ofKey > 0) this.#openOfKey.set(keyName, ofKey);
    else this.#openOfKey.delete(keyName);
  }

  /** Uses up the reserved place. */
  submit({ keyName, body, bytes, idempotency }: UploadRequest): ScreeningRecord {
    const record = this.store.add({
      keyName,
      idempotency,
      summary: {
        id: randomId(),
        state: 'queued',
        createdAtMs: this.#options.clock.wallTimeMs(),
        finishedAtMs: null,
        fileName: body.fileName,
        bytes,
        audio: null,
        problem: null,
        legs: [],
      },
    });
    this.#queue.push(keyName, { record, body });
    void this.#work();
    return record;
  }

  /** Waits until a screening is finished, `waitMs` at most. */
  async finished(record: ScreeningRecord, waitMs: number): Promise<boolean> {
    const isDone = () => record.summary.finishedAtMs !== null;
    if (isDone() || waitMs <= 0) return isDone();
    await new Promise<void>((resolve) => {
      const timer = this.#options.clock.after(waitMs, () => waiter.wake());
      const waiter: Waiter = {
        record,
        wake: () => {
          timer.cancel();
          this.#waiters.delete(waiter);
          resolve();
        },
      };
      this.#waiters.add(waiter);
    });
    return isDone();
  }

  /** Gives up what is not finished, and the process. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#queue.clear();
    for (const waiter of [...this.#waiters]) waiter.wake();
    await this.#options.screener.stop();
  }

  async #work(): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      const { record, body } = next;
      record.summary = { ...record.summary, state: 'running' };
      const outcome = await this.#options.screener.screen(body).catch(() => failureOf(body));
      this.giveBack(record.keyName);
      if (!this.#isGivenUp(outcome)) this.#finish(record, outcome);
    }
    this.#isWorking = false;
  }

  /**
   * What the end of the service cut off did not fail: kept as failed, it would be the answer to the same
   * idempotency key after the restart.
   */
  #isGivenUp(outcome: UploadOutcome): boolean {
    return this.#isClosed && outcome.kind === 'refused' && outcome.code === 'internal';
  }

  #finish(record: ScreeningRecord, outcome: UploadOutcome): void {
    const finishedAtMs = this.#options.clock.wallTimeMs();
    const { fileName } = outcome;
    this.#options.count(outcome.kind === 'done' ? 'done' : outcome.code);
    if (outcome.kind === 'done') {
      const { audio, legs, legsJson } = outcome;
      const done = {
        ...record.summary,
        state: 'done' as const,
        finishedAtMs,
        fileName,
        audio,
        legs,
      };
      this.store.finish(record, done, legsJson);
    } else {
      const problem = problemBody(outcome.code, outcome.detail);
      const failed = {
        ...record.summary,
        state: 'failed' as const,
        finishedAtMs,
        fileName,
        problem,
      };
      this.store.finish(record, failed, null);
    }
    for (const waiter of [...this.#waiters]) if (waiter.record === record) waiter.wake();
  }
}

/** A screener does not throw for what a peer can cause; if it does, the next upload must go on. */
function failureOf({ fileName }: UploadBody): UploadOutcome {
  const detail = 'The recording could not be screened.';
  return { kind: 'refused', fileName, code: 'internal', detail };
}
