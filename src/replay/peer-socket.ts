import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { WebSocket } from 'ws';
import type { Clock } from '../clock.ts';
import type { PeerLink, PeerTarget } from './peers/platform-peer.ts';

/** Unsent bytes beyond which a sender waits. */
const HIGH_WATER_BYTES = 262_144;
const DRAIN_POLL_MS = 2;
const HANDSHAKE_TIMEOUT_MS = 10_000;
const DONE_CODE = 1000;
const ABNORMAL_CODE = 1006;

/** What comes over a platform's socket from the server. */
export interface PeerSocketEvents {
  text(message: string): void;
  binary(): void;
}

/** A platform's socket that is open, or was. */
export interface PeerSocket extends PeerLink {
  readonly isOpen: boolean;
  readonly bufferedBytes: number;
  /** Resolves with the close code; of TCP, 1000 = closed, 1006 = broken. */
  readonly closed: Promise<number>;
}

/** Dials as a platform does. @throws Error with the status when the upgrade is refused */
export async function dialWebSocket(
  serverUrl: string,
  target: PeerTarget,
  events: PeerSocketEvents,
): Promise<PeerSocket> {
  const { path, headers = {}, protocols = [] } = target;
  const socket = new WebSocket(serverUrl + path, [...protocols], {
    headers: { ...headers },
    perMessageDeflate: false,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
  });
  const closed = new Promise<number>((resolve) => socket.once('close', (code) => resolve(code)));
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (isBinary) events.binary();
    else events.text(data.toString('utf8'));
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => {
    // `close` follows, with the code.
  });
  return {
    closed,
    send: (message) => socket.send(message),
    close: (code) => socket.close(code),
    get isOpen() {
      return socket.readyState === WebSocket.OPEN;
    },
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
  };
}

/** Connects as a platform does that speaks plain TCP. @throws Error when there is no listener */
export async function dialTcp(
  host: string,
  port: number,
  events: PeerSocketEvents,
): Promise<PeerSocket> {
  const socket = connect({ host, port, noDelay: true });
  let isOpen = true;
  const closed = new Promise<number>((resolve) => {
    socket.once('close', (hadError) => {
      isOpen = false;
      resolve(hadError ? ABNORMAL_CODE : DONE_CODE);
    });
  });
  await once(socket, 'connect');
  socket.on('data', () => events.binary());
  socket.on('end', () => {
    isOpen = false;
  });
  socket.on('error', () => {
    // `close` follows.
  });
  return {
    closed,
    send: (message) => socket.write(message),
    close: () => socket.end(),
    get isOpen() {
      return isOpen;
    },
    get bufferedBytes() {
      return socket.writableLength;
    },
  };
}

/** Waits until a socket has room for more, or is gone. */
export async function untilDrained(socket: PeerSocket, clock: Clock): Promise<void> {
  while (socket.isOpen && socket.bufferedBytes > HIGH_WATER_BYTES) await clock.sleep(DRAIN_POLL_MS);
}

/** A TCP port of this machine that was free a moment ago. */
export async function findFreePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
