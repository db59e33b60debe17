import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { cors } from 'hono/cors';
import { HTTPException } from 'hono/http-exception';
import type { AlertDesk } from '../results/outbox/alert-desk.ts';
import { addAlertRoutes } from './alerts.ts';
import { addCallSeriesRoute } from './call-series.ts';
import { addCallRoutes, type CallRoutesSources } from './calls.ts';
import type { DetectorCard } from './detector-card-schemas.ts';
import { addDetectorCardRoute } from './detector-cards.ts';
import { addDocumentRoutes } from './documents.ts';
import { type AppEnv, createGuard, type GuardSources } from './guard.ts';
import { answerNotFound } from './not-found.ts';
import { addOutcomeRoutes, type OutcomeRoutesSources } from './outcomes.ts';
import { addPageRoutes, type Page } from './page.ts';
import { problem } from './problem.ts';
import { addScreeningRoutes, type ScreeningRoutesSources } from './screenings.ts';
import { addServiceRoutes, type ServiceRoutesSources } from './service-routes.ts';
import { addSessionRoutes } from './session-routes.ts';

/** What the HTTP side needs to know of the service. */
export interface HttpSources
  extends GuardSources,
    ServiceRoutesSources,
    CallRoutesSources,
    OutcomeRoutesSources,
    ScreeningRoutesSources {
  /** Origins whose pages may use the API; none = no CORS header at all. */
  readonly corsOrigins: readonly string[];
  /** The AsyncAPI document of the WebSocket protocols. */
  readonly asyncApi: object;
  /** Of every detector in use. */
  readonly detectorCards: readonly DetectorCard[];
  /** null = no alerts are kept. */
  readonly alertDesk: Pick<AlertDesk, 'alertsOf'> | null;
  /** Addresses of WebSockets that have no HTTP route. */
  readonly socketPaths: readonly string[];
  /** The built page; null = there is none. */
  readonly page: Page | null;
  /** Told of what went wrong on our side, which the peer is not. */
  readonly failed: (
    error: Error,
    request: { readonly method: string; readonly path: string },
  ) => void;
}

const GUARDED = ['calls', 'detectors', 'tokens', 'screenings', 'alerts'].map(
  (name) => `/v1/${name}/*`,
);

/** The HTTP routes, a pure function of requests. */
export function createHttpApp(sources: HttpSources): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>({
    defaultHook: (result, context) => {
      if (result.success) return undefined;
      const errors = result.error.issues.map(({ path, message }) => ({
        path: path.join('.'),
        message,
      }));
      return problem(context, 'bad_request', `The ${result.target} is not right.`, { errors });
    },
  });
  app.use(async (context, next) => {
    await next();
    context.header('X-Content-Type-Options', 'nosniff');
  });
  if (sources.corsOrigins.length > 0) app.use(corsOf(sources.corsOrigins));
  const guard = createGuard(sources);
  for (const path of GUARDED) app.use(path, guard);
  // Signing in needs no identity, and signing out takes none.
  app.on('GET', '/v1/session', guard);
  addSessionRoutes(app, sources);
  addServiceRoutes(app, sources);
  addCallRoutes(app, sources);
  addCallSeriesRoute(app, sources.bus);
  addOutcomeRoutes(app, sources);
  addScreeningRoutes(app, sources);
  addDetectorCardRoute(app, sources.detectorCards);
  addAlertRoutes(app, sources.alertDesk);
  addDocumentRoutes(app, sources.asyncApi);
  addPageRoutes(app, sources.page);
  app.notFound((context) => answerNotFound(app, context, sources.socketPaths));
  app.onError((error, context) => answerError(error, context, sources));
  return app;
}

function corsOf(origins: readonly string[]) {
  return cors({
    origin: [...origins],
    allowMethods: ['GET', 'POST', 'DELETE'],
    // With their session's cookie: browsers give a page no answer to a request with one otherwise.
    credentials: true,
    allowHeaders: ['Authorization', 'Content-Type', 'Idempotency-Key', 'Last-Event-ID', 'Prefer'],
    exposeHeaders: ['Location', 'RateLimit', 'RateLimit-Policy', 'Retry-After'],
    maxAge: 600,
  });
}

function answerError(error: Error, context: Context, { failed }: HttpSources): Response {
  if (error instanceof HTTPException && error.status === 400) {
    return problem(context, 'bad_request', error.message);
  }
  if (error instanceof HTTPException && error.status === 415) {
    return problem(context, 'unsupported_media_type', 'Content-Type must be as described.');
  }
  const { method, path, raw } = context.req;
  // Else its peer is gone, and the body is not whole.
  if (!raw.signal.aborted) failed(error, { method, path });
  return problem(context, 'internal', 'The fault is the service’s.');
}
