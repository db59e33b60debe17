import type { AlertEvent } from '../alert-events.ts';
import type { Destination } from '../destinations.ts';
import { cloudEventBody } from './templates/cloudevents.ts';
import { jsonBody } from './templates/json.ts';
import { pagerDutyBody } from './templates/pagerduty.ts';
import { slackBody } from './templates/slack.ts';
import { teamsBody } from './templates/teams.ts';

export interface RenderedAlert {
  readonly contentType: string;
  readonly body: string;
}

const JSON_TYPE = 'application/json; charset=utf-8';

/** An alert in the shape that a destination's tool takes. */
export function renderAlert(
  alert: AlertEvent,
  destination: Pick<Destination, 'template' | 'routingKey'>,
): RenderedAlert {
  const json = (value: unknown, contentType = JSON_TYPE) => ({
    contentType,
    body: JSON.stringify(value),
  });
  switch (destination.template) {
    case 'json':
      return json(jsonBody(alert));
    case 'cloudevents':
      return json(cloudEventBody(alert), 'application/cloudevents+json; charset=utf-8');
    case 'slack':
      return json(slackBody(alert));
    case 'teams':
      return json(teamsBody(alert));
    case 'pagerduty':
      return json(pagerDutyBody(alert, destination.routingKey ?? ''));
  }
}
