import { WebSocket } from 'ws';

export interface PeerOptions {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly protocols?: readonly string[];
  /** Certificate that the server must have: the peer dials `wss`. */
  readonly certificate?: Uint8Array;
}

/** A platform's side of a WebSocket: sends what it is told to, and records all that comes back. */
export class PlatformPeer {
  readonly socket: WebSocket;
  /** Text frames in order. */
  readonly texts: string[] = [];
  /** Binary frames in order. */
  readonly binaries: Buffer[] = [];
  /** WebSocket pings that the service sent. */
  pings = 0;
  /** Resolves with the close code. */
  readonly closed: Promise<number>;
  #wake: (() => void)[] = [];

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) this.binaries.push(data);
      else this.texts.push(data.toString('utf8'));
      this.#notify();
    });
    socket.on('ping', () => this.pings++);
    this.closed = new Promise((resolve) => {
      socket.on('close', (code) => {
        resolve(code);
        this.#notify();
      });
    });
  }

  /** Rejects with the HTTP status in the error's text when the upgrade is refused. */
  static async connect(port: number, options: PeerOptions): Promise<PlatformPeer> {
    const socket = new WebSocket(
      `${options.certificate === undefined ? 'ws' : 'wss'}://127.0.0.1:${port}${options.path}`,
      [...(options.protocols ?? [])],
      {
        headers: { ...options.headers },
        perMessageDeflate: false,
        ...(options.certificate === undefined ? {} : { ca: Buffer.from(options.certificate) }),
      },
    );
    const peer = new PlatformPeer(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    socket.on('error', () => {
      // The close code tells.
    });
    return peer;
  }

  json(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  text(message: string): void {
    this.socket.send(message);
  }

  binary(message: Uint8Array): void {
    this.socket.send(message, { binary: true });
  }

  /** Text frames as JSON. */
  get messages(): readonly Record<string, unknown>[] {
    return this.texts.map((text) => JSON.parse(text) as Record<string, unknown>);
  }

  /** Waits until the condition holds; looked at after every frame and at the close. */
  async until(condition: (peer: PlatformPeer) => boolean): Promise<void> {
    while (!condition(this)) {
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error('closed before that came');
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  #notify(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }
}
