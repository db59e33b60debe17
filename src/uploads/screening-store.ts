import type { Clock } from '../clock.ts';
import type { ScreeningSummary } from '../http/schemas.ts';

/** One screening and what is kept of it: never the audio. */
export interface ScreeningRecord {
  /** Grows with each screening, over restarts too. */
  readonly number: number;
  readonly keyName: string;
  summary: ScreeningSummary;
  /** The legs with their timelines, as JSON; null until it is done. */
  legsJson: Uint8Array | null;
  readonly idempotency: { readonly key: string; readonly fingerprint: string } | null;
}

export interface ScreeningStoreOptions {
  readonly clock: Clock;
  readonly maxRecords: number;
  /** Of all timelines together; the oldest screenings give way. */
  readonly maxBytes: number;
  readonly keepMs: number;
  /** null = what is forgotten here is gone. */
  readonly archive: ScreeningArchive | null;
}

/** Where finished screenings go on to be kept. None of its methods throws. */
export interface ScreeningArchive {
  keep(record: ScreeningRecord): void;
  get(id: string, keyName: string): ScreeningRecord | null;
  byIdempotencyKey(idempotencyKey: string, keyName: string): ScreeningRecord | null;
  /** Newest first, numbers below `before`; without legs. */
  page(keyName: string, limit: number, before: number): readonly ScreeningRecord[];
}

export const DEFAULT_SCREENING_STORE = {
  maxRecords: 1_000,
  maxBytes: 64 * 2 ** 20,
  keepMs: 3_600_000,
  archive: null,
} as const;

/** Numbers begin with the time, so that a service that starts again goes on above the old ones. */
const NUMBERS_PER_MS = 1_000;

const isOpen = ({ summary }: ScreeningRecord) => summary.finishedAtMs === null;

/** Screenings in memory, oldest first, with those of the archive behind them. A key sees its own only. */
export class ScreeningStore {
  readonly #options: ScreeningStoreOptions;
  readonly #records = new Map<string, ScreeningRecord>();
  #lastNumber = 0;
  #bytes = 0;

  constructor(options: ScreeningStoreOptions) {
    this.#options = options;
  }

  add(record: Omit<ScreeningRecord, 'number' | 'legsJson'>): ScreeningRecord {
    this.#lastNumber = Math.max(
      this.#lastNumber + 1,
      Math.floor(this.#options.clock.nowMs() * NUMBERS_PER_MS),
    );
    const added: ScreeningRecord = { ...record, number: this.#lastNumber, legsJson: null };
    this.#records.set(added.summary.id, added);
    this.#dropOld();
    return added;
  }

  finish(record: ScreeningRecord, summary: ScreeningSummary, legsJson: Uint8Array | null): void {
    record.summary = summary;
    this.#options.archive?.keep({ ...record, legsJson });
    if (!this.#records.has(summary.id)) return;
    record.legsJson = legsJson;
    this.#bytes += legsJson?.length ?? 0;
    this.#dropOld();
  }

  get(id: string, keyName: string): ScreeningRecord | null {
    this.#dropOld();
    const record = this.#records.get(id);
    if (record?.keyName === keyName) return record;
    return this.#options.archive?.get(id, keyName) ?? null;
  }

  /** What was made with an idempotency key, or null. */
  byIdempotencyKey(idempotencyKey: string, keyName: string): ScreeningRecord | null {
    this.#dropOld();
    for (const record of this.#records.values()) {
      if (record.keyName === keyName && record.idempotency?.key === idempotencyKey) return record;
    }
    return this.#options.archive?.byIdempotencyKey(idempotencyKey, keyName) ?? null;
  }

  /** Newest first, older than `before`. */
  page(keyName: string, limit: number, before: number): ScreeningRecord[] {
    this.#dropOld();
    const archived = this.#options.archive?.page(keyName, limit, before) ?? [];
    const here = [...this.#records.values()].filter(
      (record) => record.keyName === keyName && record.number < before,
    );
    const records = new Map([...archived, ...here].map((record) => [record.summary.id, record]));
    return [...records.values()].sort((a, b) => b.number - a.number).slice(0, limit);
  }

  #dropOld(): void {
    const { clock, keepMs, maxRecords, maxBytes } = this.#options;
    const oldestMs = clock.nowMs() - keepMs;
    for (const [id, record] of this.#records) {
      const tooMany = this.#records.size > maxRecords || this.#bytes > maxBytes;
      // Not its wall time: the computer's clock may be set meanwhile.
      const madeAtMs = Math.floor(record.number / NUMBERS_PER_MS);
      if (!tooMany && madeAtMs > oldestMs) break;
      if (isOpen(record)) continue;
      this.#bytes -= record.legsJson?.length ?? 0;
      this.#records.delete(id);
    }
  }
}
