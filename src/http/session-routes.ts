import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { deleteCookie, setCookie } from 'hono/cookie';
import { isoTimeOf } from '../clock.ts';
import { SESSION_COOKIE, type Session, sessionTokenOf } from '../sessions.ts';
import { subscriberOf } from '../subscriber.ts';
import { jsonAnswer, problemAnswers } from './answers.ts';
import {
  type AppEnv,
  type GuardSources,
  hostOf,
  refuseForeign,
  remoteAddressOf,
  SECURITY,
} from './guard.ts';
import { problem } from './problem.ts';
import { RequestRateLimit } from './request-rate-limit.ts';
import { sessionRequestSchema, sessionSchema } from './schemas.ts';

const PATH = '/v1/session';
const MAX_BODY_BYTES = 4_096;
/** Wrong keys of one subscriber in a minute. */
const WRONG_KEYS_PER_MINUTE = 30;

const signInRoute = createRoute({
  method: 'post',
  path: PATH,
  summary: 'Sign a browser in',
  description:
    'Sets a session cookie that scripts cannot read. It stands for the key in requests and WebSocket handshakes of pages of the service’s own origin and of the configured ones.',
  request: {
    body: { required: true, content: { 'application/json': { schema: sessionRequestSchema } } },
  },
  responses: {
    204: { description: 'Signed in.' },
    ...problemAnswers(
      'bad_request',
      'unauthorized',
      'foreign_origin',
      'body_too_big',
      'unsupported_media_type',
      'rate_limited',
      'too_many_tokens',
    ),
  },
});

const sessionRoute = createRoute({
  method: 'get',
  path: PATH,
  summary: 'Who the browser is signed in as',
  description: 'Lets a session go on for another hour, up to 12 hours after the sign-in.',
  security: SECURITY,
  responses: {
    200: jsonAnswer('The name of the key.', sessionSchema),
    ...problemAnswers('unauthorized', 'rate_limited'),
  },
});

const signOutRoute = createRoute({
  method: 'delete',
  path: PATH,
  summary: 'Sign a browser out',
  responses: {
    204: { description: 'Signed out, or was not signed in.' },
    ...problemAnswers('foreign_origin'),
  },
});

/** Signing in, asking who one is, signing out: for pages. */
export function addSessionRoutes(app: OpenAPIHono<AppEnv>, sources: GuardSources): void {
  const { browsers } = sources;
  const { sessions } = browsers;
  addSignIn(app, sources);
  app.openapi(sessionRoute, (context) => {
    const token = sessionTokenOf(context.req.header('cookie'));
    // A key or token in the request goes before the cookie, which is then nobody's business.
    const { name: keyName } = context.get('key');
    const isByCookie = token !== null && sessions.find(token)?.key.name === keyName;
    const session = isByCookie ? sessions.renew(token) : null;
    if (session !== null) sendCookie(context, sources, { token: token!, session });
    const expiresAt = session === null ? null : isoTimeOf(session.expiresAtMs);
    return context.json({ keyName, expiresAt }, 200, { 'Cache-Control': 'no-store' });
  });
  app.openapi(signOutRoute, (context) => {
    const origin = context.req.header('origin');
    const token = sessionTokenOf(context.req.header('cookie'));
    if (token !== null || origin !== undefined) {
      if (!browsers.allows(origin ?? '', hostOf(context))) return refuseForeign(context);
    }
    if (token !== null) sessions.close(token);
    deleteCookie(context, SESSION_COOKIE, { path: '/' });
    return context.body(null, 204);
  });
}

function addSignIn(app: OpenAPIHono<AppEnv>, sources: GuardSources): void {
  const { keys, browsers, clock } = sources;
  const limit = bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError: (context) =>
      problem(context, 'body_too_big', `The body may have at most ${MAX_BODY_BYTES} bytes.`),
  });
  const wrongKeys = new RequestRateLimit(WRONG_KEYS_PER_MINUTE, clock);
  app.use(PATH, async (context, next) =>
    context.req.method === 'POST' ? limit(context, next) : next(),
  );
  app.openapi(signInRoute, (context) => {
    const origin = context.req.header('origin');
    // Else a foreign page could sign a browser in with a key of its own.
    if (origin !== undefined && !browsers.allows(origin, hostOf(context))) {
      return refuseForeign(context);
    }
    const key = keys.verifyKey(context.req.valid('json').key);
    if (key === null) {
      const { allowed, resetSeconds } = wrongKeys.take(subscriberOf(remoteAddressOf(context)));
      if (allowed) return problem(context, 'unauthorized', 'The service has no such key.');
      // Only of wrong ones: behind a proxy all browsers have one address.
      const detail = 'Too many wrong keys came from this address.';
      return problem(context, 'rate_limited', detail, { retryAfterSeconds: resetSeconds });
    }
    // Behind a proxy only the browser's own Origin tells that it came over TLS.
    const isSecure = browsers.hasHttpsUrl || (origin ?? context.req.url).startsWith('https://');
    const opened = browsers.sessions.open(key, isSecure);
    if (opened === null) return problem(context, 'too_many_tokens', 'Wait until some expire.');
    sendCookie(context, sources, opened);
    return context.body(null, 204, { 'Cache-Control': 'no-store' });
  });
}

function sendCookie(
  context: Context,
  { clock }: GuardSources,
  { token, session }: { readonly token: string; readonly session: Session },
): void {
  setCookie(context, SESSION_COOKIE, token, {
    httpOnly: true,
    sameSite: 'Strict',
    path: '/',
    maxAge: Math.ceil((session.expiresAtMs - clock.nowMs()) / 1_000),
    secure: session.isSecure,
  });
}
