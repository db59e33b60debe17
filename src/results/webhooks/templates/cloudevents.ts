import { isoTimeOf } from '../../../clock.ts';
import type { AlertEvent } from '../../alert-events.ts';

/** CloudEvents 1.0, structured mode. */
export function cloudEventBody(alert: AlertEvent): unknown {
  const { type: _, ...data } = alert;
  return {
    specversion: '1.0',
    id: alert.id,
    // A URI reference: what the peer named is escaped.
    source: `/bonafide/${encodeURIComponent(alert.keyName)}/${encodeURIComponent(alert.platform)}`,
    type: 'bonafide.alert',
    subject: `${alert.callId}/${alert.leg}`,
    time: isoTimeOf(alert.wallTimeMs),
    datacontenttype: 'application/json',
    data,
  };
}
