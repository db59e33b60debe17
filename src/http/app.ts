import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import type { KeyRing } from '../keys.ts';
import { type KeyIdentity, MAX_TOKEN_SECONDS, MIN_TOKEN_SECONDS } from '../keys.ts';
import { isLoopback } from '../loopback.ts';
import type { EventBus } from '../results/event-bus.ts';
import { addCallRoutes } from './calls.ts';
import { problem } from './problem.ts';

const MAX_BODY_BYTES = 16_384;
const DEFAULT_TOKEN_SECONDS = 300;

/** What the HTTP side needs to know of the service. */
export interface HttpSources {
  readonly keys: KeyRing;
  /** Who a loopback peer without a key is; null = a key is needed from everywhere. */
  readonly loopbackIdentity: KeyIdentity | null;
  readonly bus: EventBus;
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
  addCallRoutes(app, { bus: sources.bus, identify: (context) => identify(context, sources) });
  app.notFound(() => problem(404, 'no such resource'));
  app.onError(() => problem(500, 'internal error'));
  return app;
}

/** The key of a request, a token made from one, or the loopback identity where there is neither. */
function identify(context: Context, { keys, loopbackIdentity }: HttpSources): KeyIdentity | null {
  const header = context.req.header('authorization');
  if (header !== undefined) return keys.verifyHeader(header);
  const token = context.req.query('token');
  if (token !== undefined) return keys.verifyToken(token);
  return isLoopback(remoteAddressOf(context)) ? loopbackIdentity : null;
}

/** The node server's own address of the peer; absent where the app is called without a socket. */
function remoteAddressOf(context: Context): string {
  const { incoming } = (context.env ?? {}) as {
    incoming?: { socket?: { remoteAddress?: string } };
  };
  return incoming?.socket?.remoteAddress ?? '';
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
