import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { PROBLEMS } from '../../../src/http/problem.ts';
import { makeHttpApp } from '../../support/http-app.ts';

const { app } = makeHttpApp();
const read = async (path: string) => {
  const answer = await app.request(path);
  expect(answer.status).toBe(200);
  return answer;
};

interface OpenApi {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, { responses: Record<string, object> }>>;
  readonly components: { readonly schemas: Record<string, object> };
}

/** Every `$ref` below a value. */
function referencesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    name === '$ref' && typeof inner === 'string' ? [inner] : referencesIn(inner),
  );
}

function resolve(document: unknown, reference: string): unknown {
  let at = document as Record<string, unknown> | undefined;
  for (const part of reference.slice(2).split('/')) at = at?.[part] as typeof at;
  return at;
}

describe('/openapi.json', () => {
  it('is OpenAPI 3.1 to a validator of its own', async () => {
    const document = (await (await read('/openapi.json')).json()) as OpenApi;
    const validator = new Validator();
    const result = await validator.validate({ ...document });
    expect(result).toMatchObject({ valid: true });
    expect(validator.version).toBe('3.1');
    for (const reference of referencesIn(document)) {
      expect(resolve(document, reference), reference).toBeDefined();
    }
  });

  it('has every route, and a schema for every body', async () => {
    const document = (await (await read('/openapi.json')).json()) as OpenApi;
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const undescribed = [
      ...['/openapi.json', '/asyncapi.json', '/docs', '/docs.css', '/*'],
      ...['/', '/assets/:name'],
    ];
    const routes = app.routes
      .filter(({ method, path }) => method !== 'ALL' && !undescribed.includes(path))
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`);
    expect([...new Set(routes)].sort()).toEqual(described.sort());
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining(['Problem', 'CallSummary', 'ResultEvent', 'ScoreEvent']),
    );
  });
});

describe('who may ask', () => {
  const names = (security: readonly object[]) => security.flatMap((one) => Object.keys(one));

  it('is said of every route', async () => {
    const document = (await (await read('/openapi.json')).json()) as {
      paths: Record<string, Record<string, { security?: object[] }>>;
    };
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, { security = [] }] of Object.entries(methods)) {
        const isOpen = !path.startsWith('/v1/') || (path === '/v1/session' && method !== 'get');
        const makesTokens = path === '/v1/tokens';
        const takes = isOpen ? [] : ['key', ...(makesTokens ? [] : ['token']), 'session'];
        expect(names(security), `${method} ${path}`).toEqual(takes);
      }
    }
  });

  it('is as said: a session makes tokens and reports outcomes, a token makes no tokens', async () => {
    const parts = makeHttpApp();
    const post = (path: string, headers: Record<string, string>, body: object = {}) =>
      parts.app.request(`http://localhost${path}`, {
        method: 'POST',
        headers: { origin: 'http://localhost', 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
    const key = parts.bearer.a.replace('Bearer ', '');
    const signedIn = await post('/v1/session', {}, { key });
    const cookie = signedIn.headers.get('set-cookie')!.split(';')[0]!;
    const made = await post('/v1/tokens', { cookie });
    expect(made.status).toBe(201);
    const { token } = (await made.json()) as { token: string };
    expect((await post(`/v1/tokens?token=${token}`, {})).status).toBe(401);
    // The service of this test keeps nothing: it knew who asked.
    const outcome = { outcome: 'unknown' };
    expect((await post('/v1/calls/c/outcome', { cookie }, outcome)).status).toBe(503);
  });
});

describe('/asyncapi.json', () => {
  it('is AsyncAPI 3 to the published schema', async () => {
    const path = createRequire(import.meta.url).resolve('@asyncapi/specs/schemas/3.0.0.json');
    const schema = JSON.parse(await readFile(path, 'utf8')) as object;
    const ajv = new Ajv({ strict: false, validateFormats: false, meta: false });
    const document = await (await read('/asyncapi.json')).json();
    const valid = ajv.validate(schema, document);
    expect(ajv.errors ?? []).toEqual([]);
    expect(valid).toBe(true);
    for (const reference of referencesIn(document)) {
      expect(resolve(document, reference), reference).toBeDefined();
    }
  });

  it('describes messages that are sent', async () => {
    const document = (await (await read('/asyncapi.json')).json()) as {
      components: { schemas: Record<string, object> };
    };
    const ajv = new Ajv({ strict: false });
    ajv.addSchema({ $id: 'doc', ...document });
    const check = (name: string, message: object) =>
      ajv.validate({ $ref: `doc#/components/schemas/${name}` }, message);
    const audio = { codec: 'mulaw', sampleRateHz: 8000, channels: 1 };
    expect(check('start', { type: 'start', audio })).toBe(true);
    expect(check('start', { type: 'start', audio: { ...audio, codec: 'mp3' } })).toBe(false);
    const gap = { type: 'gap', callId: 'c', leg: 'caller', streamTimeMs: 1, lostMs: 80 };
    expect(check('gap', gap)).toBe(true);
    expect(check('stop', { type: 'stop' })).toBe(true);
    expect(check('stop', { type: 'pause' })).toBe(false);
  });
});

describe('/docs', () => {
  it('shows every route and problem with no script and nothing from elsewhere', async () => {
    const answer = await read('/docs');
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    const html = await answer.text();
    expect(html).not.toMatch(/<script|\son\w+=|<style|\sstyle=|src=|href="(?!#|\/)/i);
    expect(html).toContain('GET /v1/calls/{id}/events');
    for (const code of Object.keys(PROBLEMS)) expect(html).toContain(`id="${code}"`);
    const links = [...html.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    for (const id of links) expect(html).toContain(`id="${id}"`);
    expect((await read('/docs.css')).headers.get('content-type')).toContain('text/css');
  });
});
