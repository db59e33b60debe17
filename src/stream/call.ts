import type { Clock, Timer } from '../clock.ts';
import type { ErrorCode } from '../errors.ts';
import {
  CALL_TRANSITIONS,
  type CallAction,
  type CallEventName,
  type CallState,
} from './call-states.ts';
import type { AudioFormat } from './codecs/decoder.ts';
import type { FeedPort, WriteOutcome } from './feed-port.ts';
import type { EndReason, ScreeningEvent } from './screening-events.ts';

export type LegRole = 'caller' | 'callee' | 'agent' | 'unknown';

export interface LegStart {
  readonly id: string;
  readonly role: LegRole;
}

/** One stream of packets of a call; one leg a channel. */
export interface FeedStart {
  readonly format: AudioFormat;
  readonly legs: readonly LegStart[];
}

export interface CallStart {
  /** Made up when missing. */
  readonly callId?: string;
  /**
   * True = other streams of this call may be live already or come later (a platform that sends one
   * leg a socket): they share the call id. A leg whose name is taken gets a number behind it.
   */
  readonly join?: boolean;
  readonly platform: string;
  readonly keyName: string;
  readonly feeds: readonly FeedStart[];
  readonly scoreIntervalMs: number;
  /** `fast` = as fast as the service can, with back-pressure; needs the key's permission. */
  readonly pace: 'live' | 'fast';
  readonly metadata: Readonly<Record<string, string>>;
}

/** What may be asked of a live call's own socket. */
export type SocketControl =
  | { readonly kind: 'hangUp' }
  /** JSON for the application behind the platform. */
  | { readonly kind: 'event'; readonly data: object };

/** `no_slot` = the platform takes no such thing on its socket, so nothing was sent. */
export type ControlReply = 'sent' | 'no_slot' | 'call_over';

/** Where a call's events go: the session on its socket. */
export interface CallSink {
  deliver(event: ScreeningEvent): void;
  /** Absent where the platform has no slot for any control. */
  control?(request: SocketControl): ControlReply;
  /** Another socket goes on with the call: detaches it and closes. Absent = the sink never does. */
  leave?(): void;
}

/** A leg of a live call. */
export interface CallLeg extends LegStart {
  readonly legKey: number;
  readonly feedIndex: number;
  readonly detectorId: string;
}

export interface CallParts {
  readonly start: CallStart & { readonly callId: string };
  readonly ports: readonly FeedPort[];
  readonly legs: readonly CallLeg[];
  readonly resumeToken: string;
  readonly clock: Clock;
}

/** How long a call waits for its lost socket. */
export const RESUME_WINDOW_MS = 10_000;

/**
 * One call on the I/O thread: what its session may do (by the table in `call-states.ts`) and the
 * ports through which its audio reaches the lane.
 */
export class Call {
  readonly start: CallStart & { readonly callId: string };
  readonly legs: readonly CallLeg[];
  readonly ports: readonly FeedPort[];
  readonly resumeToken: string;
  /** As the computer's clock said. */
  readonly startedAtMs: number;
  /** What the adapter's session wants back on resume (its reorder windows). */
  sessionMemory: unknown = null;
  endReason: EndReason = 'stop';
  failure: ErrorCode | null = null;
  readonly #parts: CallParts;
  #state: CallState = 'live';
  #sink: CallSink | null = null;
  #detachTimer: Timer | null = null;
  #detachedAtMs = 0;
  #heardAtMs: number;
  #pausedAtMs: number | null = null;

  constructor(parts: CallParts) {
    this.#parts = parts;
    this.start = parts.start;
    this.legs = parts.legs;
    this.ports = parts.ports;
    this.resumeToken = parts.resumeToken;
    this.startedAtMs = parts.clock.wallTimeMs();
    this.#heardAtMs = parts.clock.nowMs();
  }

  get callId(): string {
    return this.start.callId;
  }

  get state(): CallState {
    return this.#state;
  }

  /** null = no socket has the call. */
  get sink(): CallSink | null {
    return this.#sink;
  }

  set sink(sink: CallSink | null) {
    this.#sink = sink;
  }

  deliver(event: ScreeningEvent): void {
    this.#sink?.deliver(event);
  }

