import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  type AddressInfo,
  createServer as createListener,
  type Server as Listener,
} from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../clock.ts';

/** `stalled` takes everything and answers nothing; `failing` says 500. */
export type ReceiverKind = 'good' | 'stalled' | 'failing';

/** An alert as it first came. */
export interface SeenAlert {
  readonly callId: string;
  readonly streamTimeMs: number;
  /** Wall time of the connection's first byte. */
  readonly firstByteAtMs: number;
}

/** A receiver of webhooks on loopback that notes when the first byte of each alert came. */
export class AlertReceiver {
  readonly kind: ReceiverKind;
  readonly #clock: Clock;
  readonly #listener: Listener;
  readonly #http: Server;
  readonly #sockets = new Set<Duplex>();
  readonly #firstByteAtMs = new WeakMap<Duplex, number>();
  readonly #seen = new Map<string, SeenAlert>();
  #attempts = 0;

  private constructor(kind: ReceiverKind, clock: Clock) {
    this.kind = kind;
    this.#clock = clock;
    this.#http = createServer((request, response) => this.#take(request, response));
    this.#listener = createListener((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => {
        // A peer that gave the stalled receiver up.
      });
      socket.once('data', (first) => {
        this.#firstByteAtMs.set(socket, clock.nowMs());
        socket.pause();
        socket.unshift(first);
        this.#http.emit('connection', socket);
        queueMicrotask(() => socket.resume());
      });
    });
  }

  /** On a free port of loopback. */
  static async listen(kind: ReceiverKind, clock: Clock): Promise<AlertReceiver> {
    const receiver = new AlertReceiver(kind, clock);
    await new Promise<void>((resolve) => receiver.#listener.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#listener.address() as AddressInfo).port}/`;
  }

  /** Alerts by id, as each came first. */
  get seen(): ReadonlyMap<string, SeenAlert> {
    return this.#seen;
  }

  get attempts(): number {
    return this.#attempts;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#listener.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const firstByteAtMs = this.#firstByteAtMs.get(request.socket) ?? this.#clock.nowMs();
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      this.#attempts++;
      const { data } = JSON.parse(Buffer.concat(chunks).toString()) as {
        readonly data: {
          readonly id: string;
          readonly callId: string;
          readonly streamTimeMs: number;
        };
      };
      const { id, callId, streamTimeMs } = data;
      if (!this.#seen.has(id)) this.#seen.set(id, { callId, streamTimeMs, firstByteAtMs });
      if (this.kind !== 'stalled') response.writeHead(this.kind === 'good' ? 204 : 500).end();
    });
  }
}
