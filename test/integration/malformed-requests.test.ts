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
async function answerTo(...pieces: string[]): Promise<{ head: string; body: string }> {
  const socket = connect(host.port, '127.0.0.1');
  let text = '';
  socket.on('data', (data) => {
    text += data.toString('utf8');
  });
  socket.setNoDelay(true);
  for (const piece of pieces) socket.write(piece);
  await once(socket, 'close');
  const [head = '', body = ''] = text.split('\r\n\r\n');
  return { head, body };
}

describe('a client that would rather have HTTP/2', () => {
  const wish =
    'Host: 127.0.0.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAI\r\n';

  it('is answered as if it had not asked', async () => {
    const { head, body } = await answerTo(`GET /healthz HTTP/1.1\r\n${wish}\r\n`);
    expect(head).toMatch(/^HTTP\/1.1 200 /);
    expect(head.toLowerCase()).toContain('connection: close');
    expect(JSON.parse(body)).toBeTypeOf('object');
  });

  it('is told that the address is for WebSockets where it is', async () => {
    const { head } = await answerTo(`GET /v1/platforms/twilio HTTP/1.1\r\n${wish}\r\n`);
    expect(head).toMatch(/^HTTP\/1.1 426 /);
    expect(head).toMatch(/\r\nConnection: Upgrade, close\r\n/i);
  });

  it.each([
    ['at once', (head: string, body: string) => [head + body]],
    ['in pieces', (head: string, body: string) => [head, body.slice(0, 5), body.slice(5)]],
  ])('is read with its body, sent %s', async (_case, pieces) => {
    const answers = await Promise.all(
      ['{"outcome":"confirmed_human"}', '{"outcome":'].map((json) => {
        const chunked = `${json.length.toString(16)}\r\n${json}\r\n0\r\n\r\n`;
        const type = 'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n';
        const first = `POST /v1/calls/none/outcome HTTP/1.1\r\n${wish}${type}\r\n`;
        return answerTo(...pieces(first, chunked));
      }),
    );
    const statuses = answers.map(({ head }) => Number(head.split(' ')[1]));
    // Nothing keeps outcomes here, which is said to reports that can be read only.
    expect(statuses).toEqual([503, 400]);
  });
});

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
