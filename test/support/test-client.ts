import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { WebSocket } from 'ws';
import { NATIVE_SUBPROTOCOL } from '../../src/adapters/native-messages.ts';
import type { ServerMessage } from '../../src/replay/server-message.ts';

type Matching<M, T> = M extends { readonly type: infer U } ? (T extends U ? M : never) : never;
export type MessageOf<T extends ServerMessage['type']> = Matching<ServerMessage, T>;

export interface ConnectOptions {
  readonly key?: string;
  readonly protocols?: readonly string[];
  readonly path?: string;
}

/** A peer of the native protocol that keeps everything it is told. */
export class TestClient {
  readonly messages: ServerMessage[] = [];
  readonly socket: WebSocket;
  /** Resolves with the close code. */
  readonly closed: Promise<number>;
  #read = 0;
  #closeCode: number | null = null;
  #wake: (() => void)[] = [];

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer) => {
      this.messages.push(JSON.parse(data.toString('utf8')) as ServerMessage);
      this.#notify();
    });
    this.closed = new Promise((resolve) => {
      socket.on('close', (code) => {
        this.#closeCode = code;
        this.#notify();
        resolve(code);
      });
    });
  }

  static async connect(port: number, options: ConnectOptions = {}): Promise<TestClient> {
    const socket = new WebSocket(
      `ws://127.0.0.1:${port}${options.path ?? '/v1/stream'}`,
      [...(options.protocols ?? [NATIVE_SUBPROTOCOL])],
      {
        headers: options.key === undefined ? {} : { Authorization: `Bearer ${options.key}` },
        perMessageDeflate: false,
      },
    );
    const client = new TestClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    socket.on('error', () => {
      // The close code tells.
    });
    return client;
  }

  json(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  text(message: string): void {
    this.socket.send(message);
  }

  send(packets: readonly Uint8Array[]): void {
    for (const packet of packets) this.socket.send(packet);
  }

  /** The next message of a type that was not given out; what came before it is passed over. */
  async next<T extends ServerMessage['type']>(type: T): Promise<MessageOf<T>> {
    for (;;) {
      while (this.#read < this.messages.length) {
        const message = this.messages[this.#read++]!;
        if (message.type === type) return message as MessageOf<T>;
        if (message.type === 'error') throw new Error(`${message.code} instead of ${type}`);
      }
      if (this.#closeCode !== null) {
        throw new Error(`closed with ${this.#closeCode} before ${type}`);
      }
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  async start(message: object): Promise<MessageOf<'started'>> {
    this.json({ type: 'start', ...message });
    return this.next('started');
  }

  /** The coded error and the close code that followed it. */
  async refusal(): Promise<{ code: string | null; retryable: boolean | null; close: number }> {
    const close = await this.closed;
    const error = this.messages.find(({ type }) => type === 'error') as
      | MessageOf<'error'>
      | undefined;
    return { code: error?.code ?? null, retryable: error?.retryable ?? null, close };
  }

  /** Stops the call and waits for the end. */
  async stop(): Promise<MessageOf<'stopped'>> {
    this.json({ type: 'stop' });
    const stopped = await this.next('stopped');
    await this.closed;
    return stopped;
  }

  of<T extends ServerMessage['type']>(type: T): MessageOf<T>[] {
    return this.messages.filter((message): message is MessageOf<T> => message.type === type);
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

export interface HandshakeAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** How the service answers a handshake; 101 when it takes it (the socket is dropped). */
export function handshake(
  port: number,
  headers: Readonly<Record<string, string>>,
  path = '/v1/stream',
): Promise<HandshakeAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing: ClientRequest = request({
      port,
      host: '127.0.0.1',
      path,
      headers: {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
        ...headers,
      },
    });
    outgoing.once('error', reject);
    outgoing.once('upgrade', (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: '' });
    });
    outgoing.once('response', (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.once('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    outgoing.end();
  });
}
