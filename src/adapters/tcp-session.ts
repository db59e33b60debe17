import type { Socket } from 'node:net';
import type { Clock, Timer } from '../clock.ts';
import { ERRORS, type ErrorCode } from '../errors.ts';
import type { CallManager } from '../stream/call-manager.ts';
import { watchPeer } from '../tcp-keep-alive.ts';
import type { Adapter, DetectorIdentity, Link } from './adapter.ts';
import { KeyedIntake } from './keyed-intake.ts';
import { SessionWall } from './session-wall.ts';
import type { SocketEvents } from './socket-session.ts';

/** A peer must have said who it is this long after it connected. */
export const IDENTIFY_WITHIN_MS = 5_000;
const CLOSE_TIMEOUT_MS = 2_000;
const NORMAL_CODE = 1000;
const LOST_CODE = 1006;

export interface TcpSessionOptions {
  readonly adapter: Adapter;
  readonly calls: CallManager;
  readonly clock: Clock;
  readonly detectors: readonly DetectorIdentity[];
  readonly events: SocketEvents;
  /** As of `KeyedIntakeParts`. */
  readonly admit?: (keyName: string) => ErrorCode | null;
  /** The session knows who the peer is; said once. */
  readonly onIdentified: () => void;
  readonly onClose: () => void;
}

/**
 * One TCP connection with its adapter's session, which gets the bytes as they come: time-outs, and
 * a wall around its faults. Ends are told with WebSocket close codes: 1000 when the peer closed its
 * side, 1006 when the connection broke.
 */
export class TcpSession {
  readonly #socket: Socket;
  readonly #options: TcpSessionOptions;
  readonly #wall = new SessionWall((error) => this.#fault(error));
  readonly #intake: KeyedIntake;
  #heardAtMs = 0;
  #closeCode: number | null = null;
  #peerEnded = false;
  #identify: Timer | null = null;
  #idle: Timer | null = null;
  #force: Timer | null = null;

  constructor(socket: Socket, options: TcpSessionOptions) {
    this.#socket = socket;
    this.#options = options;
    const { adapter, events } = options;
    this.#intake = new KeyedIntake({
      ...options,
      key: null,
      onIdentified: () => {
        this.#identify?.cancel();
        options.onIdentified();
      },
      onError: (code) => events.error(adapter.id, code),
      guard: (action) => this.#wall.guard(action),
    });
  }

  begin(): void {
    const { adapter, clock, events } = this.#options;
    const socket = this.#socket;
    socket.setNoDelay(true);
    watchPeer(socket);
    socket.on('data', (bytes: Buffer) => {
      this.#heardAtMs = clock.nowMs();
      this.#wall.run((session) => session.binary(bytes));
      // Its session may wait for audio, and would be refused only then.
      const refusal = this.#intake.takeRefusal();
      if (refusal !== null) this.refuse(refusal);
    });
    socket.on('end', () => {
      this.#peerEnded = true;
    });
    socket.on('error', () => {
      // `close` follows.
    });
    socket.on('close', () => this.#closed());
    events.opened(adapter.id, 'unidentified');
    this.#heardAtMs = clock.nowMs();
    this.#identify = clock.after(IDENTIFY_WITHIN_MS, () => this.refuse('SCREEN_ERR_IDLE'));
    this.#idle = clock.every(Math.min(1_000, adapter.idleMs), () => {
      if (clock.nowMs() - this.#heardAtMs >= adapter.idleMs) this.refuse('SCREEN_ERR_IDLE');
    });
    this.#wall.open(() =>
      adapter.open(this.#link(), this.#intake, {
        path: '',
        target: '',
        query: new URLSearchParams(),
        headers: {},
        subprotocols: [],
        remoteAddress: socket.remoteAddress ?? '',
      }),
    );
  }

  /** null = the session has not found out yet. */
  get keyName(): string | null {
    return this.#intake.keyName;
  }

  get hasCall(): boolean {
    return this.#wall.hasCall;
  }

  /** Ends the connection from our side, in the platform's own way. */
  refuse(code: ErrorCode): void {
    this.#wall.run((session) => session.refuse(code));
    this.#close(ERRORS[code].closeCode);
  }

  // A half-open peer never answers the end.
  #close(code: number): void {
    this.#closeCode ??= code;
    if (this.#force !== null || this.#socket.destroyed) return;
    this.#force = this.#options.clock.after(CLOSE_TIMEOUT_MS, () => this.#socket.destroy());
    // Whom we do not know gets no time to answer the end: it would take the place of others.
    if (this.#intake.keyName === null) this.#socket.destroySoon();
    else this.#socket.end();
  }

  #closed(): void {
    for (const timer of [this.#identify, this.#idle, this.#force]) timer?.cancel();
    const code = this.#closeCode ?? (this.#peerEnded ? NORMAL_CODE : LOST_CODE);
    if (!this.#wall.close(code)) this.#intake.letGo();
    this.#options.events.closed(this.#options.adapter.id, code);
    this.#options.onClose();
  }

  #fault(error: unknown): void {
    const { adapter, events } = this.#options;
    events.fault(adapter.id, error);
    events.error(adapter.id, 'SCREEN_ERR_INTERNAL');
    this.#closeCode ??= ERRORS.SCREEN_ERR_INTERNAL.closeCode;
    this.#socket.destroy();
  }

  #link(): Link {
    const socket = this.#socket;
    return {
      sendText() {
        // A byte stream has no text frames.
      },
      sendBinary(message) {
        if (socket.writable) socket.write(message);
      },
      close: (code) => this.#close(code),
      pause: () => socket.pause(),
      resume: () => socket.resume(),
      get bufferedBytes() {
        return socket.writableLength;
      },
    };
  }
}
