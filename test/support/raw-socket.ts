import { connect, type Socket } from 'node:net';

const OPCODE = { text: 1, binary: 2 } as const;

/** A WebSocket frame of a client, its mask all zeros. `bytes` may end before the frame does. */
export function clientFrame(
  kind: keyof typeof OPCODE,
  bytes: Uint8Array,
  frameBytes = bytes.length,
): Uint8Array {
  const length =
    frameBytes < 126 ? [0x80 | frameBytes] : [0x80 | 126, frameBytes >> 8, frameBytes & 0xff];
  return Uint8Array.from([0x80 | OPCODE[kind], ...length, 0, 0, 0, 0, ...bytes]);
}

/** A peer that made the handshake and now does as it likes with its TCP connection. */
export function upgradeRaw(
  port: number,
  { path = '/v1/stream', key = '' }: { readonly path?: string; readonly key?: string } = {},
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n` +
          (key === '' ? '' : `Authorization: Bearer ${key}\r\n`) +
          'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
          'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n' +
          'Sec-WebSocket-Protocol: bonafide.v1\r\n\r\n',
      );
    });
    socket.once('error', reject);
    socket.once('data', (data: Buffer) => {
      if (data.toString('latin1').startsWith('HTTP/1.1 101')) resolve(socket);
      else reject(new Error(data.toString('latin1')));
    });
  });
}
