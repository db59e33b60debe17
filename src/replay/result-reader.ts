import { WebSocket } from 'ws';
import type { ScreeningEvent } from '../stream/screening-events.ts';

const HANDSHAKE_TIMEOUT_MS = 10_000;
/** What policies make of a call, and the list of calls: no part of its trace. */
const NOT_OF_THE_STREAM: ReadonlySet<string> = new Set(['calls', 'alert', 'no_verdict']);

export interface ResultReaderOptions {
  /** `ws://host:port`. */
  readonly serverUrl: string;
  /** A call that need not have begun; null = all calls of the key. */
  readonly callId: string | null;
  readonly key: string | null;
  readonly onEvent: (event: ScreeningEvent) => void;
}

type ResultMessage =
  | (ScreeningEvent & { readonly id: number })
  | { readonly type: 'calls' | 'alert' | 'no_verdict' }
  | { readonly type: 'ended'; readonly callId: string }
  | { readonly type: 'error'; readonly code: string; readonly message: string };

/** A reader of the results plane, over WebSocket. */
export class ResultReader {
  readonly #socket: WebSocket;
  /** Resolves with null when the call has ended, else with why nothing more comes. */
  readonly ended: Promise<string | null>;

  private constructor(socket: WebSocket, onEvent: ResultReaderOptions['onEvent']) {
    this.#socket = socket;
    this.ended = new Promise((resolve) => {
      let problem = 'the results ended before the call';
      socket.on('message', (data: Buffer) => {
        const message = JSON.parse(data.toString('utf8')) as ResultMessage;
        if (message.type === 'ended') resolve(null);
        else if (message.type === 'error') problem = `${message.code}: ${message.message}`;
        else if (!NOT_OF_THE_STREAM.has(message.type)) {
          const { id: _, ...event } = message as ScreeningEvent & { readonly id: number };
          onEvent(event);
        }
      });
      socket.once('close', () => resolve(problem));
    });
  }

  /** Subscribes. @throws Error with the status when it is refused */
  static async connect(options: ResultReaderOptions): Promise<ResultReader> {
    const { serverUrl, callId, key, onEvent } = options;
    const path = callId === null ? '/v1/calls' : `/v1/calls/${encodeURIComponent(callId)}`;
    const socket = new WebSocket(serverUrl + path, {
      headers: key === null ? {} : { Authorization: `Bearer ${key}` },
      perMessageDeflate: false,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    });
    const reader = new ResultReader(socket, onEvent);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    socket.on('error', () => {
      // `close` follows.
    });
    return reader;
  }

  close(): void {
    this.#socket.close(1000);
  }
}
