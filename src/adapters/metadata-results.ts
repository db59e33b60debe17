import type { CallLeg } from '../stream/call.ts';
import type { ScreeningEvent } from '../stream/screening-events.ts';

export type ResultEvent = ScreeningEvent & { readonly type: 'score' | 'verdict' };

/** What a peer that takes results is told, besides the event itself. */
export interface ResultContext {
  readonly legs: readonly CallLeg[];
  /** How often the peer said that it threw audio away. */
  readonly overruns: number;
}

/** A score or verdict as the JSON that goes back on the media socket. */
export function describeResult(event: ResultEvent, context: ResultContext): object {
  const { overruns } = context;
  const role = context.legs.find(({ id }) => id === event.leg)?.role ?? 'unknown';
  return {
    type: event.type,
    callId: event.callId,
    leg: event.leg,
    ...(role === 'unknown' ? {} : { role }),
    streamTimeMs: event.streamTimeMs,
    speechMs: event.speechMs,
    syntheticProbability: event.syntheticProbability,
    llr: event.llr,
    interval: event.interval,
    verdict: event.verdict,
    firm: event.firm,
    abstain: event.abstain,
    detector: event.detector,
    ...(overruns === 0 ? {} : { overruns }),
  };
}
