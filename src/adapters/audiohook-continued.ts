import type { Clock } from '../clock.ts';
import { RESUME_WINDOW_MS } from '../stream/call.ts';

const MAX_SESSIONS = 16_384;

interface Waiting {
  readonly keyName: string;
  readonly resumeToken: string;
  readonly untilMs: number;
}

/** Sessions that ended without an end of their call, for the sessions that continue them. */
export class ContinuedSessions {
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Waiting>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#waiting.size;
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
    const found = this.#waiting.get(sessionId);
    if (found === undefined || found.keyName !== keyName) return null;
    this.#waiting.delete(sessionId);
    return found.resumeToken;
  }
}
