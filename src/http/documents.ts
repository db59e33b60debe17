import type { OpenAPIHono } from '@hono/zod-openapi';
import { SESSION_COOKIE } from '../sessions.ts';
import type { AppEnv } from './guard.ts';
import { REFERENCE_STYLE, renderReference } from './reference-page.ts';

const DESCRIPTION = `Screens live phone calls and recordings for deepfake voices.

A key sees its own calls and screenings only. Every failure is a problem by RFC 9457.
\`RateLimit\` and \`RateLimit-Policy\` say how many requests are left.
The WebSocket protocols are described in \`/asyncapi.json\`.`;

/** The machine-readable description of every route that was added with one. */
export function openApiOf(app: OpenAPIHono<AppEnv>) {
  app.openAPIRegistry.registerComponent('securitySchemes', 'key', {
    type: 'http',
    scheme: 'bearer',
    description: 'A key made with `bonafide keys add`.',
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', {
    type: 'apiKey',
    in: 'query',
    name: 'token',
    description: 'A token of `POST /v1/tokens`.',
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'session', {
    type: 'apiKey',
    in: 'cookie',
    name: SESSION_COOKIE,
    description: 'A session of `POST /v1/session`; only for pages of allowed origins.',
  });
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'bonafide', version: '1', description: DESCRIPTION },
    servers: [{ url: '/' }],
  });
}

/** `/openapi.json`, `/asyncapi.json` and the reference rendered from the former, at `/docs`. */
export function addDocumentRoutes(app: OpenAPIHono<AppEnv>, asyncApi: object): void {
  const openApi = openApiOf(app);
  const openApiText = JSON.stringify(openApi);
  const asyncApiText = JSON.stringify(asyncApi);
  const page = renderReference(openApi);
  const json = { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache' };
  app.get('/openapi.json', (context) => context.body(openApiText, 200, json));
  app.get('/asyncapi.json', (context) => context.body(asyncApiText, 200, json));
  app.get('/docs', (context) =>
    context.body(page, 200, {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy':
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    }),
  );
  app.get('/docs.css', (context) =>
    context.body(REFERENCE_STYLE, 200, { 'Content-Type': 'text/css; charset=utf-8' }),
  );
}
