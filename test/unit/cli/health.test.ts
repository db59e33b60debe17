import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { healthUrlOf } from '../../../src/cli/health.ts';
import { runCli } from './run-cli.ts';

it.each([
  ['127.0.0.1', 'http://127.0.0.1:8080/healthz'],
  ['0.0.0.0', 'http://127.0.0.1:8080/healthz'],
  ['::', 'http://[::1]:8080/healthz'],
  ['::1', 'http://[::1]:8080/healthz'],
  ['10.0.0.5', 'http://10.0.0.5:8080/healthz'],
  ['media.internal', 'http://media.internal:8080/healthz'],
])('asks a service that listens on %s', (host, url) => {
  expect(healthUrlOf({ host, port: 8080 })).toBe(url);
});

it('exits 0 when the service lives, and 1 when nothing answers', async () => {
  const server = createServer((_, response) => response.end('{}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const environment = { BONAFIDE_PORT: String(port) };
  expect((await runCli(['health'], environment)).code).toBe(0);
  await new Promise((resolve) => server.close(resolve));
  expect((await runCli(['health'], environment)).code).toBe(1);
});
