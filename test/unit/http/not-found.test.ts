import { describe, expect, it } from 'vitest';
import { makeHttpApp } from '../../support/http-app.ts';

describe('a method that an address does not take', () => {
  it.each([
    ['POST', '/healthz', 'GET, HEAD'],
    ['DELETE', '/v1/screenings', 'GET, HEAD, POST'],
    ['PUT', '/v1/calls/x', 'GET, HEAD'],
    ['PATCH', '/v1/session', 'GET, HEAD, POST, DELETE'],
    ['GET', '/v1/tokens', 'POST'],
    ['OPTIONS', '/openapi.json', 'GET, HEAD'],
  ])('%s of %s is answered with those that it takes', async (method, path, allow) => {
    const { app, bearer } = makeHttpApp();
    const answer = await app.request(path, { method, headers: { authorization: bearer.a } });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow]);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await answer.json()).toMatchObject({ status: 405, code: 'method_not_allowed' });
  });
});

describe('an address at which nothing is', () => {
  it.each([
    ['GET', '/v2'],
    ['POST', '/v2'],
    ['GET', '/v1/calls/x/y/z'],
    ['HEAD', '/assets/none.js'],
  ])('%s of %s is answered as such', async (method, path) => {
    const { app, bearer } = makeHttpApp();
    const answer = await app.request(path, { method, headers: { authorization: bearer.a } });
    expect([answer.status, answer.headers.get('allow')]).toEqual([404, null]);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });
});

describe('an address of WebSockets', () => {
  it.each(['GET', 'POST'])('%s is told to upgrade', async (method) => {
    const { app } = makeHttpApp({ socketPaths: ['/v1/stream'] });
    const answer = await app.request('/v1/stream', { method });
    expect([answer.status, answer.headers.get('upgrade')]).toEqual([426, 'websocket']);
    expect(await answer.json()).toMatchObject({ status: 426, code: 'upgrade_required' });
    expect((await app.request('/v1/stream/x')).status).toBe(404);
  });

  it('that HTTP has as well is answered with what HTTP takes', async () => {
    const { app, bearer } = makeHttpApp({ socketPaths: ['/v1/calls'] });
    const headers = { authorization: bearer.a };
    const answer = await app.request('/v1/calls', { method: 'DELETE', headers });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });
});
