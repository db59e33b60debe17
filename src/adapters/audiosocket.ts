import { ERRORS, type ErrorCode, endReasonOf } from '../errors.ts';
import type { KeyIdentity } from '../keys.ts';
import type { Call, CallSink } from '../stream/call.ts';
import type { EndReason, ScreeningEvent } from '../stream/screening-events.ts';
import type { Adapter, AdapterSession, CallIntake, Link } from './adapter.ts';
import { AudioSocketFrames } from './audiosocket-frames.ts';
import {
  AUDIOSOCKET_TRANSITIONS,
  type AudioSocketState,
  type AudioSocketWireEvent,
} from './audiosocket-states.ts';
import type { PlatformAccess } from './platform-access.ts';
import { closeCodeOf, PlatformStream } from './platform-stream.ts';
import type { AdapterServices } from './registry.ts';

/** Of the audio before its first frame. */
const NO_KIND = -1;
const KIND_HANG_UP = 0x00;
const KIND_UUID = 0x01;
const KIND_DTMF = 0x03;
const KIND_ERROR = 0xff;
const UUID_BYTES = 16;
/** Bit of an error frame: the calling party hung up. */
const ERROR_HANG_UP = 0x01;
const LEG_ID = 'channel';
const DONE_CODE = 1000;

/** Rate of each kind of audio: 16-bit linear, little-endian, one channel. */
const AUDIO_RATES_HZ: ReadonlyMap<number, number> = new Map([
  [0x10, 8_000],
  [0x11, 12_000],
  [0x12, 16_000],
  [0x13, 24_000],
  [0x14, 32_000],
  [0x15, 44_100],
  [0x16, 48_000],
  [0x17, 96_000],
  [0x18, 192_000],
]);

/** Asterisk's AudioSocket on a TCP port of its own; documented in docs/platforms/audiosocket.md. */
export function createAudioSocketAdapter({ access, idleMs }: AdapterServices): Adapter {
  return {
    id: 'audiosocket',
    mount: { tcpPort: access.settings.audioSocketPort },
    heartbeat: 'none',
    idleMs,
    subprotocol: () => undefined,
    authenticate: () => 'after-start',
    open: (link, intake, { remoteAddress }) =>
      new AudioSocketSession({ link, intake, access, remoteAddress }),
  };
}

interface AudioSocketParts {
  readonly link: Link;
  readonly intake: CallIntake;
  readonly access: PlatformAccess;
  readonly remoteAddress: string;
}

/** One connection: the UUID says who and which call, the kind of the audio frames which format. */
class AudioSocketSession implements AdapterSession {
  readonly #parts: AudioSocketParts;
  readonly #frames: AudioSocketFrames;
  #state: AudioSocketState = 'waiting';
  #callId = '';
  #kind = NO_KIND;
  #stream: PlatformStream | null = null;
  /** The call of a stream that gave way to one of another kind. */
  #gaveWay: Call | null = null;
  #streams = 0;

