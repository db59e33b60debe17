import type { Context, MiddlewareHandler } from 'hono';
import type { Clock } from '../clock.ts';
import type { KeyIdentity, KeyRing } from '../keys.ts';
import { isLoopback } from '../loopback.ts';
import { problem } from './problem.ts';
import { RequestRateLimit } from './request-rate-limit.ts';

/** What every guarded route knows. */
export interface AppEnv {
  Variables: { readonly key: KeyIdentity };
}

export interface GuardSources {
  readonly keys: KeyRing;
  /** Who a loopback peer without a key is; null = a key is needed from everywhere. */
  readonly loopbackIdentity: KeyIdentity | null;
  readonly clock: Clock;
  /** Of one key. */
  readonly requestsPerMinute: number;
}

/** Lets requests of known keys pass, as many a minute as they may, and says how many are left. */
export function createGuard(sources: GuardSources): MiddlewareHandler<AppEnv> {
  const limit = new RequestRateLimit(sources.requestsPerMinute, sources.clock);
  return async (context, next) => {
    const key = identify(context, sources);
    if (key === null) {
      context.header('WWW-Authenticate', 'Bearer');
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

/** The key of a request, a token made from one, or the loopback identity where there is neither. */
function identify(context: Context, { keys, loopbackIdentity }: GuardSources): KeyIdentity | null {
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
