import type { Clock } from '../clock.ts';
import type { ErrorCode } from '../errors.ts';
import { subscriberOf } from '../subscriber.ts';

/** More than so many give way, the oldest first. */
export const USUAL_UNIDENTIFIED = 256;
/**
 * So long a peer may take to say who it is, however many do: after a break of the network all calls
 * come back at once, and what each says follows its connection by the time of the way.
 */
const GRACE_MS = 1_000;
/** Within that time, too, there are no more. */
export const MOST_UNIDENTIFIED = 1_024;

interface Refusable {
  refuse(code: ErrorCode): void;
}

/**
 * The open sockets whose peers have not said yet who they are. There is always room for another one:
 * a peer that means it says at once who it is, so the oldest gives way, and among the subscribers that of
 * the one with the most sockets: however many a peer opens, it takes no other's place.
 */
export class UnidentifiedSockets<Socket extends Refusable> {
  readonly #clock: Clock;
  readonly #gaveWay: () => void;
  readonly #ownerOf = new Map<Socket, string>();
  /** By subscriber; since when, oldest first. */
  readonly #sockets = new Map<string, Map<Socket, number>>();

  /** @param gaveWay is called for each socket that is refused, before that */
  constructor(clock: Clock, gaveWay: () => void) {
    this.#clock = clock;
    this.#gaveWay = gaveWay;
  }

  enter(socket: Socket, address: string): void {
    const nowMs = this.#clock.nowMs();
    while (this.#ownerOf.size >= USUAL_UNIDENTIFIED) {
      const [oldest, sinceMs] = this.#oldestOfMost()!;
      if (this.#ownerOf.size < MOST_UNIDENTIFIED && nowMs - sinceMs < GRACE_MS) break;
      this.leave(oldest);
      this.#gaveWay();
      oldest.refuse('SCREEN_ERR_IDLE');
    }
    const owner = subscriberOf(address);
    const others = this.#sockets.get(owner);
    if (others === undefined) this.#sockets.set(owner, new Map([[socket, nowMs]]));
    else others.set(socket, nowMs);
    this.#ownerOf.set(socket, owner);
  }

  /** It has said who it is, or is gone. */
  leave(socket: Socket): void {
    const owner = this.#ownerOf.get(socket);
    if (owner === undefined) return;
    this.#ownerOf.delete(socket);
    const others = this.#sockets.get(owner)!;
    others.delete(socket);
    if (others.size === 0) this.#sockets.delete(owner);
  }

  /** With the time since when; of two subscribers with as many, that of which the oldest is older. */
  #oldestOfMost(): readonly [Socket, number] | null {
    let most = 0;
    let found: readonly [Socket, number] | null = null;
    for (const sockets of this.#sockets.values()) {
      if (sockets.size < most) continue;
      const [oldest] = sockets as Iterable<readonly [Socket, number]>;
      if (sockets.size > most || oldest![1] < found![1]) found = oldest!;
      most = sockets.size;
    }
    return found;
  }
}
