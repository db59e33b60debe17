import {
  BonafideError,
  type CallSeries,
  type CallSummary,
} from '../../../clients/typescript/client.ts';
import { ask } from '../lib/session.ts';
import { CallTrace, type ScoreFigures } from '../lib/trace.ts';

const RETRY_MS = 1_500;

export type Following = 'loading' | 'live' | 'lost' | 'ended' | 'gone';

/** Reads one call's summary and events until it ends; a lost connection goes on where it was. */
export class FollowedCall {
  readonly trace = new CallTrace();
  summary: CallSummary | null = null;
  state: Following = 'loading';
  #lastId = 0;
  readonly #stop = new AbortController();

  constructor(callId: string) {
    void this.#run(callId);
  }

  close(): void {
    this.#stop.abort();
  }

  async #run(callId: string): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#readOnce(callId, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof BonafideError && error.problem.status === 404) {
          this.#showSummary();
          this.#become(this.summary === null ? 'gone' : 'ended');
          return;
        }
        this.#become('lost');
      }
      if (this.state === 'ended') return;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  async #readOnce(callId: string, signal: AbortSignal): Promise<void> {
    this.summary = await ask((client) => client.call(callId));
    for (const { id, role } of this.summary.legs) this.trace.leg(id, role).role = role;
    if (this.#lastId === 0) await this.#readSeries(callId);
    const isEnded = this.summary.state === 'ended';
    this.#become(isEnded ? 'ended' : 'live');
    await ask(async (client) => {
      for await (const entry of client.events(callId, { afterId: this.#lastId, signal })) {
        this.#lastId = entry.id;
        this.trace.add(entry);
      }
    });
    // The stream ends with the call, or with the service.
    this.summary = await ask((client) => client.call(callId));
    this.#become(this.summary.state === 'ended' ? 'ended' : 'lost');
  }

  /** Of a call whose events are no longer kept the last figures of each leg are left. */
  #showSummary(): void {
    for (const { id, latest } of this.summary?.legs ?? []) {
      const leg = this.trace.leg(id);
      if (latest === null || leg.last !== null) continue;
      leg.detector = latest.detector;
      leg.add(latest, latest.latencyMs);
    }
  }

  /** What was said before the events that are kept. */
  async #readSeries(callId: string): Promise<void> {
    const { legs } = await ask((client) => client.callSeries(callId));
    for (const { id, points } of legs) this.trace.leg(id).seed(points.map(figuresOf));
  }

  #become(state: Following): void {
    this.state = state;
    this.trace.version++;
  }
}

/** A point of the series as figures; what it does not tell is not a number. */
function figuresOf(point: CallSeries['legs'][number]['points'][number]): ScoreFigures {
  const { recentProbability, levelDbfs, ...rest } = point;
  const untold = Number.NaN;
  return {
    ...rest,
    llr: null,
    recent: { syntheticProbability: recentProbability, speechMs: untold },
    quality: { levelDbfs, bandwidthHz: untold, clippedShare: untold, lostMs: untold },
  };
}
