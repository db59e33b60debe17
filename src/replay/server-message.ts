import { WebSocket } from 'ws';
import { NATIVE_SUBPROTOCOL, type StartedMessage } from '../adapters/native-messages.ts';
import type { Clock } from '../clock.ts';
import type { ScreeningEvent } from '../stream/screening-events.ts';

/** Unsent bytes beyond which `send` waits. */
const HIGH_WATER_BYTES = 262_144;
const DRAIN_POLL_MS = 2;
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** What a server sends, parsed. */
export type ServerMessage =
  | StartedMessage
  | ScreeningEvent
  | {
      readonly type: 'error';
      readonly code: string;
      readonly message: string;
      readonly retryable: boolean;
    };

export interface StreamClientOptions {
  readonly url: string;
  readonly key: string | null;
  readonly clock: Clock;
  readonly onMessage: (message: ServerMessage) => void;
}

/** A client of the native protocol over one socket. */
export class StreamClient {
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  /** Resolves with the close code when the socket is closed. */
  readonly closed: Promise<number>;

  private constructor(socket: WebSocket, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
    this.closed = new Promise((resolve) => socket.once('close', (code) => resolve(code)));
  }

  /** Connects. @throws Error with the status when the handshake is refused. */
  static async connect(options: StreamClientOptions): Promise<StreamClient> {
    const socket = new WebSocket(options.url, NATIVE_SUBPROTOCOL, {
      headers: options.key === null ? {} : { Authorization: `Bearer ${options.key}` },
      perMessageDeflate: false,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    });
    const client = new StreamClient(socket, options.clock);
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (!isBinary) options.onMessage(JSON.parse(data.toString('utf8')) as ServerMessage);
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    socket.on('error', () => {
      // `close` follows, with the code.
    });
    return client;
  }

  json(message: object): void {
    this.#socket.send(JSON.stringify(message));
  }

  /** Sends audio; resolves when the socket has room for more. */
  async audio(packet: Uint8Array): Promise<void> {
    this.#socket.send(packet);
    while (
      this.#socket.readyState === this.#socket.OPEN &&
      this.#socket.bufferedAmount > HIGH_WATER_BYTES
    ) {
      await this.#clock.sleep(DRAIN_POLL_MS);
    }
  }

  get open(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  close(): void {
    this.#socket.close(1000);
  }

  /** Drops the socket without a goodbye, as a failing network does. */
  terminate(): void {
    this.#socket.terminate();
  }
}
