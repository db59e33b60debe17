import type { Context, MiddlewareHandler } from 'hono';
import type { BrowserAccess } from '../browser-access.ts';
import type { Clock } from '../clock.ts';
import type { KeyIdentity, KeyRing } from '../keys.ts';
import { isPassedOn } from '../loopback.ts';
import { problem } from './problem.ts';
import { RequestRateLimit } from './request-rate-limit.ts';

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/** What a guarded route takes instead of each other, for the descriptions of routes. */
export const SECURITY = [{ key: [] }, { token: [] }, { session: [] }];

/** What every guarded route knows. */
export interface AppEnv {
  Variables: { readonly key: KeyIdentity };
}

export interface GuardSources {
  readonly keys: KeyRing;
  readonly browsers: BrowserAccess;
  readonly clock: Clock;
  /** Of one key. */
  readonly requestsPerMinute: number;
}

/** Lets requests of known keys pass, as many a minute as they may, and says how many are left. */
export function createGuard(sources: GuardSources): MiddlewareHandler<AppEnv> {
  const limit = new RequestRateLimit(sources.requestsPerMinute, sources.clock);
  return async (context, next) => {
    // What one key sees is nothing for a proxy's cache, which may know a request by its address alone.
    context.header('Cache-Control', 'no-store');
    const key = identify(context, sources);
    if (key === 'foreign') return refuseForeign(context);
    if (key === null) {
      return problem(context, 'unauthorized', 'Authorization must be Bearer and a key.');
    }
    const { allowed, left, resetSeconds } = limit.take(key.name);
    context.header('RateLimit-Policy', `"requests";q=${sources.requestsPerMinute};w=60`);
    context.header('RateLimit', `"requests";r=${left};t=${resetSeconds}`);
    if (!allowed) {
      const detail = `A key may make ${sources.requestsPerMinute} requests a minute.`;
      return problem(context, 'rate_limited', detail, { retryAfterSeconds: resetSeconds });
    }
    context.set('key', key);
    return next();
  };
}

/** The answer to a page that may not act with what the browser sends along. */
export function refuseForeign(context: Context) {
  return problem(context, 'foreign_origin', 'BONAFIDE_CORS_ORIGINS lists the origins that may.');
}

/** The key of a request, a token made from one, a session, or the loopback identity. */
function identify(
  context: Context,
  { keys, browsers }: GuardSources,
): KeyIdentity | 'foreign' | null {
  const header = context.req.header('authorization');
  if (header !== undefined) return keys.verifyHeader(header);
  const token = context.req.query('token');
  if (token !== undefined) return keys.verifyToken(token);
  return browsers.identify({
    cookie: context.req.header('cookie'),
    origin: context.req.header('origin'),
    host: hostOf(context),
    remoteAddress: remoteAddressOf(context),
    isPassedOn: isPassedOn((name) => context.req.header(name)),
    isUnsafe: !SAFE_METHODS.includes(context.req.method),
  });
}

/** The Host header; where the app is called without a socket, the host of the address. */
export function hostOf(context: Context): string {
  return context.req.header('host') ?? new URL(context.req.url).host;
}

/** The node server's own address of the peer; absent where the app is called without a socket. */
export function remoteAddressOf(context: Context): string {
  const { incoming } = (context.env ?? {}) as {
    incoming?: { socket?: { remoteAddress?: string } };
  };
  return incoming?.socket?.remoteAddress ?? '';
}
