import { createServer, type RequestListener, type Server } from 'node:http';
import type { RefusalReason } from './adapters/adapter.ts';
import type { SocketEndpoint } from './adapters/socket-endpoint.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import { ConnectionLimits } from './http/connection-limits.ts';
import { answerMalformed } from './http/malformed.ts';
import { watchPeer } from './tcp-keep-alive.ts';

const HEADERS_TIMEOUT_MS = 5_000;
/** How often those limits are looked at: Node's own 30 s would be the limit. */
const LIMITS_EVERY_MS = 1_000;
/** A whole request with its body: uploads over slow lines. */
const UPLOAD_TIMEOUT_MS = 300_000;
/** Connections that ask for nothing, and those with HTTP requests, readers of events not counted. */
const MAX_UNUPGRADED_SOCKETS = 256;

export interface HttpListenerParts {
  readonly config: Config;
  readonly clock: Clock;
  /** The routes. */
  readonly listener: RequestListener;
  readonly endpoint: SocketEndpoint;
  /** Most WebSockets that may carry calls. */
  readonly maxMediaSockets: number;
  readonly refused: (reason: RefusalReason) => void;
}

/** The HTTP server while it listens. */
export interface HttpListener {
  readonly server: Server;
  readonly connections: ConnectionLimits;
  readonly port: number;
}

/**
 * Listens for HTTP requests and WebSockets, each kind with places of its own. Rejects when the port
 * cannot be had.
 */
export async function startHttpListener(parts: HttpListenerParts): Promise<HttpListener> {
  const { config, clock, endpoint, refused, listener } = parts;
  const connections = new ConnectionLimits({
    clock,
    maxWaiting: MAX_UNUPGRADED_SOCKETS,
    maxBusy: config.maxReaders + MAX_UNUPGRADED_SOCKETS,
    refused,
  });
  const server = createServer(
    { connectionsCheckingInterval: LIMITS_EVERY_MS },
    connections.guard(listener),
  );
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = UPLOAD_TIMEOUT_MS;
  answerMalformed(server);
  server.on('connection', watchPeer);
  connections.attach(server, parts.maxMediaSockets + config.maxReaders);
  endpoint.attach(server, (socket) => connections.upgraded(socket));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.port, config.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : config.port;
  return { server, connections, port };
}