  /** Asks something of the call's socket, where its platform has a slot for it. */
  control(request: SocketControl): ControlReply {
    if (this.#sink === null) return 'call_over';
    return this.#sink.control?.(request) ?? 'no_slot';
  }

  /** One packet of a feed. `refused` = the call does not take audio in its state. */
  audio(feedIndex: number, packet: Uint8Array): WriteOutcome | 'refused' {
    if (this.#step('audio') !== 'accept') return 'refused';
    this.#heardAtMs = this.#parts.clock.nowMs();
    return this.ports[feedIndex]!.audio(packet, this.#heardAtMs);
  }

  /** Samples at the feed's rate are missing before the next packet. */
  lost(feedIndex: number, samples: number): void {
    if (this.#step('control') === 'accept') {
      this.ports[feedIndex]!.lost(samples, this.#parts.clock.nowMs());
    }
  }

  /** Since when the call is paused, also without a socket; null = it is not. */
  get pausedAtMs(): number | null {
    return this.#pausedAtMs;
  }

  /** @returns false when the lane has too many control records to read already. */
  pause(): boolean {
    this.#pausedAtMs = this.#parts.clock.nowMs();
    return this.#control('pause', 0);
  }

  /**
   * Ends a pause: stream time goes on by what the peer says has passed, in ms, else by the wall time.
   * It counts as pause, not as lost. @returns as `pause`
   */
  resume(saidMs?: number): boolean {
    const nowMs = this.#parts.clock.nowMs();
    const passedMs = saidMs ?? Math.max(0, nowMs - (this.#pausedAtMs ?? nowMs));
    this.#pausedAtMs = null;
    return this.#control('resume', passedMs);
  }

  /** Overwrites what the lane has read of a feed. */
  wipe(feedId: number): void {
    this.ports.find((port) => port.feedId === feedId)?.wipe();
  }

  /** @returns as `pause` */
  finalize(): boolean {
    return this.#control('finalize', 0);
  }

  /** No more audio. The lane reads what is left, then the call ends. */
  end(reason: EndReason): void {
    if (this.#step('end') !== 'finish') return;
    this.endReason = reason;
    this.#detachTimer?.cancel();
    for (const port of this.ports) port.control('end', 0, this.#parts.clock.nowMs());
  }

  /** The socket is gone: wait for it, then end. */
  detach(): void {
    if (this.#step('socketLost') !== 'detach') return;
    this.#sink = null;
    this.#detachedAtMs = this.#parts.clock.nowMs();
    this.#detachTimer = this.#parts.clock.after(RESUME_WINDOW_MS, () => {
      this.end('socket_lost');
    });
  }

  /**
   * A new socket goes on with the call, also when the one before seems to live: its peer noticed
   * the loss first.
   * @returns wall time without a socket in ms, or −1 when the call cannot be resumed.
   */
  attach(sink: CallSink): number {
    this.#leaveSocket();
    if (this.#step('resume') !== 'attach') return -1;
    this.#detachTimer?.cancel();
    this.#detachTimer = null;
    this.#sink = sink;
    return this.#parts.clock.nowMs() - this.#detachedAtMs;
  }

  /** Moves the call to its end. @returns what the table says. */
  laneSays(event: 'laneEnded' | 'laneFailed'): CallAction {
    this.#detachTimer?.cancel();
    return this.#step(event);
  }

  #leaveSocket(): void {
    if (this.#state !== 'live') return;
    this.#sink?.leave?.();
    // Nothing came over it since the last packet.
    this.#detachedAtMs = this.#heardAtMs;
  }

  #control(kind: 'pause' | 'resume' | 'finalize', valueMs: number): boolean {
    if (this.#step('control') !== 'accept') return true;
    let written = true;
    for (const port of this.ports) {
      const samples = Math.round((valueMs * port.format.sampleRateHz) / 1000);
      if (!port.control(kind, samples, this.#parts.clock.nowMs())) written = false;
    }
    return written;
  }

  #step(event: CallEventName): CallAction {
    const { to, action } = CALL_TRANSITIONS[this.#state][event];
    this.#state = to;
    return action;
  }
}
