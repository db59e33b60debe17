import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { EventBus } from '../results/event-bus.ts';
import type { CallOutcomes } from '../results/outcome-desk.ts';
import { MAX_NOTE_LENGTH, OUTCOMES } from '../results/outcomes.ts';
import { jsonAnswer, problemAnswers } from './answers.ts';
import type { EndedCalls } from './calls.ts';
import { type AppEnv, SECURITY } from './guard.ts';
import { problem } from './problem.ts';

const MAX_BODY_BYTES = 16_384;
const RETRY_AFTER_SECONDS = 10;
const PATH = '/v1/calls/{id}/outcome';

const reportSchema = z
  .strictObject({
    outcome: z.enum(OUTCOMES),
    note: z.string().max(MAX_NOTE_LENGTH).nullish().describe('For people; never a recording.'),
  })
  .meta({ id: 'OutcomeReport' });

const outcomeSchema = z
  .object({
    callId: z.string(),
    outcome: z.enum(OUTCOMES),
    note: z.string().nullable(),
    reportedAtMs: z.number().describe('Wall time, ms since 1970.'),
  })
  .meta({ id: 'Outcome', description: 'What the organisation found out about a call.' });

const route = createRoute({
  method: 'post',
  path: PATH,
  summary: 'Report what a call turned out to be',
  description:
    'During the call or after it, by the key that the call was of. The last report counts; the same one again changes nothing. It goes into the decision log.',
  security: SECURITY,
  request: {
    params: z.object({ id: z.string().describe('The call id.') }),
    body: { required: true, content: { 'application/json': { schema: reportSchema } } },
  },
  responses: {
    200: jsonAnswer('It is kept.', outcomeSchema),
    ...problemAnswers(
      'bad_request',
      'unauthorized',
      'foreign_origin',
      'not_found',
      'body_too_big',
      'unsupported_media_type',
      'rate_limited',
      'outcomes_not_kept',
    ),
  },
});

export interface OutcomeRoutesSources {
  readonly clock: Clock;
  readonly bus: EventBus;
  readonly endedCalls: EndedCalls | null;
  /** null = the service keeps nothing. */
  readonly outcomes: CallOutcomes | null;
}

/** Reports of what calls turned out to be. */
export function addOutcomeRoutes(app: OpenAPIHono<AppEnv>, sources: OutcomeRoutesSources): void {
  const { clock, bus, endedCalls, outcomes } = sources;
  app.use(
    '/v1/calls/:id/outcome',
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: (context) =>
        problem(context, 'body_too_big', `The body may have at most ${MAX_BODY_BYTES} bytes.`),
    }),
  );
  app.openapi(route, async (context) => {
    const { id: callId } = context.req.valid('param');
    const { outcome, note = null } = context.req.valid('json');
    const keyName = context.get('key').name;
    if (outcomes === null) {
      return problem(context, 'outcomes_not_kept', 'The service has no data folder.');
    }
    const isKnown =
      bus.summaryOf(callId, keyName) !== null ||
      outcomes.isKnown(keyName, callId) ||
      (endedCalls?.call(callId, keyName) ?? null) !== null;
    if (!isKnown) return problem(context, 'not_found', 'The key has no call with this id.');
    const wallTimeMs = clock.wallTimeMs();
    const report = { type: 'outcome', callId, keyName, outcome, note, wallTimeMs } as const;
    const result = await outcomes.report(report);
    if (!('outcome' in result)) {
      const detail = 'The store takes nothing at the moment. Report it again later.';
      const retryAfterSeconds = RETRY_AFTER_SECONDS;
      return problem(context, 'outcomes_not_kept', detail, { retryAfterSeconds });
    }
    const { outcome: kept, note: keptNote, wallTimeMs: reportedAtMs } = result.outcome;
    return context.json({ callId, outcome: kept, note: keptNote, reportedAtMs }, 200);
  });
}
