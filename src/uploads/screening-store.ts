import type { Clock } from '../clock.ts';
import type { ScreeningSummary } from '../http/schemas.ts';

/** One screening and what is kept of it: never the audio. */
export interface ScreeningRecord {
  /** Grows by one with each screening. */
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
}

export const DEFAULT_SCREENING_STORE = {
  maxRecords: 1_000,
  maxBytes: 64 * 2 ** 20,
  keepMs: 3_600_000,
} as const;

const isOpen = ({ summary }: ScreeningRecord) => summary.finishedAtMs === null;

/** Screenings in memory, oldest first. A key sees its own only. */
export class ScreeningStore {
  readonly #options: ScreeningStoreOptions;
  readonly #records = new Map<string, ScreeningRecord>();
  #nextNumber = 1;
  #bytes = 0;

  constructor(options: ScreeningStoreOptions) {
    this.#options = options;
  }

  add(record: Omit<ScreeningRecord, 'number' | 'legsJson'>): ScreeningRecord {
    const added: ScreeningRecord = { ...record, number: this.#nextNumber++, legsJson: null };
    this.#records.set(added.summary.id, added);
    this.#dropOld();
    return added;
  }

  finish(record: ScreeningRecord, summary: ScreeningSummary, legsJson: Uint8Array | null): void {
    record.summary = summary;
    if (!this.#records.has(summary.id)) return;
    record.legsJson = legsJson;
    this.#bytes += legsJson?.length ?? 0;
    this.#dropOld();
  }

  get(id: string, keyName: string): ScreeningRecord | null {
    this.#dropOld();
    const record = this.#records.get(id);
    return record?.keyName === keyName ? record : null;
  }

  /** What was made with an idempotency key, or null. */
  byIdempotencyKey(idempotencyKey: string, keyName: string): ScreeningRecord | null {
    this.#dropOld();
    for (const record of this.#records.values()) {
      if (record.keyName === keyName && record.idempotency?.key === idempotencyKey) return record;
    }
    return null;
  }

  /** Newest first, older than `before`. */
  page(keyName: string, limit: number, before: number): ScreeningRecord[] {
    this.#dropOld();
    return [...this.#records.values()]
      .filter((record) => record.keyName === keyName && record.number < before)
      .reverse()
      .slice(0, limit);
  }

  #dropOld(): void {
    const { clock, keepMs, maxRecords, maxBytes } = this.#options;
    const oldestMs = clock.nowMs() - keepMs;
    for (const [id, record] of this.#records) {
      const tooMany = this.#records.size > maxRecords || this.#bytes > maxBytes;
      if (!tooMany && record.summary.createdAtMs > oldestMs) break;
      if (isOpen(record)) continue;
      this.#bytes -= record.legsJson?.length ?? 0;
      this.#records.delete(id);
    }
  }
}
