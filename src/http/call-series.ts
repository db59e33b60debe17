import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { z } from 'zod';
import type { EventBus } from '../results/event-bus.ts';
import { scoreFiguresSchema } from '../results/event-schemas.ts';
import { jsonAnswer, problemAnswers } from './answers.ts';
import { type AppEnv, SECURITY } from './guard.ts';
import { problem } from './problem.ts';

const pointSchema = scoreFiguresSchema
  .pick({
    streamTimeMs: true,
    speechMs: true,
    syntheticProbability: true,
    interval: true,
    verdict: true,
    firm: true,
    abstain: true,
  })
  .extend({
    recentProbability: z.number().min(0).max(1).nullable(),
    levelDbfs: z.number(),
  })
  .meta({ id: 'SeriesPoint', description: 'What a timeline shows of a score.' });

export const callSeriesSchema = z
  .object({
    legs: z
      .array(z.object({ id: z.string(), points: z.array(pointSchema).readonly() }))
      .readonly()
      .describe('Oldest point first.'),
  })
  .meta({ id: 'CallSeries' });

const seriesRoute = createRoute({
  method: 'get',
  path: '/v1/calls/{id}/series',
  summary: 'The scores of a call from its beginning, thinned out',
  description:
    'At most 512 points a leg: of a longer call every second one is left out, then every second of those. Kept as long as the events.',
  security: SECURITY,
  request: { params: z.object({ id: z.string().describe('The call id.') }) },
  responses: {
    200: jsonAnswer('A list a leg.', callSeriesSchema),
    ...problemAnswers('unauthorized', 'not_found', 'rate_limited'),
  },
});

/** How a live or lately ended call came about. */
export function addCallSeriesRoute(app: OpenAPIHono<AppEnv>, bus: EventBus): void {
  app.openapi(seriesRoute, (context) => {
    const { id } = context.req.valid('param');
    const legs = bus.seriesOf(id, context.get('key').name);
    return legs === null
      ? problem(context, 'not_found', 'The key has no live call with this id.')
      : context.json({ legs }, 200);
  });
}
