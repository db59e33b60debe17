import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Timer } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { CallSummary, EndedCallsPage } from '../results/call-record.ts';
import type { ScreeningArchive, ScreeningRecord } from '../uploads/screening-store.ts';
import { type StoredCall, SummaryDatabase, type SummaryWrite } from './summary-database.ts';

/** What the next try may get over with the file as it is. */
const PASSING: readonly string[] = ['SQLITE_BUSY', 'SQLITE_FULL'];

export const SUMMARY_FILE = 'summaries.db';

/** Most bytes of the file; beyond it summaries wait in memory and then give way. */
const MAX_STORE_BYTES = 1_073_741_824;
const WRITE_EVERY_MS = 1_000;
const RETRY_MS = 10_000;
const LOG_EVERY_MS = 60_000;
const PRUNE_EVERY_MS = 3_600_000;
const PRUNE_AT_ONCE = 500;
const DAY_MS = 86_400_000;
/** Of one transaction: what a disk takes in a few milliseconds. */
const WRITES_AT_ONCE = 500;
/** Of summaries that wait for the disk. */
const MAX_WAITING_BYTES = 32 * 2 ** 20;
/** Legs of a screening that are longer than this are kept without their timelines. */
export const MAX_LEGS_BYTES = 2 ** 20;

export interface SummaryStoreOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Holds the file; made when it is not there. */
  readonly folder: string;
  readonly retentionDays: number;
  /** Bytes of summaries that may wait for the disk; then the oldest give way. */
  readonly maxWaitingBytes?: number;
  readonly maxBytes?: number;
}

/** For the metrics; counts are since start. */
export interface SummaryFigures {
  readonly waiting: number;
  readonly lost: number;
  readonly failures: number;
}

/**
 * Keeps summaries of ended calls and finished screenings on the disk, never audio. Writes are gathered
 * and made on a timer. A file that is locked, full, damaged or of a newer version stops nothing: it is
 * counted and said, tried again, and meanwhile summaries wait in memory up to a limit.
 */
export class SummaryStore implements ScreeningArchive {
  readonly #options: SummaryStoreOptions;
  readonly #waiting: SummaryWrite[] = [];
  readonly #pruning: Timer;
  #database: SummaryDatabase | null = null;
  #notBeforeMs = 0;
  #timer: Timer | null = null;
  /** Goes on with what one pruning left. */
  #pruneTimer: Timer | null = null;
  #saidAtMs = Number.NEGATIVE_INFINITY;
  #waitingBytes = 0;
  #lost = 0;
  #failures = 0;

  constructor(options: SummaryStoreOptions) {
    this.#options = options;
    this.#pruning = options.clock.every(PRUNE_EVERY_MS, () => this.#prune());
    this.#prune();
  }

