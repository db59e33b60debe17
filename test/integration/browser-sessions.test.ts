import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { closeTestServices, startTestService, type TestService } from '../support/start-service.ts';

let service: TestService;
let own: string;
let cookie: string;

beforeAll(async () => {
  service = await startTestService({
    keys: [{ name: 'a' }],
    config: { corsOrigins: 'https://page.example' },
  });
  own = `http://127.0.0.1:${service.port}`;
  const answer = await fetch(`${own}/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: own },
    body: JSON.stringify({ key: service.keys['a'] }),
  });
  expect(answer.status).toBe(204);
  cookie = answer.headers.get('set-cookie')!.split(';')[0]!;
});
afterAll(closeTestServices);

/** The status of a handshake: 101 when it was taken. */
async function upgrade(
  path: string,
  protocol: string,
  headers: Record<string, string>,
): Promise<number> {
  const socket = new WebSocket(`ws://127.0.0.1:${service.port}${path}`, protocol, { headers });
  socket.on('error', () => {});
  const refused = once(socket, 'unexpected-response') as Promise<[unknown, IncomingMessage]>;
  const status = await Promise.race([
    once(socket, 'open').then(() => 101),
    refused.then(([, response]) => response.statusCode!),
  ]);
  socket.terminate();
  return status;
}

describe.each([
  ['/v1/stream', 'bonafide.v1'],
  ['/v1/calls', 'bonafide.results.v1'],
  ['/v1/calls/x', 'bonafide.results.v1'],
])('a socket to %s', (path, protocol) => {
  it('opens with the cookie for pages of allowed origins', async () => {
    for (const origin of [own, 'https://page.example']) {
      expect(await upgrade(path, protocol, { cookie, origin })).toBe(101);
    }
  });

  it('is refused to other pages before anything is known of it', async () => {
    const before = service.service.status().liveCalls;
    for (const origin of ['https://evil.example', 'null', `${own}1`]) {
      expect(await upgrade(path, protocol, { cookie, origin })).toBe(403);
    }
    expect(await upgrade(path, protocol, { cookie })).toBe(403);
    expect(service.service.status().liveCalls).toBe(before);
    expect(await service.service.metrics.render()).toContain(
      'bonafide_upgrades_refused_total{status="403"}',
    );
  });

  it('needs a session that is known', async () => {
    const stale = `${cookie.slice(0, -4)}AAAA`;
    expect(await upgrade(path, protocol, { cookie: stale, origin: own })).toBe(401);
    expect(await upgrade(path, protocol, { origin: own })).toBe(401);
  });

  it('does not look at the origin where a key is given', async () => {
    const authorization = `Bearer ${service.keys['a']}`;
    const origin = 'https://evil.example';
    expect(await upgrade(path, protocol, { cookie, origin, authorization })).toBe(101);
  });
});

describe('a platform’s socket', () => {
  it('does not open with a cookie', async () => {
    expect(await upgrade('/v1/listen', 'token', { cookie, origin: own })).toBe(401);
    expect(await upgrade('/v1/platforms/asterisk', 'media', { cookie, origin: own })).toBe(401);
  });
});
