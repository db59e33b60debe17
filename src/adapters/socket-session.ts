import type { WebSocket } from 'ws';
import type { Clock, Timer } from '../clock.ts';
import { ERRORS, type ErrorCode } from '../errors.ts';
import type { KeyIdentity } from '../keys.ts';
import type { CallManager } from '../stream/call-manager.ts';
import type { Adapter, DetectorIdentity, Link, RefusalReason, UpgradeRequest } from './adapter.ts';
import { KeyedIntake } from './keyed-intake.ts';
import { SessionWall } from './session-wall.ts';

const PING_PERIOD_MS = 20_000;
/** A socket whose session rests is closed after this long without a sign of life. */
const LONGEST_REST_MS = 900_000;

/** What happens to sockets, for logs and metrics. */
export interface SocketEvents {
  opened(adapterId: string, keyName: string): void;
  closed(adapterId: string, code: number): void;
  /** `reason` = what there was no room for; absent where the request itself is refused. */
  refusedUpgrade(status: number, reason?: RefusalReason): void;
  error(adapterId: string, code: ErrorCode): void;
  /** A session threw: a fault of ours. */
  fault(adapterId: string, error: unknown): void;
}

export interface SocketSessionOptions {
  readonly adapter: Adapter;
  /** null = the session finds out. */
  readonly key: KeyIdentity | null;
  readonly request: UpgradeRequest;
  readonly calls: CallManager;
  readonly clock: Clock;
  readonly detectors: readonly DetectorIdentity[];
  readonly events: SocketEvents;
  /** As of `KeyedIntakeParts`. */
  readonly admit?: (keyName: string) => ErrorCode | null;
  /** The session has found out who the peer is; said once. */
  readonly onIdentified?: () => void;
  readonly onClose: () => void;
}

/** One socket with its adapter's session: idle and ping timers, and a wall around its faults. */
export class SocketSession {
  readonly #socket: WebSocket;
  readonly #options: SocketSessionOptions;
  readonly #wall = new SessionWall((error) => this.#fault(error));
  #idle: Timer | null = null;
  #ping: Timer | null = null;
  #heardAtMs = 0;
  readonly #intake: KeyedIntake;
  #answered = true;

  constructor(socket: WebSocket, options: SocketSessionOptions) {
    this.#socket = socket;
    this.#options = options;
    const { adapter, events } = options;
    this.#intake = new KeyedIntake({
      ...options,
      onError: (code) => events.error(adapter.id, code),
      guard: (action) => this.#wall.guard(action),
    });
  }

  begin(): void {
    const { adapter, clock, events, request } = this.#options;
    const socket = this.#socket;
    socket.binaryType = 'nodebuffer';
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      this.#heardAtMs = clock.nowMs();
      // A pong waits behind what the peer has queued.
      this.#answered = true;
      this.#wall.message(data, isBinary);
      // Its session may wait for audio, and would be refused only then.
      const refusal = this.#intake.takeRefusal();
      if (refusal !== null) this.refuse(refusal);
    });
    socket.on('ping', () => {
      this.#heardAtMs = clock.nowMs();
    });
    socket.on('pong', () => {
      this.#answered = true;
    });
    socket.on('error', () => {
      // The transport's own refusal (too big, malformed): `close` follows with its code.
    });
    socket.on('close', (code: number) => this.#closed(code));
    events.opened(adapter.id, this.#intake.keyName ?? 'unidentified');
    this.#heardAtMs = clock.nowMs();
    this.#watch();
    this.#wall.open(() => adapter.open(this.#link(), this.#intake, request));
  }

  get readsOnly(): boolean {
    return this.#options.adapter.readsOnly ?? false;
  }

  /** null = the session has not found out yet. */
  get keyName(): string | null {
    return this.#intake.keyName;
  }

  get hasCall(): boolean {
    return this.#wall.hasCall;
  }

  /** Ends the socket from our side, in the platform's own way. */
  refuse(code: ErrorCode): void {
    this.#wall.run((session) => session.refuse(code));
    this.#terminateSoon();
  }

  #watch(): void {
    const { adapter, clock } = this.#options;
    this.#idle = clock.every(Math.min(1_000, adapter.idleMs), () => {
      const longestMs = this.#wall.isResting ? LONGEST_REST_MS : adapter.idleMs;
      if (clock.nowMs() - this.#heardAtMs < longestMs) return;
      this.refuse('SCREEN_ERR_IDLE');
    });
    if (adapter.heartbeat !== 'ping') return;
    this.#ping = clock.every(PING_PERIOD_MS, () => {
      if (!this.#answered) {
        this.#socket.terminate();
        return;
      }
      this.#answered = false;
      this.#socket.ping();
    });
  }

  // A half-open peer never answers a close.
  #terminateSoon(): void {
    this.#idle?.cancel();
    this.#idle = this.#options.clock.after(2_000, () => this.#socket.terminate());
  }

  #closed(code: number): void {
    this.#idle?.cancel();
    this.#ping?.cancel();
    if (!this.#wall.close(code)) this.#intake.letGo();
    this.#options.events.closed(this.#options.adapter.id, code);
    this.#options.onClose();
  }

  #fault(error: unknown): void {
    const { adapter, events } = this.#options;
    events.fault(adapter.id, error);
    events.error(adapter.id, 'SCREEN_ERR_INTERNAL');
    this.#socket.close(ERRORS.SCREEN_ERR_INTERNAL.closeCode, 'SCREEN_ERR_INTERNAL');
  }

  #link(): Link {
    const socket = this.#socket;
    return {
      sendText(message) {
        if (socket.readyState === socket.OPEN) socket.send(message, { binary: false });
      },
      sendBinary(message) {
        if (socket.readyState === socket.OPEN) socket.send(message, { binary: true });
      },
      close: (code, reason) => socket.close(code, reason),
      pause: () => socket.pause(),
      resume: () => socket.resume(),
      get bufferedBytes() {
        return socket.bufferedAmount;
      },
    };
  }
}
