import type { Clock } from '../clock.ts';
import type { ErrorCode } from '../errors.ts';

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
 * a peer that means it says at once who it is, so the oldest gives way.
 */
export class UnidentifiedSockets<Socket extends Refusable> {
  readonly #clock: Clock;
  readonly #gaveWay: () => void;
  /** Since when, oldest first. */
  readonly #sockets = new Map<Socket, number>();

  /** @param gaveWay is called for each socket that is refused, before that */
  constructor(clock: Clock, gaveWay: () => void) {
    this.#clock = clock;
    this.#gaveWay = gaveWay;
  }

  enter(socket: Socket): void {
    const nowMs = this.#clock.nowMs();
    for (const [oldest, sinceMs] of this.#sockets) {
      const { size } = this.#sockets;
      if (size < USUAL_UNIDENTIFIED) break;
      if (size < MOST_UNIDENTIFIED && nowMs - sinceMs < GRACE_MS) break;
      this.#sockets.delete(oldest);
      this.#gaveWay();
      oldest.refuse('SCREEN_ERR_IDLE');
    }
    this.#sockets.set(socket, nowMs);
  }

  /** It has said who it is, or is gone. */
  leave(socket: Socket): void {
    this.#sockets.delete(socket);
  }
}
