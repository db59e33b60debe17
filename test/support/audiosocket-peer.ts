import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** One AudioSocket frame; `lengthBytes` is what its header says. */
export function audioSocketFrame(
  kind: number,
  payload: Uint8Array = new Uint8Array(0),
  lengthBytes = payload.length,
): Buffer {
  return Buffer.concat([Buffer.from([kind, lengthBytes >> 8, lengthBytes & 0xff]), payload]);
}

export function uuidFrame(uuid: string): Buffer {
  return audioSocketFrame(0x01, Buffer.from(uuid.replaceAll('-', ''), 'hex'));
}

/** A port that was free a moment ago. */
export async function findFreePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Asterisk's side of an AudioSocket connection. */
export class AudioSocketPeer {
  readonly socket: Socket;
  /** What the service sent. */
  received = 0;
  /** Resolves when the connection is gone, however it ended. */
  readonly closed: Promise<void>;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => {
      this.received += bytes.length;
    });
    socket.on('error', () => {
      // `close` follows.
    });
    this.closed = new Promise((resolve) => {
      socket.on('close', () => resolve());
    });
  }

  /** `allowHalfOpen` = the peer does not answer the service's end of the connection. */
  static async connect(port: number, allowHalfOpen = false): Promise<AudioSocketPeer> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen });
    const peer = new AudioSocketPeer(socket);
    await once(socket, 'connect');
    socket.setNoDelay(true);
    return peer;
  }

  /** Resolves when the bytes are with the system. */
  send(...frames: readonly Uint8Array[]): Promise<void> {
    return new Promise((resolve) => {
      this.socket.write(Buffer.concat(frames), () => resolve());
    });
  }
}
