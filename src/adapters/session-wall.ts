import type { AdapterSession } from './adapter.ts';

/**
 * A wall around the session of one connection: what it throws ends its own connection and touches
 * no other. Before the session is there, and after it was let go, nothing happens.
 */
export class SessionWall {
  readonly #onFault: (error: unknown) => void;
  #session: AdapterSession | null = null;

  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault;
  }

  get hasCall(): boolean {
    return this.#session?.hasCall ?? false;
  }

  get isResting(): boolean {
    return this.#session?.isResting ?? false;
  }

  open(create: () => AdapterSession): void {
    try {
      this.#session = create();
    } catch (error) {
      this.#onFault(error);
    }
  }

  /** Runs what reaches the session on another way than its connection: events of its calls, timers. */
  guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#onFault(error);
    }
  }

  run(action: (session: AdapterSession) => void): void {
    if (this.#session === null) return;
    try {
      action(this.#session);
    } catch (error) {
      this.#onFault(error);
    }
  }

  /** One message of the peer; a text as its bytes. */
  message(data: Buffer, isBinary: boolean): void {
    const session = this.#session;
    if (session === null) return;
    try {
      if (isBinary) session.binary(data);
      else if (session.textBytes !== undefined) session.textBytes(data);
      else session.text(data.toString('utf8'));
    } catch (error) {
      this.#onFault(error);
    }
  }

  /**
   * Tells the session that its connection is gone, and lets it go.
   * @returns false when there is none, or it threw: its calls are to be looked after
   */
  close(code: number): boolean {
    const session = this.#session;
    this.#session = null;
    if (session === null) return false;
    try {
      session.closed(code);
      return true;
    } catch (error) {
      this.#onFault(error);
      return false;
    }
  }
}
