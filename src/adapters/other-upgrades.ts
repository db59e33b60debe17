import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';

/** Of one connection only: what the client wished for with them is passed over. */
const HOP_HEADERS: readonly string[] = ['connection', 'upgrade', 'http2-settings'];

/**
 * True for the wish for another protocol than WebSocket. Some clients ask for HTTP/2 in whatever they send over a
 * plain connection (Java's, `curl --http2`), and a server may pass that over (RFC 9110, section 7.8).
 */
export function isOtherUpgrade({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() !== 'websocket';
}

/**
 * Gives the request back to the server as one without a wish. Node hands every request with one over
 * to whom takes WebSockets, and has no way back: the server reads it once more, as the last one of its connection.
 */
export function answerWithoutUpgrade(
  server: Server,
  { request, socket, head }: { request: IncomingMessage; socket: Duplex; head: Buffer },
): void {
  const lines = [`${request.method} ${request.url} HTTP/1.1`, 'Connection: close'];
  const { rawHeaders } = request;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!;
    if (!HOP_HEADERS.includes(name.toLowerCase())) lines.push(`${name}: ${rawHeaders[at + 1]}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit('connection', socket);
}