  get figures(): SummaryFigures {
    return { waiting: this.#waiting.length, lost: this.#lost, failures: this.#failures };
  }

  /** A call has ended. */
  callEnded(keyName: string, summary: CallSummary): void {
    const { callId } = summary;
    const endedAtMs = summary.endedAtMs ?? this.#options.clock.wallTimeMs();
    this.#push({ kind: 'call', keyName, callId, endedAtMs, body: JSON.stringify(summary) });
  }

  keep(record: ScreeningRecord): void {
    const legsJson = (record.legsJson?.length ?? 0) > MAX_LEGS_BYTES ? null : record.legsJson;
    const body = JSON.stringify(record.summary);
    this.#push({ kind: 'screening', record: { ...record, legsJson }, body });
  }

  /** Ended calls of a key, newest first. */
  calls(keyName: string, limit: number, before: number): EndedCallsPage {
    const page = this.#read<readonly StoredCall[]>([], (database) =>
      database.calls({ keyName, limit: limit + 1, before, afterMs: this.#oldestMs }),
    );
    const calls = page.slice(0, limit);
    const nextBefore = page.length > limit ? calls.at(-1)!.number : null;
    return { calls: calls.map(({ summary }) => summary), nextBefore };
  }

  /** The newest ended call of a key with this id, or null. */
  call(callId: string, keyName: string): CallSummary | null {
    return this.#read(null, (database) => database.call(callId, keyName, this.#oldestMs));
  }

  get(id: string, keyName: string): ScreeningRecord | null {
    return this.#read(null, (database) => database.screening(id, keyName, this.#oldestMs));
  }

  byIdempotencyKey(idempotencyKey: string, keyName: string): ScreeningRecord | null {
    return this.#read(null, (database) =>
      database.screeningByIdempotencyKey(idempotencyKey, keyName, this.#oldestMs),
    );
  }

  page(keyName: string, limit: number, before: number): readonly ScreeningRecord[] {
    return this.#read<readonly ScreeningRecord[]>([], (database) =>
      database.screenings({ keyName, limit, before, afterMs: this.#oldestMs }),
    );
  }

  /** A last try; what is not written now is lost, and said. */
  close(): void {
    this.#pruning.cancel();
    this.#pruneTimer?.cancel();
    this.#timer?.cancel();
    this.#notBeforeMs = 0;
    for (let isDone = true; isDone && this.#waiting.length > 0; ) isDone = this.#write();
    const lost = this.#waiting.length;
    this.#drop(lost);
    if (lost > 0) this.#options.logger.error({ lost }, 'summaries are lost');
    this.#database?.close();
    this.#database = null;
  }

  get #oldestMs(): number {
    const { clock, retentionDays } = this.#options;
    return Math.floor(clock.wallTimeMs() - retentionDays * DAY_MS);
  }

  #push(write: SummaryWrite): void {
    const { maxWaitingBytes = MAX_WAITING_BYTES } = this.#options;
    this.#waiting.push(write);
    this.#waitingBytes += bytesOf(write);
    while (this.#waitingBytes > maxWaitingBytes) {
      this.#drop(1);
      this.#lost++;
    }
    this.#schedule();
  }

  #schedule(): void {
    const { clock } = this.#options;
    const delayMs = Math.max(WRITE_EVERY_MS, this.#notBeforeMs - clock.nowMs());
    this.#timer ??= clock.after(delayMs, () => {
      this.#timer = null;
      this.#write();
      if (this.#waiting.length > 0) this.#schedule();
    });
  }

  /** One transaction of what waits. @returns false when the disk did not take it */
  #write(): boolean {
    if (this.#options.clock.nowMs() < this.#notBeforeMs) return false;
    const batch = this.#waiting.slice(0, WRITES_AT_ONCE);
    const isDone = this.#try(false, (database) => {
      database.write(batch);
      return true;
    });
    if (isDone) this.#drop(batch.length);
    return isDone;
  }

  #drop(count: number): void {
    for (const write of this.#waiting.splice(0, count)) this.#waitingBytes -= bytesOf(write);
  }

  /** What waits is written first, so that a reader sees what has just ended. */
  #read<Result>(otherwise: Result, read: (database: SummaryDatabase) => Result): Result {
    if (this.#waiting.length > 0) this.#write();
    return this.#try(otherwise, read);
  }

  #prune(): void {
    const deleted = this.#try(0, (database) => database.prune(this.#oldestMs, PRUNE_AT_ONCE));
    if (deleted < PRUNE_AT_ONCE) return;
    this.#pruneTimer?.cancel();
    this.#pruneTimer = this.#options.clock.after(WRITE_EVERY_MS, () => this.#prune());
  }

  #try<Result>(otherwise: Result, act: (database: SummaryDatabase) => Result): Result {
    const { clock, folder, maxBytes = MAX_STORE_BYTES } = this.#options;
    try {
      if (this.#database === null) {
        if (clock.nowMs() < this.#notBeforeMs) return otherwise;
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        this.#database = new SummaryDatabase(join(folder, SUMMARY_FILE), maxBytes);
      }
      return act(this.#database);
    } catch (error) {
      this.#failed(error);
      return otherwise;
    }
  }

  #failed(error: unknown): void {
    const { clock, logger, folder } = this.#options;
    const nowMs = clock.nowMs();
    this.#failures++;
    this.#notBeforeMs = nowMs + RETRY_MS;
    if (!PASSING.includes((error as { code?: string }).code ?? '')) {
      // Opened anew: the file may be another one by then.
      this.#database?.close();
      this.#database = null;
    }
    if (nowMs - this.#saidAtMs < LOG_EVERY_MS) return;
    this.#saidAtMs = nowMs;
    const { waiting, lost } = this.figures;
    const reason = error instanceof Error ? error.message : String(error);
    logger.error({ folder, reason, waiting, lost }, 'the summary store does not work');
  }
}

/** Roughly what a write holds in memory. */
function bytesOf(write: SummaryWrite): number {
  const legs = write.kind === 'screening' ? (write.record.legsJson?.length ?? 0) : 0;
  return write.body.length + legs;
}