  constructor(parts: AudioSocketParts) {
    this.#parts = parts;
    this.#frames = new AudioSocketFrames({
      begins: (kind, payloadBytes) => this.#expect(kind, payloadBytes),
      frame: (kind, payload) => this.#take(kind, payload),
    });
  }

  text(): void {
    // A TCP connection has no text frames.
  }

  binary(bytes: Uint8Array): void {
    this.#frames.push(bytes);
  }

  /** A peer that closes its side has hung up; only a broken connection lost the call. */
  closed(code: number): void {
    this.#end(code === DONE_CODE ? 'stop' : 'socket_lost');
  }

  get hasCall(): boolean {
    return this.#stream !== null;
  }

  deliver(event: ScreeningEvent): void {
    if (event.type === 'failed') this.refuse(event.code);
    // What the peer ended has no more events here: this is the service's own end.
    if (event.type === 'stopped') this.#close(closeCodeOf('SCREEN_ERR_DRAINING'), event.reason);
  }

  refuse(code: ErrorCode): void {
    if (this.#state === 'closed') return;
    this.#parts.intake.countError(code);
    this.#end(endReasonOf(code));
    this.#parts.link.close(closeCodeOf(code), code);
  }

  /** A bad frame is refused by its header, so that nobody makes the service hold its payload. */
  #expect(kind: number, payloadBytes: number): void {
    const { action } = AUDIOSOCKET_TRANSITIONS[this.#state][wireEventOf(kind, payloadBytes)];
    if (isErrorCode(action)) this.refuse(action);
  }

  #take(kind: number, payload: Uint8Array): void {
    const isHangUp = kind === KIND_ERROR && ((payload[0] ?? 0) & ERROR_HANG_UP) !== 0;
    const wireEvent = isHangUp ? 'hangUp' : wireEventOf(kind, payload.length);
    const { to, action } = AUDIOSOCKET_TRANSITIONS[this.#state][wireEvent];
    switch (action) {
      case 'identify':
        this.#identify(payload);
        break;
      case 'start':
        this.#start(kind);
        this.#hear(payload);
        break;
      case 'audio':
        if (kind !== this.#kind) this.#restart(kind);
        this.#hear(payload);
        break;
      case 'finish':
        this.#close(DONE_CODE, 'stop');
        break;
      case 'ignore':
        break;
      default:
        this.refuse(action);
    }
    if (this.#state !== 'closed') this.#state = to;
  }

  #identify(payload: Uint8Array): void {
    const { access, intake, remoteAddress } = this.#parts;
    const uuid = uuidText(payload);
    const key =
      identityOfUuid(access, uuid) ?? access.loopbackIdentity({ remoteAddress, headers: {} });
    if (key === null) {
      this.refuse('SCREEN_ERR_AUTH');
      return;
    }
    intake.identify(key);
    this.#callId = uuid;
  }

  #start(kind: number): void {
    const { access, intake } = this.#parts;
    const number = ++this.#streams;
    // A stream that gave way to one of another format may still have events under way.
    const sink: CallSink = {
      deliver: (event) => {
        if (number === this.#streams && this.#stream !== null) this.deliver(event);
      },
    };
    const started = PlatformStream.start(intake, sink, {
      platform: 'audiosocket',
      callId: this.#callId,
      feeds: [
        {
          format: { codec: 'pcm16', sampleRateHz: AUDIO_RATES_HZ.get(kind)!, channels: 1 },
          legs: [{ id: LEG_ID, role: access.roleOf(intake.keyName, LEG_ID, 'caller') }],
        },
      ],
      scoreIntervalMs: access.settings.scoreIntervalMs,
      metadata: {},
    });
    if (typeof started === 'string') {
      // What gave way counts until its last audio was read: the next frame asks again.
      const mayWait = this.#gaveWay?.state === 'ending' && ERRORS[started].retryable;
      if (!mayWait) this.refuse(started);
      return;
    }
    this.#stream = started;
    this.#kind = kind;
  }

  #restart(kind: number): void {
    this.#gaveWay = this.#stream?.call ?? this.#gaveWay;
    this.#stream?.end('stop');
    this.#stream = null;
    this.#kind = NO_KIND;
    this.#start(kind);
  }

  #hear(payload: Uint8Array): void {
    const problem = this.#stream?.audio(0, payload) ?? null;
    if (problem !== null) this.refuse(problem);
  }

  #end(reason: EndReason): void {
    this.#state = 'closed';
    this.#frames.stop();
    const stream = this.#stream;
    this.#stream = null;
    stream?.end(reason);
  }

  #close(code: number, reason: EndReason): void {
    this.#end(reason);
    this.#parts.link.close(code, reason);
  }
}

function isErrorCode(action: string): action is ErrorCode {
  return action in ERRORS;
}

function wireEventOf(kind: number, payloadBytes: number): AudioSocketWireEvent {
  if (AUDIO_RATES_HZ.has(kind)) return 'audio';
  switch (kind) {
    case KIND_UUID:
      return payloadBytes === UUID_BYTES ? 'uuid' : 'badUuid';
    case KIND_DTMF:
      return 'dtmf';
    case KIND_HANG_UP:
      return 'hangUp';
    case KIND_ERROR:
      return 'peerError';
    default:
      return 'unknown';
  }
}

/** 16 bytes in the usual notation, e.g. `40325ec2-5efd-4bd3-805f-53576e581d13`. */
function uuidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return [0, 8, 12, 16, 20]
    .map((start, part, starts) => hex.slice(start, starts[part + 1]))
    .join('-');
}

/** Identity of the account with the longest prefix that the UUID begins with. */
function identityOfUuid(access: PlatformAccess, uuid: string): KeyIdentity | null {
  let longest = -1;
  let found: KeyIdentity | null = null;
  for (const account of access.accounts()) {
    const prefix = account.audiosocket?.uuidPrefix.toLowerCase();
    if (prefix === undefined || prefix.length <= longest || !uuid.startsWith(prefix)) continue;
    longest = prefix.length;
    found = access.identityOf(account);
  }
  return found;
}
