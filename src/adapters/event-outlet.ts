import type { ResultEvent } from '../results/alert-events.ts';
import type { ScreeningEvent } from '../stream/screening-events.ts';
import type { Link } from './adapter.ts';

/** Beyond this many unsent bytes scores coalesce to the newest of each leg. */
export const COALESCE_BYTES = 262_144;
/** Beyond this the reader is given up. */
export const CLOSE_BYTES = 1_048_576;

export interface EventOutletOptions<Event extends ResultEvent> {
  readonly link: Link;
  readonly render: (event: Event) => string;
  /** The reader is too slow: said once. */
  readonly tooSlow: () => void;
}

/**
 * Sends events to a reader that may be slow: scores give way to newer ones of their leg, verdicts
 * and everything else never do.
 */
export class EventOutlet<Event extends ResultEvent = ScreeningEvent> {
  readonly #options: EventOutletOptions<Event>;
  /** By call and leg: who reads all calls of a key has many legs of one name. */
  readonly #held = new Map<string, Event>();
  #coalesced = 0;
  #givenUp = false;

  constructor(options: EventOutletOptions<Event>) {
    this.#options = options;
  }

  /** Scores that gave way to newer ones. */
  get coalesced(): number {
    return this.#coalesced;
  }

  offer(event: Event): void {
    const { link } = this.#options;
    if (this.#isGivenUp()) return;
    if (event.type === 'score' && link.bufferedBytes > COALESCE_BYTES) {
      const leg = legOf(event);
      if (this.#held.has(leg)) this.#coalesced++;
      this.#held.set(leg, event);
      return;
    }
    this.#releaseHeld(event);
    link.sendText(this.#options.render(event));
  }

  /** A text that never gives way. @returns false when the reader is given up */
  offerText(text: string): boolean {
    const { link } = this.#options;
    if (this.#isGivenUp()) return false;
    this.#releaseHeld(null);
    link.sendText(text);
    return true;
  }

  /** Gives the reader up when too much waits for it. */
  #isGivenUp(): boolean {
    if (!this.#givenUp && this.#options.link.bufferedBytes > CLOSE_BYTES) {
      this.#givenUp = true;
      this.#options.tooSlow();
    }
    return this.#givenUp;
  }

  // A held score is older than the event: it goes first, unless a newer score of its leg comes now.
  #releaseHeld(event: Event | null): void {
    const newer = event?.type === 'score' ? legOf(event) : null;
    for (const [leg, held] of this.#held) {
      if (leg === newer) this.#coalesced++;
      else this.#options.link.sendText(this.#options.render(held));
    }
    this.#held.clear();
  }
}

function legOf({ callId, leg }: ResultEvent & { readonly type: 'score' }): string {
  return `${callId}\n${leg}`;
}
