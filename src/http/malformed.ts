import { type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { RequestError } from '@hono/node-server';
import { PROBLEMS, type ProblemCode, problemBody } from './problem.ts';

const CODES: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_big',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};

/** Answers what is no request of HTTP, or comes too slowly: with a problem, as everything else. */
export function answerMalformed(server: Server): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    const { bytesWritten = 0 } = socket as { bytesWritten?: number };
    // An answer may be on its way already: another one would end up in the midst of it.
    if (!socket.writable || bytesWritten > 0) {
      socket.destroy();
      return;
    }
    const code = CODES[error.code ?? ''] ?? 'bad_request';
    const { status } = PROBLEMS[code];
    const body = JSON.stringify(problemBody(code, 'The service closes the connection.'));
    socket.once('finish', () => socket.destroy());
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n` +
        `Content-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  });
}

/** The answer where a request does not reach the routes: mostly by its Host header. */
export function answerUnroutable(error: unknown): Response {
  const body =
    error instanceof RequestError
      ? problemBody('bad_request', 'The address of the request cannot be read.')
      : problemBody('internal', 'The fault is the service’s.');
  return Response.json(body, {
    status: body.status,
    headers: { 'Content-Type': 'application/problem+json' },
  });
}
