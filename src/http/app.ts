import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import type { KeyRing } from '../keys.ts';
import { MAX_TOKEN_SECONDS, MIN_TOKEN_SECONDS } from '../keys.ts';

const MAX_BODY_BYTES = 16_384;
const DEFAULT_TOKEN_SECONDS = 300;

/** What the HTTP side needs to know of the service. */
export interface HttpSources {
  readonly keys: KeyRing;
  readonly status: () => ServiceStatus;
  readonly renderMetrics: () => Promise<string>;
  readonly metricsContentType: string;
}

export interface ServiceStatus {
  /** Takes new calls. */
  readonly ready: boolean;
  readonly reason: 'ready' | 'draining' | 'full' | 'starting';
  readonly liveCalls: number;
  readonly maxCalls: number;
  readonly detectors: readonly { readonly id: string; readonly sampleRateHz: number }[];
}

const tokenRequest = z.strictObject({
  seconds: z.number().int().min(MIN_TOKEN_SECONDS).max(MAX_TOKEN_SECONDS).optional(),
});

/** The HTTP routes, a pure function of requests: health, readiness, metrics, browser tokens. */
export function createHttpApp(sources: HttpSources): Hono {
  const app = new Hono();
  app.get('/healthz', (context) => context.json({ status: 'alive' }));
  app.get('/readyz', (context) => {
    const status = sources.status();
    return context.json(status, status.ready ? 200 : 503);
  });
  app.get('/metrics', async (context) =>
    context.body(await sources.renderMetrics(), 200, {
      'Content-Type': sources.metricsContentType,
    }),
  );
  const limit = bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError: () => problem(413, `the body may have at most ${MAX_BODY_BYTES} bytes`),
  });
  app.post('/v1/tokens', limit, async (context) => {
    const key = sources.keys.verifyHeader(context.req.header('authorization'));
    if (key === null) return problem(401, 'the key is missing or not valid');
    const parsed = tokenRequest.safeParse(await readJson(context.req.raw));
    if (!parsed.success) {
      return problem(400, `seconds must be ${MIN_TOKEN_SECONDS} to ${MAX_TOKEN_SECONDS}`);
    }
    const seconds = parsed.data.seconds ?? DEFAULT_TOKEN_SECONDS;
    const token = sources.keys.issueToken(key, seconds);
    if (token === null) return problem(429, 'too many tokens are out');
    return context.json({ token, expiresInSeconds: seconds }, 201, { 'Cache-Control': 'no-store' });
  });
  app.notFound(() => problem(404, 'no such resource'));
  app.onError(() => problem(500, 'internal error'));
  return app;
}

/** An answer by RFC 9457. */
function problem(status: number, detail: string): Response {
  return new Response(JSON.stringify({ status, title: detail, detail }), {
    status,
    headers: { 'Content-Type': 'application/problem+json' },
  });
}

async function readJson(request: Request): Promise<unknown> {
  const text = await request.text();
  if (text === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    // Answered like any other body that does not match.
    return null;
  }
}
