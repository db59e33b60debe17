import type { AlertSeverity } from '../screening/alert-policy.ts';
import type { Call, LegRole } from '../stream/call.ts';
import { givenId } from '../stream/call-id.ts';
import type { ScreeningEvent } from '../stream/screening-events.ts';
import type { ResultEvent } from './alert-events.ts';
import type { NumberedEvent } from './event-bus.ts';
import { KeptEvents } from './kept-events.ts';
import { ScoreSeries, type SeriesPoint } from './score-series.ts';

type ScoreEvent = ScreeningEvent & { readonly type: 'score' | 'verdict' };

/** Legs that are kept of a call, unless more are live: a room that is never empty has ever new ones. */
export const MOST_LEGS = 64;

export interface LegSummary {
  readonly id: string;
  readonly role: LegRole;
  readonly detector: string;
  /** The newest score or verdict, or null before the first. */
  readonly latest: ScoreEvent | null;
}

/** A call as the results plane shows it. Never audio. */
export interface CallSummary {
  readonly callId: string;
  readonly platform: string;
  readonly state: 'live' | 'ended';
  /** Wall time, ms since 1970. */
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly metadata: Readonly<Record<string, string>>;
  /** The gravest alert so far. */
  readonly alert: AlertSeverity | null;
  readonly legs: readonly LegSummary[];
}

/** A page of ended calls, newest first. */
export interface EndedCallsPage {
  readonly calls: readonly CallSummary[];
  /** Number to ask for the next, older page with; null = no more. */
  readonly nextBefore: number | null;
}

/** What is kept of one call: its newest events, and the newest figures of each leg. */
export class CallRecord {
  readonly callId: string;
  readonly keyName: string;
  /** What the platform called it, where another key had that id. */
  readonly givenId: string;
  readonly #platform: string;
  readonly #startedAtMs: number;
  readonly #metadata: Readonly<Record<string, string>>;
  readonly #events: KeptEvents;
  readonly #legs = new Map<
    string,
    { role: LegRole; detector: string; latest: ScoreEvent | null }
  >();
  readonly #series = new Map<string, ScoreSeries>();
  readonly #liveLegs = new Set<string>();
  #liveStreams = 0;
  #endedAtMs: number | null = null;
  #alert: AlertSeverity | null = null;

  /** @param lastEventId of the call that had this id before: a reader who goes on misses nothing */
  constructor(call: Call, limits: { readonly eventsPerCall: number }, lastEventId = 0) {
    this.callId = call.callId;
    this.keyName = call.start.keyName;
    this.givenId = givenId(this.callId, this.keyName);
    this.#platform = call.start.platform;
    this.#startedAtMs = call.startedAtMs;
    this.#metadata = call.start.metadata;
    this.#events = new KeptEvents(call.callId, limits.eventsPerCall, lastEventId);
  }

  get lastEventId(): number {
    return this.#events.newestId;
  }

  get startedAtMs(): number {
    return this.#startedAtMs;
  }

  get isEnded(): boolean {
    return this.#endedAtMs !== null;
  }

  streamStarted(call: Call): void {
    this.#liveStreams++;
    for (const { id, role, detectorId } of call.legs) {
      this.#legs.set(id, { role, detector: detectorId, latest: null });
      this.#liveLegs.add(id);
      // Of an ended stream whose name it takes: its stream time began at 0, too.
      this.#series.delete(id);
    }
    this.#dropOldLegs();
  }

  /**
   * @param wallTimeMs what the computer's clock says
   * @returns true when no stream is left: the call has ended.
   */
  streamEnded(call: Call, wallTimeMs: number): boolean {
    this.#liveStreams--;
    for (const { id } of call.legs) this.#liveLegs.delete(id);
    if (this.#liveStreams > 0 || this.isEnded) return false;
    // Not before its start, whatever was done to the computer's clock meanwhile.
    this.#endedAtMs = Math.max(wallTimeMs, this.#startedAtMs);
    return true;
  }

  add(event: ResultEvent): NumberedEvent {
    const entry = this.#events.add(event);
    if (event.type === 'score' || event.type === 'verdict') {
      const leg = this.#legs.get(event.leg);
      if (leg !== undefined) leg.latest = event;
    }
    if (event.type === 'alert' && this.#alert !== 'alert') this.#alert = event.severity;
    if (event.type === 'score') this.#seriesOf(event.leg).add(event);
    if (event.type === 'stopped') this.#addFinalScores(event);
    return entry;
  }

  /** What was heard after the last score of a leg, or before there was any. */
  #addFinalScores({ callId, legs }: ScreeningEvent & { readonly type: 'stopped' }): void {
    for (const { leg: id, finalScore } of legs) {
      const leg = this.#legs.get(id);
      if (leg === undefined || !finalScore) continue;
      const { streamTimeMs, seq } = leg.latest ?? { streamTimeMs: -1, seq: 0 };
      if (finalScore.streamTimeMs <= streamTimeMs) continue;
      const { detector } = leg;
      const names = {
        type: 'score',
        callId,
        leg: id,
        seq: seq + 1,
        detector,
        latencyMs: 0,
      } as const;
      leg.latest = { ...finalScore, ...names };
      this.#seriesOf(id).add(finalScore);
    }
  }

  eventsAfter(id: number): NumberedEvent[] {
    return this.#events.after(id);
  }

  /** The scores of each leg, thinned out. */
  series(): { readonly id: string; readonly points: readonly SeriesPoint[] }[] {
    return [...this.#series].map(([id, series]) => ({ id, points: series.points() }));
  }

  #dropOldLegs(): void {
    for (const id of this.#legs.keys()) {
      if (this.#legs.size <= MOST_LEGS) return;
      if (this.#liveLegs.has(id)) continue;
      this.#legs.delete(id);
      this.#series.delete(id);
    }
  }

  #seriesOf(leg: string): ScoreSeries {
    const series = this.#series.get(leg) ?? new ScoreSeries();
    this.#series.set(leg, series);
    return series;
  }

  summary(): CallSummary {
    return {
      callId: this.callId,
      platform: this.#platform,
      state: this.isEnded ? 'ended' : 'live',
      startedAtMs: this.#startedAtMs,
      endedAtMs: this.#endedAtMs,
      metadata: this.#metadata,
      alert: this.#alert,
      legs: [...this.#legs].map(([id, leg]) => ({ id, ...leg })),
    };
  }
}
