import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { z } from 'zod';
import type { ScreeningDesk } from '../uploads/screening-desk.ts';
import type { ScreeningRecord } from '../uploads/screening-store.ts';
import type { UploadBody } from '../uploads/upload-messages.ts';
import { jsonAnswer, problemAnswers } from './answers.ts';
import { cursorOf, numberOf } from './cursor.ts';
import { type AppEnv, SECURITY } from './guard.ts';
import { holdsOtherPlace } from './other-places.ts';
import { problem } from './problem.ts';
import { type ReadBody, readBody } from './read-body.ts';
import {
  pageQuerySchema,
  type ScreeningLeg,
  type ScreeningSummary,
  screeningListSchema,
  screeningQuerySchema,
  screeningSchema,
  screeningSummarySchema,
} from './schemas.ts';
import type { ServiceStatus } from './service-routes.ts';

const DEFAULT_WAIT_SECONDS = 10;
const MAX_WAIT_SECONDS = 60;
const RETRY_AFTER_SECONDS = 2;

export interface ScreeningRoutesSources {
  readonly desk: ScreeningDesk;
  readonly maxUploadBytes: number;
  readonly status: () => ServiceStatus;
}

const binary = z.string().meta({ format: 'binary' });
const params = z.object({ id: z.string() });

const uploadRoute = createRoute({
  method: 'post',
  path: '/v1/screenings',
  summary: 'Screen a recording',
  description:
    'WAV, FLAC, MP3, Ogg Opus, Ogg Vorbis or WebM Opus of one or two channels, as the body or as the field `file` of a form, or audio of one channel without a header by `codec` and `sampleRateHz`. It is decoded in memory and forgotten. Answers when it is done, or after `Prefer: wait` seconds (10 unless said otherwise, 60 at most; `respond-async` = at once) with 202.',
  security: SECURITY,
  request: {
    query: screeningQuerySchema,
    headers: z.object({
      prefer: z.string().optional().describe('`wait=<seconds>` or `respond-async`.'),
      'idempotency-key': z
        .string()
        .min(1)
        .max(128)
        .optional()
        .describe('A second request with it gets the screening of the first.'),
    }),
    body: {
      required: true,
      content: {
        'application/octet-stream': { schema: binary },
        'audio/*': { schema: binary },
        'multipart/form-data': { schema: z.object({ file: binary }) },
      },
    },
  },
  responses: {
    200: jsonAnswer('It is done.', screeningSchema),
    202: {
      ...jsonAnswer('It goes on; ask again at Location.', screeningSummarySchema),
      headers: z.object({ Location: z.string() }),
    },
    ...problemAnswers(
      'bad_request',
      'unauthorized',
      'foreign_origin',
      'body_too_big',
      'unreadable_recording',
      'recording_too_long',
      'idempotency_key_reused',
      'rate_limited',
      'too_many_screenings',
      'internal',
      'draining',
    ),
  },
});

const listRoute = createRoute({
  method: 'get',
  path: '/v1/screenings',
  summary: 'Screenings of the key',
  description:
    'Kept in the data folder as long as summaries are; without one in memory for an hour, 1,000 at most.',
  security: SECURITY,
  request: { query: pageQuerySchema },
  responses: {
    200: jsonAnswer('Newest first, without timelines.', screeningListSchema),
    ...problemAnswers('bad_request', 'unauthorized', 'rate_limited'),
  },
});

const screeningRoute = createRoute({
  method: 'get',
  path: '/v1/screenings/{id}',
  summary: 'One screening',
  security: SECURITY,
  request: { params },
  responses: {
    200: jsonAnswer('The screening, whatever its state.', screeningSchema),
    ...problemAnswers('unauthorized', 'not_found', 'rate_limited'),
  },
});

/** Uploads of recordings and what came of them. */
export function addScreeningRoutes(
  app: OpenAPIHono<AppEnv>,
  sources: ScreeningRoutesSources,
): void {
  const { desk } = sources;
  // The body is read by hand: a validator would hold all of it as one text.
  app.openAPIRegistry.registerPath(uploadRoute);
  app.post('/v1/screenings', (context) => takeUpload(context, sources));
  app.openapi(listRoute, (context) => {
    const { limit, cursor } = context.req.valid('query');
    const before = numberOf(cursor);
    if (before === null) return problem(context, 'bad_request', 'The cursor is not one of a page.');
    const records = desk.store.page(context.get('key').name, limit + 1, before);
    const page = records.slice(0, limit);
    const nextCursor = records.length > limit ? cursorOf(page.at(-1)!.number) : null;
    return context.json({ screenings: page.map(({ summary }) => summary), nextCursor }, 200);
  });
  app.openAPIRegistry.registerPath(screeningRoute);
  app.get('/v1/screenings/:id', (context) => {
    const record = desk.store.get(context.req.param('id'), context.get('key').name);
    return record === null
      ? problem(context, 'not_found', 'The key has no screening with this id.')
      : sendScreening(context, record);
  });
}

