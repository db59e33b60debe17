import type { ResultEvent } from './alert-events.ts';
import type { NumberedEvent } from './event-bus.ts';
import { standingCode, standingOf } from './standing-code.ts';

type ScoreEvent = ResultEvent & { readonly type: 'score' };

const FIELDS = 17;
/** Rows at first; half a minute of scores needs four times as many, a short call none more. */
const FIRST_ROWS = 16;

/**
 * The newest events of a call. Scores, which are nearly all of them, are kept as rows of numbers: as
 * objects they took half a kilobyte each and kept the garbage collector busy. What comes out is what
 * was put in, to the byte of its JSON.
 */
export class KeptEvents {
  readonly #callId: string;
  readonly #limit: number;
  /** Number of the last event before these: of a call of the same id that ended lately, else 0. */
  readonly #before: number;
  /** The nth event lies in row n % rows, until all `limit` rows are there. */
  #rows = new Float64Array(0);
  /** Events that are no scores, in the same places. */
  readonly #others: (ResultEvent | null)[] = [];
  readonly #legs: string[] = [];
  readonly #detectors: string[] = [];
  #newestId: number;

  /**
   * @param limit events that are kept; the oldest give way
   * @param beforeId number after which these events are counted
   */
  constructor(callId: string, limit: number, beforeId = 0) {
    this.#callId = callId;
    this.#limit = limit;
    this.#before = beforeId;
    this.#newestId = beforeId;
  }

  get newestId(): number {
    return this.#newestId;
  }

  /** @returns the event with its number */
  add(event: ResultEvent): NumberedEvent {
    const id = ++this.#newestId;
    const place = this.#placeOf(id);
    if (event.type === 'score') {
      this.#others[place] = null;
      this.#makeRoom(place);
      this.#write(place * FIELDS, event);
    } else this.#others[place] = event;
    return { id, event };
  }

  /** What is kept of the events after `id`, oldest first; all for a number that was not given yet. */
  after(id: number): NumberedEvent[] {
    const [first, kept] = [this.#before + 1, this.#newestId - this.#limit + 1];
    // A number from before a restart of the service says nothing of these events.
    const wanted = id > this.#newestId ? 0 : Math.floor(id) + 1;
    const events: NumberedEvent[] = [];
    for (let next = Math.max(first, kept, wanted); next <= this.#newestId; next++) {
      const place = this.#placeOf(next);
      events.push({ id: next, event: this.#others[place] ?? this.#read(place * FIELDS) });
    }
    return events;
  }

  #placeOf(id: number): number {
    return (id - this.#before - 1) % this.#limit;
  }

  #makeRoom(place: number): void {
    const rows = this.#rows.length / FIELDS;
    if (place < rows) return;
    const more = Math.min(this.#limit, Math.max(FIRST_ROWS, 2 * rows, place + 1));
    const grown = new Float64Array(more * FIELDS);
    grown.set(this.#rows);
    this.#rows = grown;
  }

  #write(at: number, event: ScoreEvent): void {
    const rows = this.#rows;
    rows[at] = this.#placeOfLeg(event.leg);
    rows[at + 1] = placeOfName(this.#detectors, event.detector);
    rows[at + 2] = event.seq;
    rows[at + 3] = event.streamTimeMs;
    rows[at + 4] = event.speechMs;
    rows[at + 5] = event.syntheticProbability ?? Number.NaN;
    rows[at + 6] = event.llr ?? Number.NaN;
    rows[at + 7] = event.interval?.[0] ?? Number.NaN;
    rows[at + 8] = event.interval?.[1] ?? Number.NaN;
    rows[at + 9] = event.recent.syntheticProbability ?? Number.NaN;
    rows[at + 10] = event.recent.speechMs;
    rows[at + 11] = standingCode(event);
    rows[at + 12] = event.quality.levelDbfs;
    rows[at + 13] = event.quality.bandwidthHz;
    rows[at + 14] = event.quality.clippedShare;
    rows[at + 15] = event.quality.lostMs;
    rows[at + 16] = event.latencyMs;
  }

  /** Of one name more than there are rows, one is in none of them. */
  #placeOfLeg(leg: string): number {
    return placeOfName(this.#legs, leg, this.#limit + 1, () => {
      const rows = this.#rows.length / FIELDS;
      return new Set(Array.from({ length: rows }, (_, row) => this.#rows[row * FIELDS]!));
    });
  }

  // In the order in which call-manager.ts puts an event together.
  #read(at: number): ScoreEvent {
    const rows = this.#rows;
    const [low, high] = [numberOrNull(rows[at + 7]!), numberOrNull(rows[at + 8]!)];
    return {
      type: 'score',
      callId: this.#callId,
      leg: this.#legs[rows[at]!]!,
      seq: rows[at + 2]!,
      streamTimeMs: rows[at + 3]!,
      speechMs: rows[at + 4]!,
      syntheticProbability: numberOrNull(rows[at + 5]!),
      llr: numberOrNull(rows[at + 6]!),
      interval: low === null || high === null ? null : [low, high],
      recent: {
        syntheticProbability: numberOrNull(rows[at + 9]!),
        speechMs: rows[at + 10]!,
      },
      ...standingOf(rows[at + 11]!),
      quality: {
        levelDbfs: rows[at + 12]!,
        bandwidthHz: rows[at + 13]!,
        clippedShare: rows[at + 14]!,
        lostMs: rows[at + 15]!,
      },
      detector: this.#detectors[rows[at + 1]!]!,
      latencyMs: rows[at + 16]!,
    };
  }
}

const numberOrNull = (value: number) => (Number.isNaN(value) ? null : value);

/**
 * The place of a name among some, where it is put when it is new: behind the others or, when there are
 * `limit`, in the place of one that is not in use.
 */
export function placeOfName(
  names: string[],
  name: string,
  limit = Number.POSITIVE_INFINITY,
  inUse: () => ReadonlySet<number> = () => new Set(),
): number {
  const known = names.indexOf(name);
  if (known >= 0) return known;
  if (names.length < limit) return names.push(name) - 1;
  const used = inUse();
  const place = names.findIndex((_, index) => !used.has(index));
  names[place] = name;
  return place;
}
