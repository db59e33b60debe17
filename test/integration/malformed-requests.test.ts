import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeTestServices, startTestService, type TestService } from '../support/start-service.ts';

let host: TestService;
beforeAll(async () => {
  host = await startTestService();
});
afterAll(closeTestServices);

/** Everything that comes back for bytes, up to the end of the connection. */
async function answerTo(bytes: string): Promise<{ head: string; body: string }> {
  const socket = connect(host.port, '127.0.0.1');
  let text = '';
  socket.on('data', (data) => {
    text += data.toString('utf8');
  });
  socket.write(bytes);
  await once(socket, 'close');
  const [head = '', body = ''] = text.split('\r\n\r\n');
  return { head, body };
}

describe('what is no request of HTTP', () => {
  it.each([
    ['noise', 'hello?\r\n\r\n', 400, 'bad_request'],
    [
      'an address without sense',
      'GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n',
      400,
      'bad_request',
    ],
    [
      'headers without end',
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
      'headers_too_big',
    ],
    [
      'a method that browsers do not send',
      'TRACE /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      405,
      'method_not_allowed',
    ],
    [
      'no upgrade where a WebSocket is',
      'GET /v1/platforms/twilio HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      426,
      'upgrade_required',
    ],
  ])('%s is answered with a problem', async (_name, bytes, status, code) => {
    const { head, body } = await answerTo(bytes);
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(head.toLowerCase()).toContain('content-type: application/problem+json');
    expect(JSON.parse(body)).toMatchObject({ status, code, type: `/docs#${code}` });
  });
});
