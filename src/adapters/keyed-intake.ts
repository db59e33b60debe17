import type { Clock } from '../clock.ts';
import type { ErrorCode } from '../errors.ts';
import type { KeyIdentity } from '../keys.ts';
import type { Call, CallSink, CallStart, ControlReply } from '../stream/call.ts';
import type { CallManager } from '../stream/call-manager.ts';
import type { CallIntake, DetectorIdentity } from './adapter.ts';

export interface KeyedIntakeParts {
  readonly calls: CallManager;
  readonly clock: Clock;
  readonly detectors: readonly DetectorIdentity[];
  /** Known from the handshake, or null until the session finds out. */
  readonly key: KeyIdentity | null;
  /** Why there is no room for another socket of a key that the session found out, or null. */
  readonly admit?: (keyName: string) => ErrorCode | null;
  /** The session has found out who the peer is; said once. */
  readonly onIdentified?: () => void;
  readonly onError: (code: ErrorCode) => void;
  /** Runs what the session does at an event or in a timer: what it throws is its connection's own. */
  readonly guard: (action: () => void) => void;
}

/** What the session of one connection may do with calls, in the name of its key. */
export class KeyedIntake implements CallIntake {
  readonly #parts: KeyedIntakeParts;
  #key: KeyIdentity | null;
  #refusal: ErrorCode | null = null;
  #untold: ErrorCode | null = null;
  /** Of the calls that were given to the session; another connection may have taken one over. */
  readonly #sinks = new WeakSet<CallSink>();

  constructor(parts: KeyedIntakeParts) {
    this.#parts = parts;
    this.#key = parts.key;
  }

  identify(key: KeyIdentity): void {
    const isFirst = this.#key === null;
    if (isFirst) {
      // One that is refused stays among those that are not known until it is gone.
      this.#refusal = this.#parts.admit?.(key.name) ?? null;
      this.#untold = this.#refusal;
      if (this.#refusal !== null) return;
    }
    this.#key = key;
    if (isFirst) this.#parts.onIdentified?.();
  }

  /** Why a peer that was found out after the handshake has to go, once; else null. */
  takeRefusal(): ErrorCode | null {
    const code = this.#untold;
    this.#untold = null;
    return code;
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
    if (this.#key === null) return this.#refusal ?? 'SCREEN_ERR_AUTH';
    return this.#parts.calls.start({ ...start, keyName: this.#key.name }, this.#guarded(sink));
  }

  resume(
    token: string,
    sink: CallSink,
    fits?: (call: Call) => boolean,
  ): ReturnType<CallIntake['resume']> {
    return this.#key === null
      ? null
      : this.#parts.calls.resume(token, this.#key.name, this.#guarded(sink), fits);
  }

  after(delayMs: number, action: () => void): { cancel(): void } {
    return this.#parts.clock.after(delayMs, () => this.#parts.guard(action));
  }

  countError(code: ErrorCode): void {
    this.#parts.onError(code);
  }

  /** The connection is gone and its session has not said so: its calls wait for another one, then end. */
  letGo(): void {
    for (const call of this.#parts.calls.calls()) {
      if (call.sink !== null && this.#sinks.has(call.sink)) call.detach();
    }
  }

  /** Lanes and alerts speak to many sessions in a row: none may keep them from the next. */
  #guarded(sink: CallSink): CallSink {
    const { guard } = this.#parts;
    const guarded: CallSink = {
      deliver: (event) => guard(() => sink.deliver(event)),
      control(request) {
        let reply: ControlReply = 'call_over';
        guard(() => {
          reply = sink.control?.(request) ?? 'no_slot';
        });
        return reply;
      },
      leave: () => guard(() => sink.leave?.()),
    };
    this.#sinks.add(guarded);
    return guarded;
  }
}
