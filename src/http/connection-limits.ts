import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '../clock.ts';
import { requireWholeLimits } from '../whole-limits.ts';
import { hasOtherPlace } from './other-places.ts';
import { PROBLEMS, problemBody } from './problem.ts';

const RETRY_AFTER_SECONDS = 5;
/**
 * So long a connection may take to send its request, however many do: after a break of the network all
 * calls come back at once, and each request follows its connection by the time of the way.
 */
const GRACE_MS = 1_000;

export interface ConnectionLimitsOptions {
  readonly clock: Clock;
  /** Most connections that have no request under way and are no WebSockets, but for a second. */
  readonly maxWaiting: number;
  /** Most connections with a request under way, streams of events among them; see `guard`. */
  readonly maxBusy: number;
  /** Told of every connection or request that is refused. */
  readonly refused: (reason: 'connections' | 'requests') => void;
}

/** A connection with requests under way: a peer may send the next one before the answer. */
interface Busy {
  readonly sinceMs: number;
  readonly answers: Set<ServerResponse>;
}

/**
 * The connections of the HTTP server, so that those which ask for nothing and those that HTTP
 * requests keep take no place of a WebSocket. Of the former the oldest gives way to a new one after
 * a second: a peer that means it sends its request at once.
 */
export class ConnectionLimits {
  readonly #options: ConnectionLimitsOptions;
  readonly #all = new Set<Socket>();
  /** Since when, oldest first. */
  readonly #waiting = new Map<Duplex, number>();
  #eviction: Timer | null = null;
  /** Oldest first. */
  readonly #busy = new Map<Duplex, Busy>();

  /** @throws RangeError when a limit is no whole number of at least 1 */
  constructor(options: ConnectionLimitsOptions) {
    const { maxWaiting, maxBusy } = options;
    requireWholeLimits({ maxWaiting, maxBusy });
    this.#options = options;
  }

  /** Watches the connections of a server, which takes `maxUpgraded` WebSockets besides. */
  attach(server: Server, maxUpgraded: number): void {
    const { maxWaiting, maxBusy, refused } = this.#options;
    // One more than may wait: the oldest gives way when the new one is there.
    server.maxConnections = maxWaiting + 1 + maxBusy + maxUpgraded;
    server.on('drop', () => refused('connections'));
    server.on('close', () => this.#eviction?.cancel());
    server.on('connection', (socket) => {
      this.#all.add(socket);
      socket.once('close', () => {
        for (const sockets of [this.#all, this.#waiting, this.#busy]) sockets.delete(socket);
      });
      this.#wait(socket);
    });
  }

  /**
   * Stands before the listener of requests. When there are too many, the oldest gives way after a second
   * unless it holds a place of another kind: most take milliseconds, and a peer that sends its body or takes
   * its answer a byte at a time needs no key to shut out others, health checks among them.
   */
  guard(
    listener: (request: IncomingMessage, response: ServerResponse) => unknown,
  ): (request: IncomingMessage, response: ServerResponse) => void {
    return (request, response) => {
      const { socket } = request;
      const busy = this.#busy.get(socket) ?? {
        sinceMs: this.#options.clock.nowMs(),
        answers: new Set(),
      };
      const isFull = !this.#busy.has(socket) && this.#busy.size >= this.#options.maxBusy;
      if (isFull) this.#options.refused('requests');
      if (isFull && !this.#makeRoom()) {
        answerOverloaded(response);
        return;
      }
      this.#waiting.delete(socket);
      this.#busy.set(socket, busy);
      busy.answers.add(response);
      response.once('close', () => this.#answered(socket, response));
      listener(request, response);
    };
  }

  /** The connection became a WebSocket. */
  upgraded(socket: Duplex): void {
    this.#waiting.delete(socket);
    this.#busy.delete(socket);
  }

  /** Cuts the connections over which nothing has come: the server itself takes them for busy. */
  destroySilent(): void {
    for (const socket of this.#all) if (socket.bytesRead === 0) socket.destroy();
  }

  /** Cuts every connection, upgraded ones too. */
  destroyAll(): void {
    this.#eviction?.cancel();
    for (const socket of this.#all) socket.destroy();
  }

  /** Cuts the oldest request that may give way. @returns false when there is none */
  #makeRoom(): boolean {
    const oldestMs = this.#options.clock.nowMs() - GRACE_MS;
    for (const [socket, { sinceMs, answers }] of this.#busy) {
      if (sinceMs > oldestMs) return false;
      if ([...answers].some(hasOtherPlace)) continue;
      this.#busy.delete(socket);
      socket.destroy();
      return true;
    }
    return false;
  }

  #answered(socket: Duplex, response: ServerResponse): void {
    const busy = this.#busy.get(socket);
    // It is gone, or became a WebSocket meanwhile.
    if (busy === undefined) return;
    busy.answers.delete(response);
    if (busy.answers.size > 0) return;
    this.#busy.delete(socket);
    this.#wait(socket);
  }

  #wait(socket: Duplex): void {
    this.#waiting.set(socket, this.#options.clock.nowMs());
    if (this.#eviction === null) this.#evict();
  }

  /** Cuts the oldest of those that are too many, and comes back when the next one is old enough. */
  #evict(): void {
    const { clock, maxWaiting, refused } = this.#options;
    this.#eviction = null;
    for (const [socket, sinceMs] of this.#waiting) {
      if (this.#waiting.size <= maxWaiting) return;
      const leftMs = sinceMs + GRACE_MS - clock.nowMs();
      if (leftMs > 0) {
        this.#eviction = clock.after(leftMs, () => this.#evict());
        return;
      }
      this.#waiting.delete(socket);
      refused('connections');
      socket.destroy();
    }
  }
}

function answerOverloaded(response: ServerResponse): void {
  response.writeHead(PROBLEMS.overloaded.status, {
    Connection: 'close',
    'Content-Type': 'application/problem+json',
    'Retry-After': RETRY_AFTER_SECONDS,
  });
  response.end(JSON.stringify(problemBody('overloaded', 'Come back when others are done.')));
}
