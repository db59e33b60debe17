import type { Clock } from '../clock.ts';
import { RESUME_WINDOW_MS } from '../stream/call.ts';

const MAX_SESSIONS = 16_384;

interface Waiting {
  readonly keyName: string;
  readonly resumeToken: string;
  readonly untilMs: number;
}

type Live = Omit<Waiting, 'untilMs'>;

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
   * A session has a call; a socket that was lost may seem to live when its client is back already.
   * @returns what says that the session has it no more
   */
  enter(sessionId: string, keyName: string, resumeToken: string): () => void {
    const live = { keyName, resumeToken };
    this.#live.set(sessionId, live);
    return () => {
      if (this.#live.get(sessionId) === live) this.#live.delete(sessionId);
    };
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

  /** The resume token of a session of the same key, or null. Whoever goes on with its call forgets it. */
  find(sessionId: string, keyName: string): string | null {
    const found = this.#live.get(sessionId) ?? this.#waiting.get(sessionId);
    return found?.keyName === keyName ? found.resumeToken : null;
  }

  /** Another session goes on with the call of this one. */
  forget(sessionId: string): void {
    this.#live.delete(sessionId);
    this.#waiting.delete(sessionId);
  }
}
