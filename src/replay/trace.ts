import type { ScreeningEvent } from '../stream/screening-events.ts';

/**
 * One event as a line of JSON. `stable` leaves out what measures wall time, so that two runs of the
 * same file, options and detector give the same bytes.
 */
export function traceLine(event: ScreeningEvent, stable: boolean): string {
  if (!stable || !('latencyMs' in event)) return JSON.stringify(event);
  const { latencyMs: _, ...rest } = event;
  return JSON.stringify(rest);
}
