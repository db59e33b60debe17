import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../clock.ts';
import { ERRORS, type ErrorCode, FULL_STATUS } from '../errors.ts';
import type { KeyIdentity } from '../keys.ts';
import type { CallManager } from '../stream/call-manager.ts';
import type {
  Adapter,
  DetectorIdentity,
  HandshakeRefusal,
  RefusalReason,
  UpgradeRequest,
} from './adapter.ts';
import { answerWithoutUpgrade, isOtherUpgrade } from './other-upgrades.ts';
import type { SocketPlaces } from './socket-places.ts';
import { type SocketEvents, SocketSession } from './socket-session.ts';
import { UnidentifiedSockets } from './unidentified-sockets.ts';

/** Hard limit of the transport; the adapters refuse smaller things with a coded error first. */
const MAX_MESSAGE_BYTES = 131_072;
const MAX_FRAGMENTS = 16;
const MAX_BUFFERED_CHUNKS = 256;
const CLOSE_TIMEOUT_MS = 2_000;
const RETRY_AFTER_SECONDS = 5;
const CALL_REASONS: Partial<Record<ErrorCode, RefusalReason>> = {
  SCREEN_ERR_DRAINING: 'draining',
  SCREEN_ERR_LIMIT_KEY: 'key_calls',
};

export interface SocketEndpointOptions {
  readonly adapters: readonly Adapter[];
  readonly calls: CallManager;
  readonly clock: Clock;
  readonly detectors: readonly DetectorIdentity[];
  readonly events: SocketEvents;
  /** Where sockets that may carry calls take their places. */
  readonly places: SocketPlaces;
}

/**
 * WebSocket side of the service: chooses the adapter by path, authenticates and admits before the
 * upgrade, and runs one session a socket. No call state exists before authentication has passed.
 */
export class SocketEndpoint {
  readonly #options: SocketEndpointOptions;
  readonly #sockets: WebSocketServer;
  readonly #sessions = new Set<SocketSession>();
  readonly #unidentified: UnidentifiedSockets<SocketSession>;
  #draining = false;

