import type { ResultEvent, Screening } from '../../../clients/typescript/client.ts';

export type ScoreEvent = Extract<ResultEvent, { readonly type: 'score' | 'verdict' }>;
export type ScoreFigures = NonNullable<Screening['legs'][number]['score']>;
export type VerdictName = ScoreFigures['verdict'];

/** Scores of a leg that are kept; at two a second more than two hours. */
const MOST_POINTS = 16_384;
/** Events that are kept for the list beside the timeline. */
const MOST_EVENTS = 2_000;

export interface Gap {
  /** Seconds of stream time at which the missing audio ends. */
  readonly endSeconds: number;
  readonly lostMs: number;
}

export interface VerdictChange {
  readonly seconds: number;
  readonly from: VerdictName;
  readonly to: VerdictName;
  readonly reason: string;
}

/** What is known of a leg over its stream time, one entry a score. */
export class LegTrace {
  readonly id: string;
  role: string;
  detector = '';
  readonly points: ScoreFigures[] = [];
  readonly latenciesMs: (number | null)[] = [];
  readonly changes: VerdictChange[] = [];
  readonly gaps: Gap[] = [];
  #isSeeded = false;

  constructor(id: string, role: string) {
    this.id = id;
    this.role = role;
  }

  get last(): ScoreFigures | null {
    return this.points.at(-1) ?? null;
  }

  get endSeconds(): number {
    return (this.last?.streamTimeMs ?? 0) / 1000;
  }

  /** Scores of before, thinned out: those that come as events take their places. */
  seed(points: readonly ScoreFigures[]): void {
    if (this.points.length > 0) return;
    this.points.push(...points);
    this.latenciesMs.push(...points.map(() => null));
    this.#isSeeded = true;
  }

  add(figures: ScoreFigures, latencyMs: number | null): void {
    if (this.#isSeeded) {
      this.#isSeeded = false;
      const kept = this.indexAt(figures.streamTimeMs / 1000 - 0.001) + 1;
      this.points.splice(kept);
      this.latenciesMs.splice(kept);
    }
    // A verdict comes with the score at which it changed: the newer one of a moment counts.
    const lastMs = this.last?.streamTimeMs ?? -1;
    if (figures.streamTimeMs < lastMs) return;
    if (figures.streamTimeMs === lastMs) {
      this.points.pop();
      this.latenciesMs.pop();
    }
    this.points.push(figures);
    this.latenciesMs.push(latencyMs);
    if (this.points.length <= MOST_POINTS) return;
    this.points.splice(0, MOST_POINTS / 8);
    this.latenciesMs.splice(0, MOST_POINTS / 8);
  }

  /** Index of the last score at or before a moment, −1 before the first. */
  indexAt(seconds: number): number {
    let [low, high] = [0, this.points.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.points[middle]!.streamTimeMs <= seconds * 1000 + 0.5) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

export interface NumberedEvent {
  readonly id: number;
  readonly event: ResultEvent;
}

/** A call as its events tell it. */
export class CallTrace {
  readonly legs: LegTrace[] = [];
  readonly events: NumberedEvent[] = [];
  /** Counts what came: views draw anew when it changed. */
  version = 0;
  /** Highest verdict changes first seen: for the announcement to screen readers. */
  lastChange: { readonly leg: string; readonly to: VerdictName } | null = null;

  leg(id: string, role = 'unknown'): LegTrace {
    const found = this.legs.find((leg) => leg.id === id);
    if (found !== undefined) return found;
    const made = new LegTrace(id, role);
    this.legs.push(made);
    this.version++;
    return made;
  }

  get endSeconds(): number {
    return Math.max(0, ...this.legs.map((leg) => leg.endSeconds));
  }

  add(entry: NumberedEvent): void {
    const { event } = entry;
    this.version++;
    this.events.push(entry);
    if (this.events.length > MOST_EVENTS) this.events.splice(0, MOST_EVENTS / 8);
    if (event.type === 'score' || event.type === 'verdict') this.#score(event);
    else if (event.type === 'gap') {
      this.leg(event.leg).gaps.push({
        endSeconds: event.streamTimeMs / 1000,
        lostMs: event.lostMs,
      });
    } else if (event.type === 'stopped') this.#stopped(event);
  }

  #score(event: ScoreEvent): void {
    const leg = this.leg(event.leg);
    leg.detector = event.detector;
    leg.add(event, event.latencyMs);
    if (event.type !== 'verdict') return;
    const { from, to, reason, streamTimeMs } = event;
    leg.changes.push({ seconds: streamTimeMs / 1000, from, to, reason });
    this.lastChange = { leg: event.leg, to };
  }

  #stopped(event: Extract<ResultEvent, { readonly type: 'stopped' }>): void {
    for (const { leg, finalScore } of event.legs) {
      if (finalScore !== null) this.leg(leg).add(finalScore, null);
    }
  }
}

/** The same of a recording that the service screened by itself. */
export function traceOfScreening(screening: Screening): CallTrace {
  const trace = new CallTrace();
  for (const { id, detector, timeline, changes, gaps } of screening.legs) {
    const leg = trace.leg(id, id);
    leg.detector = detector ?? '';
    for (const figures of timeline) leg.add(figures, null);
    for (const { streamTimeMs, from, to, reason } of changes) {
      leg.changes.push({ seconds: streamTimeMs / 1000, from, to, reason });
    }
    for (const { streamTimeMs, lostMs } of gaps) {
      leg.gaps.push({ endSeconds: streamTimeMs / 1000, lostMs });
    }
  }
  trace.version++;
  return trace;
}
