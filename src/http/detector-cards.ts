import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { z } from 'zod';
import { jsonAnswer, problemAnswers } from './answers.ts';
import { type DetectorCard, detectorCardSchema } from './detector-card-schemas.ts';
import { type AppEnv, SECURITY } from './guard.ts';
import { problem } from './problem.ts';

const cardRoute = createRoute({
  method: 'get',
  path: '/v1/detectors/{id}/card',
  summary: 'The card of a detector: what it is, its figures, its curves',
  security: SECURITY,
  request: { params: z.object({ id: z.string().describe('As in `/v1/detectors`.') }) },
  responses: {
    200: jsonAnswer('Without what its folder does not have.', detectorCardSchema),
    ...problemAnswers('unauthorized', 'not_found', 'rate_limited'),
  },
});

/** What the folders of the detectors say of them. */
export function addDetectorCardRoute(
  app: OpenAPIHono<AppEnv>,
  cards: readonly DetectorCard[],
): void {
  app.openapi(cardRoute, (context) => {
    const { id } = context.req.valid('param');
    const card = cards.find((one) => one.id === id);
    return card === undefined
      ? problem(context, 'not_found', 'No detector in use has this id.')
      : context.json(card, 200);
  });
}