  constructor(options: SocketEndpointOptions) {
    this.#options = options;
    this.#unidentified = new UnidentifiedSockets(options.clock, () =>
      options.events.refusedUpgrade(FULL_STATUS, 'unidentified'),
    );
    this.#sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE_BYTES,
      // Newer than the type definitions: caps against floods of tiny fragments.
      ...{ maxFragments: MAX_FRAGMENTS, maxBufferedChunks: MAX_BUFFERED_CHUNKS },
      ...{ closeTimeout: CLOSE_TIMEOUT_MS },
      handleProtocols: (offered, request) => {
        const adapter = this.#adapterFor(request);
        return adapter?.subprotocol([...offered]) ?? false;
      },
    });
  }

  get openSockets(): number {
    return this.#sessions.size;
  }

  /** Takes upgrades of the server; `upgraded` is told which of its connections became WebSockets. */
  attach(server: Server, upgraded: (socket: Duplex) => void): void {
    server.on('upgrade', (request, socket, head) => {
      if (isOtherUpgrade(request)) {
        answerWithoutUpgrade(server, { request, socket, head });
        return;
      }
      const admitted = this.#admit(request, socket);
      if (admitted === null) return;
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
        upgraded(socket);
        this.#begin(webSocket, admitted);
      });
    });
  }

  /** Tells every session that has no call yet that the service ends. */
  startDraining(): void {
    this.#draining = true;
    for (const session of this.#sessions) {
      if (!session.hasCall && !session.readsOnly) session.refuse('SCREEN_ERR_DRAINING');
    }
  }

  /** Closes what is still open with 1001 and ends the sockets after the close time-out. */
  closeAll(): void {
    for (const session of this.#sessions) session.refuse('SCREEN_ERR_DRAINING');
    this.#sockets.close();
  }

  #adapterFor(request: IncomingMessage): Adapter | undefined {
    const path = (request.url ?? '').split('?', 1)[0]!;
    return this.#options.adapters.find(
      ({ mount }) =>
        'path' in mount &&
        (mount.path === path || (mount.below === true && path.startsWith(`${mount.path}/`))),
    );
  }

  /** Whose session the upgrade begins; null = it was refused. */
  #admit(request: IncomingMessage, socket: Duplex): AdmittedUpgrade | null {
    socket.on('error', () => socket.destroy());
    const adapter = this.#adapterFor(request);
    if (adapter === undefined) {
      refuse(socket, 404, 'no such endpoint');
      return null;
    }
    const { events, clock } = this.#options;
    const description = describeUpgrade(request);
    const auth = adapter.authenticate(description);
    if (auth !== 'after-start' && !auth.ok) {
      events.refusedUpgrade(auth.status);
      const { status, reason, notBeforeMs = 0 } = auth;
      if (notBeforeMs === 0) refuse(socket, status, reason);
      else clock.after(notBeforeMs, () => refuse(socket, status, reason));
      return null;
    }
    const key = auth === 'after-start' ? null : auth.key;
    const refusal = this.#handshakeRefusal(adapter, key?.name ?? null);
    if (refusal !== null) {
      events.refusedUpgrade(FULL_STATUS, refusal.reason);
      refuse(socket, FULL_STATUS, ERRORS[refusal.code].message);
      return null;
    }
    return { adapter, key, request: description };
  }

  #begin(webSocket: WebSocket, { adapter, key, request }: AdmittedUpgrade): void {
    const { places, calls, clock, detectors, events } = this.#options;
    const session = new SocketSession(webSocket, {
      ...{ adapter, key, request, calls, clock, detectors, events },
      admit: (keyName) => places.refusal(keyName)?.code ?? null,
      onIdentified: () => this.#unidentified.leave(session),
      onClose: () => {
        this.#sessions.delete(session);
        this.#unidentified.leave(session);
        places.leave(session);
      },
    });
    this.#sessions.add(session);
    if (key === null) this.#unidentified.enter(session, request.remoteAddress);
    if (!session.readsOnly) places.enter(session);
    session.begin();
  }

  #handshakeRefusal(adapter: Adapter, keyName: string | null): HandshakeRefusal | null {
    if (adapter.readsOnly === true) return adapter.readerRefusal?.(keyName ?? '') ?? null;
    const code = this.#callRefusal(keyName);
    if (code !== null) return { code, reason: CALL_REASONS[code] ?? 'calls' };
    return keyName === null ? null : this.#options.places.refusal(keyName);
  }

  // A socket may come back for its call, which is counted already: it is refused only in the start.
  #callRefusal(keyName: string | null): ErrorCode | null {
    const { calls } = this.#options;
    if (keyName !== null && calls.hasDetachedCall(keyName)) return null;
    if (this.#draining) return 'SCREEN_ERR_DRAINING';
    return keyName === null ? null : calls.refusal(keyName);
  }
}

/** An upgrade that may begin. */
interface AdmittedUpgrade {
  readonly adapter: Adapter;
  /** null = the session finds out. */
  readonly key: KeyIdentity | null;
  readonly request: UpgradeRequest;
}

const STATUS_TEXTS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  [FULL_STATUS]: 'Service Unavailable',
};

function refuse(socket: Duplex, status: number, reason: string): void {
  const body = `${JSON.stringify({ status, title: STATUS_TEXTS[status], detail: reason })}\n`;
  const extra =
    status === FULL_STATUS
      ? `Retry-After: ${RETRY_AFTER_SECONDS}\r\n`
      : status === 401
        ? 'WWW-Authenticate: Bearer\r\n'
        : '';
  // Node has let go of an upgraded socket: a peer that never ends its side would keep it for ever.
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_TEXTS[status]}\r\nConnection: close\r\n${extra}` +
      `Content-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function describeUpgrade(request: IncomingMessage): UpgradeRequest {
  const target = request.url ?? '';
  const path = target.split('?', 1)[0]!;
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  const offered = headers['sec-websocket-protocol'] ?? '';
  return {
    path,
    target,
    query: new URLSearchParams(target.slice(path.length)),
    headers,
    subprotocols: offered
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
    remoteAddress: request.socket.remoteAddress ?? '',
  };
}
