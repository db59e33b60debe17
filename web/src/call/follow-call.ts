import { BonafideError, type CallSummary } from '../../../clients/typescript/client.ts';
import { ask } from '../lib/session.ts';
import { CallTrace } from '../lib/trace.ts';

const RETRY_MS = 1_500;

export type Following = 'loading' | 'live' | 'lost' | 'ended' | 'gone';

/** Reads one call's summary and events until it ends; a lost connection goes on where it was. */
export class FollowedCall {
  readonly trace = new CallTrace();
  summary: CallSummary | null = null;
  state: Following = 'loading';
  #lastId = 0;
  readonly #stop = new AbortController();

  constructor(callId: string) {
    void this.#run(callId);
  }

  close(): void {
    this.#stop.abort();
  }

  async #run(callId: string): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#readOnce(callId, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof BonafideError && error.problem.status === 404) {
          this.#become(this.summary === null ? 'gone' : 'ended');
          return;
        }
        this.#become('lost');
      }
      if (this.state === 'ended') return;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  async #readOnce(callId: string, signal: AbortSignal): Promise<void> {
    this.summary = await ask((client) => client.call(callId));
    for (const { id, role } of this.summary.legs) this.trace.leg(id, role).role = role;
    const isEnded = this.summary.state === 'ended';
    this.#become(isEnded ? 'ended' : 'live');
    await ask(async (client) => {
      for await (const entry of client.events(callId, { afterId: this.#lastId, signal })) {
        this.#lastId = entry.id;
        this.trace.add(entry);
      }
    });
    // The stream ends with the call, or with the service.
    this.summary = await ask((client) => client.call(callId));
    this.#become(this.summary.state === 'ended' ? 'ended' : 'lost');
  }

  #become(state: Following): void {
    this.state = state;
    this.trace.version++;
  }
}
