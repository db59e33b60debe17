import { isoTimeOf } from '../../../clock.ts';
import type { AlertEvent } from '../../alert-events.ts';

/** Generic JSON in the shape that Standard Webhooks recommends. */
export function jsonBody(alert: AlertEvent): unknown {
  const { type: _, ...data } = alert;
  return { type: 'bonafide.alert', timestamp: isoTimeOf(alert.wallTimeMs), data };
}
