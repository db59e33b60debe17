import type { Started, StreamMessage, StreamStart } from './types.ts';

const SUBPROTOCOL = 'bonafide.v1';
const TOKEN_PREFIX = 'bonafide.token.';
/** Unsent bytes beyond which `send` waits. */
const HIGH_WATER_BYTES = 262_144;
const DRAIN_POLL_MS = 5;

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

export interface Credentials {
  readonly key?: string;
  readonly token?: string;
}

/** True where headers of a WebSocket cannot be set. */
export const IS_BROWSER = 'document' in globalThis || 'importScripts' in globalThis;

async function openSocket(url: string, { key, token }: Credentials): Promise<SocketLike> {
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
  }) as unknown as SocketLike;
}

/** One call over the native protocol: audio up, events down. Iterate over it to get the events. */
export class AudioStream implements AsyncIterable<StreamMessage> {
  /** The configuration as applied. */
  readonly started: Started;
  /** Resolves with the close code when the socket is closed. */
  readonly closed: Promise<number>;
  readonly #socket: SocketLike;
  readonly #inbox: Inbox;

  private constructor(socket: SocketLike, inbox: Inbox, started: Started) {
    this.#socket = socket;
    this.#inbox = inbox;
    this.started = started;
    this.closed = inbox.closed;
  }

  /** Connects and starts a call. @throws Error when it is refused */
  static async open(url: string, credentials: Credentials, start: StreamStart) {
    const socket = await openSocket(url, credentials);
    socket.binaryType = 'arraybuffer';
    const inbox = new Inbox(socket);
    await inbox.opened;
    socket.send(JSON.stringify({ type: 'start', ...start }));
    const first = await inbox.next();
    if (first?.type === 'started') return new AudioStream(socket, inbox, first);
    socket.close();
    throw new Error(first?.type === 'error' ? `${first.code}: ${first.message}` : 'not started');
  }

  /** Sends audio in the format of `start`; resolves when the socket has room for more. */
  async send(audio: Uint8Array): Promise<void> {
    const socket = this.#socket;
    if (socket.readyState === OPEN) socket.send(audio);
    while (socket.readyState === OPEN && socket.bufferedAmount > HIGH_WATER_BYTES) {
      await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
    }
  }

  /** `stop` = the end of the audio; the events go on until `stopped`. */
  control(type: 'pause' | 'resume' | 'finalize' | 'keepalive' | 'stop'): void {
    if (this.#socket.readyState === OPEN) this.#socket.send(JSON.stringify({ type }));
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

/** Messages between the socket and their reader, in order. */
class Inbox {
  readonly opened: Promise<void>;
  readonly closed: Promise<number>;
  readonly #waiting: (Started | StreamMessage)[] = [];
  #isClosed = false;
  #wake: (() => void) | null = null;

  constructor(socket: SocketLike) {
    this.opened = new Promise((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = ({ message }) => reject(new Error(message ?? 'the connection was refused'));
    });
    this.closed = new Promise((resolve) => {
      socket.onclose = ({ code }) => {
        this.#isClosed = true;
        this.#wake?.();
        resolve(code);
      };
    });
    socket.onmessage = ({ data }) => {
      if (typeof data !== 'string') return;
      this.#waiting.push(JSON.parse(data) as Started | StreamMessage);
      this.#wake?.();
    };
  }

  /** The next message, or null when there is none and the socket is closed. */
  async next(): Promise<Started | StreamMessage | null> {
    while (this.#waiting.length === 0) {
      if (this.#isClosed) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
    return this.#waiting.shift()!;
  }
}
