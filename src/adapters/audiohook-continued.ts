import type { Clock } from '../clock.ts';
import { RESUME_WINDOW_MS } from '../stream/call.ts';

const MAX_SESSIONS = 16_384;

interface Waiting {
  readonly keyName: string;
  readonly resumeToken: string;
  readonly untilMs: number;
}

interface Live {
  readonly keyName: string;
  readonly leave: () => void;
}

/** Sessions whose calls others may continue: those that were lost, and those that seem to live. */
export class ContinuedSessions {
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Waiting>();
  readonly #live = new Map<string, Live>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /**
   * A session has a call. `leave` must give it up to `remember`: a socket that was lost may seem to
   * live when its client is back already.
   */
  enter(sessionId: string, keyName: string, leave: () => void): void {
    this.#live.set(sessionId, { keyName, leave });
  }

  /** The session of `leave` has no call any more. */
  exit(sessionId: string, leave: () => void): void {
    if (this.#live.get(sessionId)?.leave === leave) this.#live.delete(sessionId);
  }

  /** Remembers a session's call for as long as the call waits; the oldest give way beyond a limit. */
  remember(sessionId: string, keyName: string, resumeToken: string): void {
    const nowMs = this.#clock.nowMs();
    this.#waiting.delete(sessionId);
    for (const [id, { untilMs }] of this.#waiting) {
      if (untilMs > nowMs && this.#waiting.size < MAX_SESSIONS) break;
      this.#waiting.delete(id);
    }
    this.#waiting.set(sessionId, { keyName, resumeToken, untilMs: nowMs + RESUME_WINDOW_MS });
  }

  /** The resume token of a session of the same key, once; null when there is none. */
  take(sessionId: string, keyName: string): string | null {
    const live = this.#live.get(sessionId);
    if (live?.keyName === keyName) live.leave();
    const found = this.#waiting.get(sessionId);
    if (found === undefined || found.keyName !== keyName) return null;
    this.#waiting.delete(sessionId);
    return found.resumeToken;
  }
}
