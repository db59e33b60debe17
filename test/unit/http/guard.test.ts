import { describe, expect, it } from 'vitest';
import { makeHttpApp } from '../../support/http-app.ts';

interface Problem {
  readonly type: string;
  readonly status: number;
  readonly code: string;
}

describe('a request without a known key', () => {
  it.each(['/v1/calls', '/v1/calls/x', '/v1/calls/x/events', '/v1/detectors'])(
    'gets a problem from %s',
    async (path) => {
      const { app } = makeHttpApp();
      const answer = await app.request(path, { headers: { authorization: 'Bearer wrong' } });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      const { type, status, code } = (await answer.json()) as Problem;
      expect([type, status, code]).toEqual(['/docs#unauthorized', 401, 'unauthorized']);
    },
  );
});

describe('a 401', () => {
  it.each([
    ['of a route', 'GET', '/v1/calls', null],
    ['of a token that asks for another', 'POST', '/v1/tokens', null],
    ['of a sign-in with a wrong key', 'POST', '/v1/session', '{"key":"bfk_wrong"}'],
  ])('%s says how to identify oneself', async (_name, method, path, body) => {
    const { app, keys } = makeHttpApp();
    const token = keys.issueToken({ name: 'a', maxCalls: null, fast: false }, 60);
    const query = path === '/v1/tokens' ? `?token=${token}` : '';
    const headers = { 'content-type': 'application/json' };
    const answer = await app.request(`${path}${query}`, { method, body, headers });
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
  });
});

describe('what a key sees', () => {
  it.each([
    '/v1/calls',
    '/v1/calls/x',
    '/v1/detectors',
    '/v1/alerts',
    '/v1/screenings',
    '/v1/session',
  ])('is kept by no cache: %s', async (path) => {
    const { app, bearer } = makeHttpApp();
    for (const authorization of [bearer.a, 'Bearer wrong']) {
      const answer = await app.request(path, { headers: { authorization } });
      expect(answer.headers.get('cache-control')).toBe('no-store');
    }
  });
});

describe('the rate limit', () => {
  it('counts each key alone and says what is left', async () => {
    const { app, clock, bearer } = makeHttpApp({ requestsPerMinute: 2 });
    const ask = (authorization: string) =>
      app.request('/v1/detectors', { headers: { authorization } });
    const first = await ask(bearer.a);
    expect(first.headers.get('ratelimit-policy')).toBe('"requests";q=2;w=60');
    expect(first.headers.get('ratelimit')).toBe('"requests";r=1;t=60');
    clock.advance(10_000);
    expect((await ask(bearer.a)).headers.get('ratelimit')).toBe('"requests";r=0;t=50');
    const refused = await ask(bearer.a);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '50']);
    expect((await ask(bearer.b)).status).toBe(200);
    clock.advance(50_000);
    expect((await ask(bearer.a)).status).toBe(200);
  });
});

describe('CORS', () => {
  const preflight = {
    method: 'OPTIONS',
    headers: { origin: 'https://page.example', 'access-control-request-method': 'GET' },
  };

  it('is off by default', async () => {
    const { app, bearer } = makeHttpApp();
    const answer = await app.request('/v1/detectors', {
      headers: { authorization: bearer.a, origin: 'https://page.example' },
    });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    expect((await app.request('/v1/detectors', preflight)).status).not.toBe(204);
  });

  it('lets listed origins in, and no other', async () => {
    const { app } = makeHttpApp({ corsOrigins: ['https://page.example'] });
    const answer = await app.request('/v1/detectors', preflight);
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://page.example');
    const other = await app.request('/v1/detectors', {
      ...preflight,
      headers: { ...preflight.headers, origin: 'https://other.example' },
    });
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('lets listed origins sign in and out with a cookie, which other sites cannot send', async () => {
    const { app } = makeHttpApp({ corsOrigins: ['https://page.example'] });
    for (const method of ['POST', 'DELETE']) {
      const headers = { ...preflight.headers, 'access-control-request-method': method };
      const answer = await app.request('/v1/session', { ...preflight, headers });
      expect(answer.headers.get('access-control-allow-credentials')).toBe('true');
      expect(answer.headers.get('access-control-allow-methods')).toContain(method);
    }
    const asked = await app.request('/v1/session', { headers: { origin: 'https://page.example' } });
    expect(asked.headers.get('access-control-allow-credentials')).toBe('true');
  });
});
