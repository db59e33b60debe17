import type { ErrorCode } from '../errors.ts';
import type { KeyIdentity } from '../keys.ts';
import type { Call, CallSink, CallStart } from '../stream/call.ts';
import type { ScreeningEvent } from '../stream/screening-events.ts';

/** What an adapter may know of an HTTP upgrade. */
export interface UpgradeRequest {
  readonly path: string;
  readonly query: URLSearchParams;
  /** Path and query exactly as in the request line: what signatures cover. */
  readonly target: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly subprotocols: readonly string[];
  readonly remoteAddress: string;
}

export type AuthResult =
  | { readonly ok: true; readonly key: KeyIdentity }
  | {
      readonly ok: false;
      readonly status: 400 | 401 | 403;
      readonly reason: string;
      /** Answer no earlier than this after the request came, so that timing tells nothing; in ms. */
      readonly notBeforeMs?: number;
    };

/** Why a handshake is refused for want of room: what the peer is told, and the name in the metric. */
export interface HandshakeRefusal {
  readonly code: ErrorCode;
  readonly reason: RefusalReason;
}

/** What there was no room for. */
export type RefusalReason =
  | 'draining'
  | 'calls'
  | 'key_calls'
  | 'sockets'
  | 'key_sockets'
  | 'unidentified'
  | 'readers'
  | 'key_readers'
  | 'connections'
  | 'requests';

/** The socket as a session sees it. */
export interface Link {
  sendText(message: string): void;
  sendBinary(message: Uint8Array): void;
  close(code: number, reason: string): void;
  /** Stops and restarts reading (the fast door's back-pressure). */
  pause(): void;
  resume(): void;
  readonly bufferedBytes: number;
}

/** What a session may do with calls. One intake a socket, bound to its key. */
export interface CallIntake {
  /**
   * Binds the socket to a key, for adapters that authenticate after the upgrade. Until then `start`
   * answers `SCREEN_ERR_AUTH`.
   */
  identify(key: KeyIdentity): void;
  /** The key that the socket is bound to. */
  readonly keyName: string | null;
  /** May be called several times: each starts one stream (feeds that live and end together). */
  start(start: Omit<CallStart, 'keyName'>, sink: CallSink): Call | ErrorCode;
  /**
   * Takes over the call of a token, if it `fits`: one that does not stays with the socket that has it.
   * null = there is none.
   */
  resume(
    token: string,
    sink: CallSink,
    fits?: (call: Call) => boolean,
  ): { readonly call: Call; readonly awayMs: number } | null;
  after(delayMs: number, action: () => void): { cancel(): void };
  readonly mayRunFast: boolean;
  readonly detectors: readonly DetectorIdentity[];
  /** A coded error was sent to the peer. */
  countError(code: ErrorCode): void;
}

export interface DetectorIdentity {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
  readonly sampleRateHz: number;
  /** `name@12 hex`. */
  readonly id: string;
}

/** One socket's conversation. Its methods never throw for what a peer sent. */
export interface AdapterSession extends CallSink {
  text(message: string): void;
  /** A text message as its bytes, valid UTF-8, in place of `text`: for what needs no string. */
  textBytes?(message: Buffer): void;
  binary(message: Uint8Array): void;
  closed(code: number): void;
  /** Says this error in the platform's own way and closes; ends the call if there is one. */
  refuse(code: ErrorCode): void;
  /** False until a call was started: such a session ends at once when the service drains. */
  readonly hasCall: boolean;
  /** True while silence is no fault: nothing is live, and the platform may start again. Default false. */
  readonly isResting?: boolean;
  deliver(event: ScreeningEvent): void;
}

/** A platform's wire protocol, pure with respect to sockets, time and models. */
export interface Adapter {
  readonly id: string;
  /** `below` = the paths below it too. */
  readonly mount:
    | { readonly path: string; readonly below?: boolean }
    | { readonly tcpPort: number };
  /** `ping` = the endpoint may send WebSocket pings to find dead peers. */
  readonly heartbeat: 'none' | 'ping';
  /** Its sockets bring no calls: no limit of calls refuses them, and draining leaves them open. */
  readonly readsOnly?: boolean;
  /** Of one that `readsOnly`: why there is no room for another reader of this key, or null. */
  readerRefusal?(keyName: string): HandshakeRefusal | null;
  /** Nothing heard for this long, pings included, ends the socket, unless its session rests. */
  readonly idleMs: number;
  /** The sub-protocol to answer with; undefined = none. */
  subprotocol(offered: readonly string[]): string | undefined;
  /** `after-start`: the session identifies the peer by what its first messages say. */
  authenticate(request: UpgradeRequest): AuthResult | 'after-start';
  /** `request` is the one that was authenticated: its parameters may name the call. */
  open(link: Link, intake: CallIntake, request: UpgradeRequest): AdapterSession;
}
