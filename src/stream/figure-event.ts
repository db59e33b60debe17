import type { CallLeg } from './call.ts';
import type { LaneEvent } from './events.ts';
import type { ScreeningEvent } from './screening-events.ts';

type FigureEvent = ScreeningEvent & { readonly type: 'score' | 'verdict' };

/** A lane's score or verdict with the names that the call's platform knows. */
export function figureEvent(
  event: LaneEvent & { readonly kind: 'score' | 'verdict' },
  of: { readonly callId: string; readonly leg: CallLeg },
  nowMs: number,
): FigureEvent {
  // Delivery takes time beyond the lane's own figure, on the I/O thread.
  const latencyMs = event.latencyMs + Math.max(0, nowMs - event.emittedAtMs);
  const rounded = { latencyMs: Math.round(latencyMs * 10) / 10 };
  const names = {
    callId: of.callId,
    leg: of.leg.id,
    seq: event.seq,
    ...event.figures,
    detector: of.leg.detectorId,
  };
  if (event.kind === 'score') return { type: 'score', ...names, ...rounded };
  const { from, to, reason } = event;
  return { type: 'verdict', ...names, from, to, reason, ...rounded };
}
