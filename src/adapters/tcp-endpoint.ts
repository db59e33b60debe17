import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import { FULL_STATUS } from '../errors.ts';
import type { CallManager } from '../stream/call-manager.ts';
import type { Adapter, DetectorIdentity } from './adapter.ts';
import type { SocketPlaces } from './socket-places.ts';
import type { SocketEvents } from './socket-session.ts';
import { TcpSession } from './tcp-session.ts';
import { UnidentifiedSockets } from './unidentified-sockets.ts';

export interface TcpEndpointOptions {
  readonly adapter: Adapter;
  /** Address to listen on. */
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  readonly maxSockets: number;
  readonly calls: CallManager;
  readonly clock: Clock;
  readonly detectors: readonly DetectorIdentity[];
  readonly events: SocketEvents;
  /** Where connections that have said who they are take their places; absent = there is always room. */
  readonly places?: SocketPlaces;
}

/**
 * A TCP port with one adapter behind it: one session a connection. Connections over the limits are
 * closed at once and counted with the refused handshakes, and of those that do not say who they are
 * the oldest gives way to a new one; those over the limits of a key are refused when they have said
 * whose they are. Reading never waits for the lanes: a ring that is full drops audio, and the peer is
 * not held up.
 */
export class TcpEndpoint {
  readonly #options: TcpEndpointOptions;
  readonly #server: Server;
  readonly #sessions = new Set<TcpSession>();
  readonly #unidentified: UnidentifiedSockets<TcpSession>;
  readonly #stopped: Promise<void>;
  #emptied: (() => void) | null = null;

  private constructor(options: TcpEndpointOptions) {
    this.#options = options;
    this.#unidentified = new UnidentifiedSockets(options.clock, () =>
      options.events.refusedUpgrade(FULL_STATUS, 'unidentified'),
    );
    this.#server = createServer((socket) => this.#accept(socket));
    this.#server.maxConnections = options.maxSockets;
    this.#server.on('drop', () => options.events.refusedUpgrade(FULL_STATUS, 'connections'));
    this.#stopped = new Promise((resolve) => {
      this.#server.on('close', () => resolve());
    });
  }

  /** Rejects when the port cannot be had. */
  static async listen(options: TcpEndpointOptions): Promise<TcpEndpoint> {
    const endpoint = new TcpEndpoint(options);
    const server = endpoint.#server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port, options.host, () => {
        server.off('error', reject);
        resolve();
      });
    });
    server.on('error', (error) => options.events.fault(options.adapter.id, error));
    return endpoint;
  }

  /** The port that it listens on. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : this.#options.port;
  }

  get openSockets(): number {
    return this.#sessions.size;
  }

  /** Takes no more connections, and closes those that have no call yet. */
  startDraining(): void {
    if (this.#server.listening) this.#server.close();
    for (const session of this.#sessions) {
      if (!session.hasCall) session.refuse('SCREEN_ERR_DRAINING');
    }
  }

  /** Closes everything. Resolves when no connection is left. */
  async closeAll(): Promise<void> {
    if (this.#server.listening) this.#server.close();
    for (const session of this.#sessions) session.refuse('SCREEN_ERR_DRAINING');
    await this.#stopped;
    // The server is closed just before its last connection says that it is.
    if (this.#sessions.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#emptied = resolve;
    });
  }

  #accept(socket: Socket): void {
    const { host: _host, port: _port, maxSockets: _maxSockets, places, ...shared } = this.#options;
    if (!this.#server.listening) {
      shared.events.refusedUpgrade(FULL_STATUS, 'draining');
      socket.destroy();
      return;
    }
    const session = new TcpSession(socket, {
      ...shared,
      admit: (keyName) => places?.refusal(keyName)?.code ?? null,
      onIdentified: () => {
        this.#unidentified.leave(session);
        places?.enter(session);
      },
      onClose: () => {
        places?.leave(session);
        this.#unidentified.leave(session);
        this.#sessions.delete(session);
        if (this.#sessions.size === 0) this.#emptied?.();
      },
    });
    this.#sessions.add(session);
    this.#unidentified.enter(session, socket.remoteAddress ?? '');
    session.begin();
  }
}
