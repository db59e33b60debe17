import type { Socket } from 'node:net';

/**
 * So long a connection may be still before the system asks whether its peer is there. Node asks once a
 * second then, and ten questions without an answer end the connection.
 */
export const ASK_AFTER_MS = 30_000;

/**
 * Has the system find out when a peer is gone without having said so. Costs the peer nothing that its
 * protocol could see: for platforms that take no WebSocket ping it is the only way.
 */
export function watchPeer(socket: Socket): void {
  socket.setKeepAlive(true, ASK_AFTER_MS);
}