async function takeUpload(
  context: Context<AppEnv>,
  { desk, maxUploadBytes, status }: ScreeningRoutesSources,
): Promise<Response> {
  if (desk.isClosed || status().reason === 'draining')
    return problem(context, 'draining', 'Ask another instance.');
  const query = screeningQuerySchema.safeParse(context.req.query());
  if (!query.success) {
    const errors = query.error.issues.map(({ path, message }) => ({
      path: path.join('.'),
      message,
    }));
    return problem(context, 'bad_request', 'The query is not right.', { errors });
  }
  const idempotencyKey = context.req.header('idempotency-key') ?? null;
  if (idempotencyKey !== null && !/^[\x21-\x7e]{1,128}$/.test(idempotencyKey)) {
    return problem(context, 'bad_request', 'Idempotency-Key must have 1 to 128 characters.');
  }
  const keyName = context.get('key').name;
  if (!desk.reserve(keyName)) {
    const detail = 'Wait until one of those before is done.';
    return problem(context, 'too_many_screenings', detail, {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    });
  }
  let holdsPlace = true;
  const letGo = holdsOtherPlace(context);
  try {
    const body = await readBody(context.req.raw, maxUploadBytes);
    if (desk.isClosed) return problem(context, 'draining', 'Ask another instance.');
    if (body === null) {
      const detail = `A recording may have at most ${maxUploadBytes} bytes.`;
      return problem(context, 'body_too_big', detail);
    }
    if (body.bytes === 0) return problem(context, 'bad_request', 'The body is empty.');
    const idempotency =
      idempotencyKey === null
        ? null
        : { key: idempotencyKey, fingerprint: fingerprintOf(context, body) };
    const before =
      idempotencyKey === null ? null : desk.store.byIdempotencyKey(idempotencyKey, keyName);
    if (before !== null) {
      if (before.idempotency?.fingerprint !== idempotency?.fingerprint) {
        return problem(context, 'idempotency_key_reused', 'The first request was another one.');
      }
      // Waiting takes no place: others could not upload meanwhile.
      desk.giveBack(keyName);
      holdsPlace = false;
      letGo();
      return await answerWhenDone(context, desk, before);
    }
    const record = desk.submit({
      keyName,
      bytes: body.bytes,
      idempotency,
      body: uploadOf(context, query.data, body),
    });
    holdsPlace = false;
    return await answerWhenDone(context, desk, record);
  } finally {
    letGo();
    if (holdsPlace) desk.giveBack(keyName);
  }
}

/** The recording with what the request says of it. */
function uploadOf(
  context: Context,
  { fileName, codec, sampleRateHz = 8000, scoreIntervalMs }: z.infer<typeof screeningQuerySchema>,
  { blocks }: ReadBody,
): UploadBody {
  return {
    blocks,
    contentType: contentTypeOf(context),
    fileName: fileName ?? null,
    raw: codec === undefined ? null : { codec, sampleRateHz },
    scoreIntervalMs,
  };
}

const contentTypeOf = (context: Context) => context.req.header('content-type') ?? '';

/** What must be the same in a request with the same idempotency key. */
function fingerprintOf(context: Context, { sha256 }: ReadBody): string {
  const query = new URLSearchParams(context.req.query());
  // Who asks is told by the key, whichever token it has made.
  query.delete('token');
  return `?${query} ${sha256}`;
}

async function answerWhenDone(
  context: Context<AppEnv>,
  desk: ScreeningDesk,
  record: ScreeningRecord,
): Promise<Response> {
  await desk.finished(record, waitSecondsOf(context.req.header('prefer')) * 1000);
  const { summary } = record;
  const location = `/v1/screenings/${summary.id}`;
  if (summary.finishedAtMs === null && desk.isClosed) {
    return problem(context, 'draining', 'The screening was given up; ask another instance.');
  }
  if (summary.finishedAtMs === null) {
    return context.json(summary, 202, {
      Location: location,
      'Retry-After': String(RETRY_AFTER_SECONDS),
    });
  }
  if (summary.problem !== null) {
    const { code, detail } = summary.problem;
    return problem(context, code, detail);
  }
  context.header('Content-Location', location);
  return sendScreening(context, record);
}

/** RFC 7240: seconds to wait for the answer. */
function waitSecondsOf(prefer: string | undefined): number {
  if (prefer === undefined) return DEFAULT_WAIT_SECONDS;
  if (/(^|[\s,;])respond-async\b/i.test(prefer) && !/\bwait\s*=/i.test(prefer)) return 0;
  const wait = /(?:^|[\s,;])wait\s*=\s*"?(\d{1,6})/i.exec(prefer)?.[1];
  return wait === undefined ? DEFAULT_WAIT_SECONDS : Math.min(Number(wait), MAX_WAIT_SECONDS);
}

/** A leg whose timeline was too long to be kept, or is not there yet. */
function withoutTimeline(leg: ScreeningSummary['legs'][number]): ScreeningLeg {
  return { ...leg, changes: [], gaps: [], timeline: [] };
}

/** The legs come as JSON from where they were made: a long timeline is not written twice. */
function sendScreening(context: Context, { summary, legsJson }: ScreeningRecord): Response {
  const { legs: summaryLegs, ...head } = summary;
  const begin = Buffer.from(`${JSON.stringify(head).slice(0, -1)},"legs":`);
  const legs = legsJson ?? Buffer.from(JSON.stringify(summaryLegs.map(withoutTimeline)));
  const body = Buffer.concat([begin, legs, Buffer.from('}')]);
  return context.body(body, 200, { 'Content-Type': 'application/json' });
}
