import { isoTimeOf } from '../../../clock.ts';
import type { AlertEvent } from '../../alert-events.ts';
import { factsOf, headlineOf, metadataLine } from './wording.ts';

/** PagerDuty Events API v2: plain text everywhere. One incident an alert; repeats join it. */
export function pagerDutyBody(alert: AlertEvent, routingKey: string): unknown {
  return {
    routing_key: routingKey,
    event_action: 'trigger',
    dedup_key: alert.id,
    payload: {
      summary: headlineOf(alert),
      source: `bonafide/${alert.platform}`,
      severity: alert.severity === 'alert' ? 'critical' : 'warning',
      timestamp: isoTimeOf(alert.wallTimeMs),
      component: alert.keyName,
      group: alert.policy.name,
      class: 'synthetic voice',
      custom_details: { ...Object.fromEntries(factsOf(alert)), Metadata: metadataLine(alert) },
    },
  };
}
