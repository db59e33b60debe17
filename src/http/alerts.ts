import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { z } from 'zod';
import { alertEventSchema } from '../results/event-schemas.ts';
import { type AlertDesk, DELIVERY_STATES } from '../results/outbox/alert-desk.ts';
import { jsonAnswer, problemAnswers } from './answers.ts';
import { type AppEnv, SECURITY } from './guard.ts';
import { problem } from './problem.ts';

export const alertsSchema = z
  .object({
    kept: z.boolean().describe('false = the service has no data folder and keeps no alerts.'),
    alerts: z
      .array(
        z.object({
          alert: alertEventSchema,
          createdAtMs: z.number().describe('Wall time, ms since 1970.'),
          deliveries: z
            .array(
              z.object({
                destination: z.string(),
                state: z.enum(DELIVERY_STATES),
                attempts: z.number().int().min(0),
                nextAttemptAtMs: z.number(),
                lastError: z.string().nullable(),
              }),
            )
            .readonly(),
        }),
      )
      .readonly(),
    nextCursor: z.string().nullable().describe('For the next, older page; null = no more.'),
  })
  .meta({ id: 'Alerts', description: 'Newest first, with how their deliveries stand.' });

export const alertsQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(128).optional().describe('nextCursor of the page before.'),
  token: z.string().optional(),
});

const alertsRoute = createRoute({
  method: 'get',
  path: '/v1/alerts',
  summary: 'Alerts of the key and their deliveries',
  security: SECURITY,
  request: { query: alertsQuerySchema },
  responses: {
    200: jsonAnswer('Newest first.', alertsSchema),
    ...problemAnswers('bad_request', 'unauthorized', 'rate_limited'),
  },
});

/** What the policies raised. @param desk null = nothing is kept */
export function addAlertRoutes(
  app: OpenAPIHono<AppEnv>,
  desk: Pick<AlertDesk, 'alertsOf'> | null,
): void {
  app.openapi(alertsRoute, (context) => {
    const { limit, cursor } = context.req.valid('query');
    const before = cursor === undefined ? null : placeOf(cursor);
    if (before === undefined) {
      return problem(context, 'bad_request', 'The cursor is not one of a page.');
    }
    if (desk === null) return context.json({ kept: false, alerts: [], nextCursor: null }, 200);
    const found = desk.alertsOf(context.get('key').name, limit + 1, before);
    const alerts = found.slice(0, limit);
    const last = found.length > limit ? alerts.at(-1)! : null;
    const nextCursor = last === null ? null : `${last.createdAtMs}.${last.alert.id}`;
    return context.json({ kept: true, alerts, nextCursor }, 200);
  });
}

/** @returns undefined when the cursor is none of ours */
function placeOf(cursor: string) {
  const match = /^(\d{1,15})\.([\w-]{1,100})$/.exec(cursor);
  return match === null ? undefined : { createdAtMs: Number(match[1]), id: match[2]! };
}
