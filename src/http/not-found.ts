import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { AppEnv } from './guard.ts';
import { problem } from './problem.ts';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/**
 * 405 with what the address takes where another method would do, 426 where nothing but WebSockets is,
 * else 404.
 */
export function answerNotFound(
  app: OpenAPIHono<AppEnv>,
  context: Context,
  socketPaths: readonly string[],
): Response {
  const allowed = methodsAt(app, context.req.path);
  if (allowed.length === 0 && socketPaths.includes(context.req.path)) {
    // Whoever tries again opens a connection for it; one that stays would keep its place for seconds.
    context.header('Connection', 'Upgrade, close');
    context.header('Upgrade', 'websocket');
    return problem(context, 'upgrade_required', 'A WebSocket must be opened here.');
  }
  if (allowed.length === 0) return problem(context, 'not_found', 'Nothing is at this address.');
  // A known method got here because its handler passed on: an asset that is not there.
  if (allowed.includes(context.req.method)) {
    return problem(context, 'not_found', 'Nothing is at this address.');
  }
  context.header('Allow', allowed.join(', '));
  return problem(context, 'method_not_allowed', `This address takes ${allowed.join(', ')}.`);
}

/** Methods that a route of their own has at a path. */
function methodsAt(app: OpenAPIHono<AppEnv>, path: string): string[] {
  const taken = METHODS.filter((method) => {
    const [handlers] = app.router.match(method, path);
    // What guards or describes all methods takes none.
    return handlers.some(([[, route]]) => route.method === method);
  });
  return taken.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
}
