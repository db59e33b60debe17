import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import { type KeyRing, MAX_TOKEN_SECONDS, MIN_TOKEN_SECONDS } from '../keys.ts';
import { jsonAnswer, problemAnswers } from './answers.ts';
import { type AppEnv, SECURITY } from './guard.ts';
import { problem } from './problem.ts';
import {
  type DetectorDescription,
  detectorsSchema,
  healthSchema,
  readinessSchema,
  tokenRequestSchema,
  tokenSchema,
} from './schemas.ts';

const MAX_BODY_BYTES = 16_384;
const DEFAULT_TOKEN_SECONDS = 300;

export type ServiceStatus = z.infer<typeof readinessSchema>;

export interface ServiceRoutesSources {
  readonly keys: KeyRing;
  readonly status: () => ServiceStatus;
  readonly renderMetrics: () => Promise<string>;
  readonly metricsContentType: string;
  readonly detectors: readonly DetectorDescription[];
}

const healthRoute = createRoute({
  method: 'get',
  path: '/healthz',
  summary: 'Liveness',
  responses: { 200: jsonAnswer('It is.', healthSchema) },
});

const readinessRoute = createRoute({
  method: 'get',
  path: '/readyz',
  summary: 'Readiness for new calls',
  responses: {
    200: jsonAnswer('It does.', readinessSchema),
    503: jsonAnswer('It does not, with the reason.', readinessSchema),
  },
});

const metricsRoute = createRoute({
  method: 'get',
  path: '/metrics',
  summary: 'Metrics for Prometheus',
  responses: {
    200: { description: 'Text exposition.', content: { 'text/plain': { schema: z.string() } } },
  },
});

const detectorsRoute = createRoute({
  method: 'get',
  path: '/v1/detectors',
  summary: 'The detectors in use',
  security: SECURITY,
  responses: {
    200: jsonAnswer('Ordered as configured.', detectorsSchema),
    ...problemAnswers('unauthorized', 'rate_limited'),
  },
});

const tokenRoute = createRoute({
  method: 'post',
  path: '/v1/tokens',
  summary: 'A short-lived token for a browser, from a key',
  security: [{ key: [] }, { session: [] }],
  request: { body: { content: { 'application/json': { schema: tokenRequestSchema } } } },
  responses: {
    201: jsonAnswer('The token: as the query parameter or sub-protocol.', tokenSchema),
    ...problemAnswers(
      'bad_request',
      'unauthorized',
      'foreign_origin',
      'body_too_big',
      'rate_limited',
      'too_many_tokens',
    ),
  },
});

/** Health, readiness, metrics, detectors, browser tokens. */
export function addServiceRoutes(app: OpenAPIHono<AppEnv>, sources: ServiceRoutesSources): void {
  app.openapi(healthRoute, (context) => context.json({ status: 'alive' as const }, 200));
  app.openapi(readinessRoute, (context) => {
    const status = sources.status();
    return context.json(status, status.ready ? 200 : 503);
  });
  app.openAPIRegistry.registerPath(metricsRoute);
  app.get('/metrics', async (context) =>
    context.body(await sources.renderMetrics(), 200, {
      'Content-Type': sources.metricsContentType,
    }),
  );
  app.openapi(detectorsRoute, (context) => context.json({ detectors: sources.detectors }, 200));
  addTokenRoute(app, sources.keys);
}

function addTokenRoute(app: OpenAPIHono<AppEnv>, keys: KeyRing): void {
  const limit = bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError: (context) =>
      problem(context, 'body_too_big', `The body may have at most ${MAX_BODY_BYTES} bytes.`),
  });
  // Read by hand: an absent body and an absent content type mean the defaults.
  app.openAPIRegistry.registerPath(tokenRoute);
  app.post('/v1/tokens', limit, async (context) => {
    // A token makes no further tokens: it would never end. A page's session may.
    if (context.req.query('token') !== undefined) {
      return problem(context, 'unauthorized', 'A token makes no tokens.');
    }
    const key = context.get('key');
    const parsed = tokenRequestSchema.safeParse(parseJson(await context.req.text()));
    if (!parsed.success) {
      const detail = `seconds must be ${MIN_TOKEN_SECONDS} to ${MAX_TOKEN_SECONDS}.`;
      return problem(context, 'bad_request', detail);
    }
    const seconds = parsed.data.seconds ?? DEFAULT_TOKEN_SECONDS;
    const token = keys.issueToken(key, seconds);
    if (token === null) return problem(context, 'too_many_tokens', 'Wait until some expire.');
    return context.json({ token, expiresInSeconds: seconds }, 201, { 'Cache-Control': 'no-store' });
  });
}

function parseJson(text: string): unknown {
  if (text === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    // Answered like any other body that does not match.
    return null;
  }
}
