import {
  createServer,
  type IncomingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly method: string;
  /** As in the request line. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An HTTP server on loopback that notes what is posted; `answer` decides what it says. */
export class WebhookReceiver {
  readonly received: Received[] = [];
  answer: (response: ServerResponse, request: Received) => void = (response) => {
    response.writeHead(204).end();
  };
  readonly #server: Server;
  #waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url: target = '', headers } = request;
        const entry = { method, target, headers, body: Buffer.concat(chunks).toString() };
        this.received.push(entry);
        this.answer(response, entry);
        for (const { count, resolve } of this.#waiting) {
          if (this.received.length >= count) resolve();
        }
      });
    });
    this.#server.on('connection', (socket) => {
      this.openSockets++;
      socket.on('close', () => this.openSockets--);
    });
  }

  static async listen(): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/hook`;
  }

  /** Connections that neither side has closed. */
  openSockets = 0;

  /** Resolves when so many have come. */
  async count(count: number): Promise<void> {
    if (this.received.length >= count) return;
    await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
