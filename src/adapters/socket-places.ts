import { requireWholeLimits } from '../whole-limits.ts';
import type { HandshakeRefusal } from './adapter.ts';

/** Sockets that a key may have open beside one for each call that it may have. */
export const SPARE_SOCKETS = 16;

/** An open socket that may carry calls. */
export interface PlacedSocket {
  /** null = it has not said yet whose it is. */
  readonly keyName: string | null;
  readonly hasCall: boolean;
}

export interface SocketPlacesOptions {
  /** Most live calls of the service; 0 = it takes none. */
  readonly maxCalls: number;
  /** Most live calls of a key. */
  readonly limitOf: (keyName: string) => number;
  /** Keys that there are. */
  readonly keys: number;
}

/**
 * The open sockets that may carry calls, and whether there is room for another one. A key has room
 * for as many sockets as calls and `SPARE_SOCKETS` more: probes, legs whose calls are about to
 * begin, and sockets that were lost and seem to live. Of sockets without a call there are, besides
 * the spare ones of each key, as many as calls in all: what other keys leave open takes no key's
 * spare ones.
 */
export class SocketPlaces {
  readonly #options: SocketPlacesOptions;
  readonly #sockets = new Set<PlacedSocket>();

  /** @throws RangeError when a limit is no whole number, or too small */
  constructor(options: SocketPlacesOptions) {
    const { maxCalls, keys } = options;
    requireWholeLimits({ maxCalls }, 0);
    requireWholeLimits({ keys });
    this.#options = options;
  }

  /** Most sockets of known keys that there can be, with and without calls. */
  get most(): number {
    const { maxCalls, keys } = this.#options;
    return 2 * maxCalls + keys * SPARE_SOCKETS;
  }

  enter(socket: PlacedSocket): void {
    this.#sockets.add(socket);
  }

  leave(socket: PlacedSocket): void {
    this.#sockets.delete(socket);
  }

  /**
   * Why there is no room for another socket of this key, or null. Looks at every socket: whether they
   * have calls only their sessions know, and handshakes are rare.
   */
  refusal(keyName: string): HandshakeRefusal | null {
    let ofKey = 0;
    const idle = new Map<string, number>();
    for (const { keyName: owner, hasCall } of this.#sockets) {
      if (owner === keyName) ofKey++;
      if (!hasCall && owner !== null) idle.set(owner, (idle.get(owner) ?? 0) + 1);
    }
    const { maxCalls, limitOf } = this.#options;
    if (ofKey >= limitOf(keyName) + SPARE_SOCKETS) {
      return { code: 'SCREEN_ERR_LIMIT_KEY', reason: 'key_sockets' };
    }
    if ((idle.get(keyName) ?? 0) < SPARE_SOCKETS) return null;
    let beyondSpare = 0;
    for (const count of idle.values()) beyondSpare += Math.max(0, count - SPARE_SOCKETS);
    return beyondSpare < maxCalls ? null : { code: 'SCREEN_ERR_LIMIT_CALLS', reason: 'sockets' };
  }
}
