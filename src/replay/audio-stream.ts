import { StreamInbox } from './stream-inbox.ts';
import type { ErrorMessage, Started, StreamMessage, StreamStart } from './stream-messages.ts';

// The native protocol's side of the TypeScript client (clients/typescript), which `replay` uses too.
// It runs in browsers: nothing of Node is imported but `ws`, and that only where there is no other.

const SUBPROTOCOL = 'bonafide.v1';
const TOKEN_PREFIX = 'bonafide.token.';
/** Unsent bytes beyond which `send` waits. */
const HIGH_WATER_BYTES = 262_144;
const DRAIN_POLL_MS = 2;
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** What the WebSocket of a browser and that of `ws` have in common. */
interface SocketLike {
  binaryType: string;
  readonly bufferedAmount: number;
  readonly readyState: number;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onerror: ((event: { message?: string }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  send(data: string | Uint8Array): void;
  close(code?: number): void;
}

const OPEN = 1;
/** Close code when the events are not read. Private use: browsers let pages say no other. */
const UNREAD_CODE = 4_000;

export interface StreamTarget {
  /** e.g. `ws://127.0.0.1:8080/v1/stream`. */
  readonly url: string;
  /** Of Node only: a browser cannot say it when it opens a WebSocket. */
  readonly key?: string | undefined;
  readonly token?: string | undefined;
  readonly sleep: (delayMs: number) => Promise<void>;
}

/** The service refused the call; `refusal` is what it said. */
export class StreamError extends Error {
  override readonly name = 'StreamError';
  readonly refusal: ErrorMessage;

  constructor(refusal: ErrorMessage) {
    super(`${refusal.code}: ${refusal.message}`);
    this.refusal = refusal;
  }
}

/** True where headers of a WebSocket cannot be set. */
export const IS_BROWSER = 'document' in globalThis || 'importScripts' in globalThis;

async function openSocket({ url, key, token }: StreamTarget): Promise<SocketLike> {
  const protocols = token === undefined ? [SUBPROTOCOL] : [SUBPROTOCOL, TOKEN_PREFIX + token];
  if (IS_BROWSER) {
    const { WebSocket: BrowserSocket } = globalThis as unknown as {
      WebSocket: new (url: string, protocols: string[]) => SocketLike;
    };
    return new BrowserSocket(url, protocols);
  }
  const { WebSocket } = await import('ws');
  const headers = key === undefined ? {} : { Authorization: `Bearer ${key}` };
  return new WebSocket(url, protocols, {
    headers,
    perMessageDeflate: false,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
  }) as unknown as SocketLike;
}

/** An open socket, what came over it, and how it ends. */
interface Connection {
  readonly socket: SocketLike;
  readonly inbox: StreamInbox;
  readonly closed: Promise<number>;
}

async function connect(target: StreamTarget): Promise<Connection> {
  const socket = await openSocket(target);
  socket.binaryType = 'arraybuffer';
  const inbox = new StreamInbox(() => socket.close(UNREAD_CODE));
  socket.onmessage = ({ data }) => {
    if (typeof data === 'string') inbox.push(JSON.parse(data) as Started | StreamMessage);
  };
  const closed = new Promise<number>((resolve) => {
    socket.onclose = ({ code }) => {
      inbox.close();
      resolve(code);
    };
  });
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = ({ message }) => reject(new Error(message ?? 'the connection was refused'));
  });
  return { socket, inbox, closed };
}

/**
 * One call over the native protocol: audio up, events down. Iterate over it to get the events. Unread
 * ones wait: from 4,096 on scores give way to newer ones of their leg, and with 8,192 the connection is
 * closed with 4000.
 */
export class AudioStream implements AsyncIterable<StreamMessage> {
  /** The configuration as applied. */
  readonly started: Started;
  /** Resolves with the close code when the socket is closed. */
  readonly closed: Promise<number>;
  readonly #socket: SocketLike;
  readonly #inbox: StreamInbox;
  readonly #sleep: StreamTarget['sleep'];

  private constructor(
    { socket, inbox, closed }: Connection,
    started: Started,
    sleep: StreamTarget['sleep'],
  ) {
    this.#socket = socket;
    this.#sleep = sleep;
    this.#inbox = inbox;
    this.started = started;
    this.closed = closed;
  }

  /** Connects and starts a call. @throws StreamError when it is refused, Error when there is no connection */
  static async open(target: StreamTarget, start: StreamStart): Promise<AudioStream> {
    const connection = await connect(target);
    const { socket, inbox } = connection;
    socket.send(JSON.stringify({ type: 'start', ...start }));
    const first = await inbox.next();
    if (first?.type === 'started') return new AudioStream(connection, first, target.sleep);
    socket.close();
    if (first?.type === 'error') throw new StreamError(first);
    throw new Error('the connection was closed before the call began');
  }

  /** Sends audio in the format of `start`; resolves when the socket has room for more. */
  async send(audio: Uint8Array): Promise<void> {
    const socket = this.#socket;
    if (socket.readyState === OPEN) socket.send(audio);
    while (socket.readyState === OPEN && socket.bufferedAmount > HIGH_WATER_BYTES) {
      await this.#sleep(DRAIN_POLL_MS);
    }
  }

  /** `stop` = the end of the audio; the events go on until `stopped`. */
  control(type: 'pause' | 'resume' | 'finalize' | 'keepalive' | 'stop'): void {
    if (this.#socket.readyState === OPEN) this.#socket.send(JSON.stringify({ type }));
  }

  get isOpen(): boolean {
    return this.#socket.readyState === OPEN;
  }

  /** Scores that gave way to newer ones of their leg because nobody read the events. */
  get coalesced(): number {
    return this.#inbox.coalesced;
  }

  /** Drops the connection. */
  close(): void {
    this.#socket.close(1000);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<StreamMessage> {
    for (let message = await this.#inbox.next(); message !== null; ) {
      if (message.type !== 'started') yield message;
      message = await this.#inbox.next();
    }
  }
}
