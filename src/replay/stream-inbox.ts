import type { Started, StreamMessage } from './stream-messages.ts';

// Of the TypeScript client: it runs in browsers, too.

/** From so many waiting messages on, a score takes the place of the last one of its leg. */
export const COALESCE_MESSAGES = 4_096;
/** So many that are no such scores are of a reader that will not come. */
export const MOST_MESSAGES = 8_192;

/**
 * Messages between a socket and their reader, in order. Where nobody reads, scores give way to newer
 * ones of their leg; verdicts and everything else never do, and when there are too many of them the
 * reader is given up.
 */
export class StreamInbox {
  readonly #waiting: (Started | StreamMessage)[] = [];
  readonly #tooSlow: () => void;
  #coalesced = 0;
  #isClosed = false;
  #wake: (() => void) | null = null;

  /** @param tooSlow is to close the socket; said once */
  constructor(tooSlow: () => void) {
    this.#tooSlow = tooSlow;
  }

  /** Scores that gave way to newer ones. */
  get coalesced(): number {
    return this.#coalesced;
  }

  push(message: Started | StreamMessage): void {
    if (this.#isClosed) return;
    if (this.#waiting.length >= COALESCE_MESSAGES && message.type === 'score') {
      this.#dropLastScoreOf(message.leg);
    }
    this.#waiting.push(message);
    if (this.#waiting.length >= MOST_MESSAGES) {
      this.close();
      this.#tooSlow();
    }
    this.#wake?.();
  }

  /** No more messages: those that wait can still be read. */
  close(): void {
    this.#isClosed = true;
    this.#wake?.();
  }

  /** The next message; null when there is none and never will be. */
  async next(): Promise<Started | StreamMessage | null> {
    while (this.#waiting.length === 0) {
      if (this.#isClosed) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
    return this.#waiting.shift()!;
  }

  #dropLastScoreOf(leg: string): void {
    const at = this.#waiting.findLastIndex((one) => one.type === 'score' && one.leg === leg);
    if (at < 0) return;
    this.#waiting.splice(at, 1);
    this.#coalesced++;
  }
}
