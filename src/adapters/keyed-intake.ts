import type { Clock } from '../clock.ts';
import type { ErrorCode } from '../errors.ts';
import type { KeyIdentity } from '../keys.ts';
import type { Call, CallSink, CallStart } from '../stream/call.ts';
import type { CallManager } from '../stream/call-manager.ts';
import type { CallIntake, DetectorIdentity } from './adapter.ts';

export interface KeyedIntakeParts {
  readonly calls: CallManager;
  readonly clock: Clock;
  readonly detectors: readonly DetectorIdentity[];
  /** Known from the handshake, or null until the session finds out. */
  readonly key: KeyIdentity | null;
  /** The session has found out who the peer is; said once. */
  readonly onIdentified?: () => void;
  readonly onError: (code: ErrorCode) => void;
}

/** What the session of one connection may do with calls, in the name of its key. */
export class KeyedIntake implements CallIntake {
  readonly #parts: KeyedIntakeParts;
  #key: KeyIdentity | null;

  constructor(parts: KeyedIntakeParts) {
    this.#parts = parts;
    this.#key = parts.key;
  }

  identify(key: KeyIdentity): void {
    const isFirst = this.#key === null;
    this.#key = key;
    if (isFirst) this.#parts.onIdentified?.();
  }

  get keyName(): string | null {
    return this.#key?.name ?? null;
  }

  get mayRunFast(): boolean {
    return this.#key?.fast ?? false;
  }

  get detectors(): readonly DetectorIdentity[] {
    return this.#parts.detectors;
  }

  start(start: Omit<CallStart, 'keyName'>, sink: CallSink): Call | ErrorCode {
    if (this.#key === null) return 'SCREEN_ERR_AUTH';
    return this.#parts.calls.start({ ...start, keyName: this.#key.name }, sink);
  }

  resume(token: string, sink: CallSink): ReturnType<CallIntake['resume']> {
    return this.#key === null ? null : this.#parts.calls.resume(token, this.#key.name, sink);
  }

  after(delayMs: number, action: () => void): { cancel(): void } {
    return this.#parts.clock.after(delayMs, action);
  }

  countError(code: ErrorCode): void {
    this.#parts.onError(code);
  }
}
