import type { Call } from '../stream/call.ts';
import type { ScoreFigures } from '../stream/events.ts';
import type { ScreeningEvent } from '../stream/screening-events.ts';
import type { ClientParameters } from './audiohook-messages.ts';

/** Type of the entities in which the client gets results. */
export const AUDIOHOOK_ENTITY_TYPE = 'x-deepfake';

const MAX_QUIET_MS = 60_000;
const DEFAULT_QUIET_MS = 1_000;
const TOO_MANY_REQUESTS = 429;

/** How long scores are held back after an error message of the client, in ms; 0 = not at all. */
export function quietMsOf({ code, retryAfter }: ClientParameters<'error'>): number {
  if (code !== TOO_MANY_REQUESTS) return 0;
  const askedMs = retryAfter === undefined ? DEFAULT_QUIET_MS : retryAfter * 1000;
  return Math.min(askedMs, MAX_QUIET_MS);
}

/** Result entities of an event of a call; empty when there is nothing to tell. */
export function entitiesOf(event: ScreeningEvent, call: Call): readonly object[] {
  switch (event.type) {
    case 'score':
      return [entity(event.leg, event, call)];
    case 'verdict':
      return [entity(event.leg, { ...event, verdict: event.to }, call)];
    case 'stopped':
      return event.legs.flatMap(({ leg, finalScore }) =>
        finalScore === null ? [] : [entity(leg, finalScore, call)],
      );
    default:
      return [];
  }
}

function entity(legId: string, figures: ScoreFigures, call: Call): object {
  const { syntheticProbability, llr, interval, speechMs, streamTimeMs, verdict, abstain } = figures;
  const leg = call.legs.find(({ id }) => id === legId);
  return {
    type: AUDIOHOOK_ENTITY_TYPE,
    data: {
      leg: legId,
      role: leg?.role ?? 'unknown',
      syntheticProbability,
      llr,
      interval,
      speechMs,
      streamTimeMs,
      verdict,
      abstain,
      detector: leg?.detectorId ?? '',
    },
  };
}
