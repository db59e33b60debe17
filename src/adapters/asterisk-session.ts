import { type ErrorCode, endReasonOf } from '../errors.ts';
import type { ControlReply, LegRole, SocketControl } from '../stream/call.ts';
import type { AudioFormat } from '../stream/codecs/decoder.ts';
import { G722_RATE_HZ } from '../stream/codecs/g722.ts';
import type { EndReason, ScreeningEvent } from '../stream/screening-events.ts';
import type { AdapterSession, CallIntake, Link } from './adapter.ts';
import { type AsteriskControl, hasOthersParameters, parseAsteriskText } from './asterisk-events.ts';
import type { AsteriskLegs } from './asterisk-legs.ts';
import {
  ASTERISK_TRANSITIONS,
  type AsteriskState,
  type AsteriskWireEvent,
} from './asterisk-states.ts';
import type { PlatformAccess } from './platform-access.ts';
import { closeCodeOf, PlatformStream, safeId, type TrackStart } from './platform-stream.ts';

const DONE_CODE = 1000;
const CALL_PARAMETERS = ['call', 'callId'] as const;
const SIDE_PARAMETERS = ['side', 'leg', 'role'] as const;
const SIDE_ROLES: readonly LegRole[] = ['caller', 'callee', 'agent'];
/** Leg of a socket that does not say which side it is. */
const DEFAULT_LEG: TrackStart = { id: 'channel', role: 'caller' };
const NO_FIELDS = {};
const NO_PARAMETERS = new URLSearchParams();

/** Asterisk's names of formats. */
const FORMATS: ReadonlyMap<unknown, AudioFormat> = new Map([
  ['ulaw', { codec: 'mulaw', sampleRateHz: 8_000, channels: 1 }],
  ['alaw', { codec: 'alaw', sampleRateHz: 8_000, channels: 1 }],
  ['slin', { codec: 'pcm16', sampleRateHz: 8_000, channels: 1 }],
  ['slin12', { codec: 'pcm16', sampleRateHz: 12_000, channels: 1 }],
  ['slin16', { codec: 'pcm16', sampleRateHz: 16_000, channels: 1 }],
  ['slin24', { codec: 'pcm16', sampleRateHz: 24_000, channels: 1 }],
  ['slin32', { codec: 'pcm16', sampleRateHz: 32_000, channels: 1 }],
  ['slin44', { codec: 'pcm16', sampleRateHz: 44_100, channels: 1 }],
  ['slin48', { codec: 'pcm16', sampleRateHz: 48_000, channels: 1 }],
  ['slin96', { codec: 'pcm16', sampleRateHz: 96_000, channels: 1 }],
  ['slin192', { codec: 'pcm16', sampleRateHz: 192_000, channels: 1 }],
  ['g722', { codec: 'g722', sampleRateHz: G722_RATE_HZ, channels: 1 }],
  ['opus', { codec: 'opus', sampleRateHz: 48_000, channels: 1 }],
]);

export interface AsteriskSessionParts {
  readonly link: Link;
  readonly intake: CallIntake;
  readonly access: PlatformAccess;
  /** Parameters of the socket's URL: `v()` of the dial string. */
  readonly query: URLSearchParams;
  readonly legs: AsteriskLegs;
}

/** One socket of chan_websocket: one leg of a call. */
export class AsteriskSession implements AdapterSession {
  readonly #parts: AsteriskSessionParts;
  #state: AsteriskState = 'waiting';
  #control: AsteriskControl = 'plain';
  #stream: PlatformStream | null = null;
  #claim: string | null = null;

  constructor(parts: AsteriskSessionParts) {
    this.#parts = parts;
  }

  text(message: string): void {
    if (this.#state === 'closed') return;
    const parsed = parseAsteriskText(message);
    if (!parsed.ok) {
      this.refuse(parsed.code);
      return;
    }
    if (parsed.wireEvent === 'mediaStart') this.#control = parsed.control;
    this.#take(parsed.wireEvent, parsed.fields, null);
  }

  binary(message: Uint8Array): void {
    this.#take('audio', NO_FIELDS, message);
  }

  /** Asterisk closes with 1000 at the end of a call. */
  closed(code: number): void {
    this.#end(code === DONE_CODE ? 'stop' : 'socket_lost');
  }

  get hasCall(): boolean {
    return this.#stream !== null;
  }

  deliver(event: ScreeningEvent): void {
    if (this.#state === 'closed') return;
    if (event.type === 'failed') this.refuse(event.code);
    if (event.type !== 'stopped') return;
    // What the peer ended has no more events here: this is the service's own end.
    this.#end(event.reason);
    this.#parts.link.close(closeCodeOf('SCREEN_ERR_DRAINING'), event.reason);
  }

  refuse(code: ErrorCode): void {
    if (this.#state === 'closed') return;
    this.#parts.intake.countError(code);
    this.#end(endReasonOf(code));
    this.#parts.link.close(closeCodeOf(code), code);
  }

  /** `hangUp` tells Asterisk to hang this channel up; the socket's close follows from there. */
  control({ kind }: SocketControl): ControlReply {
    if (kind !== 'hangUp') return 'no_slot';
    if (this.#state !== 'active') return 'call_over';
    this.#parts.link.sendText(this.#control === 'json' ? '{"command":"HANGUP"}' : 'HANGUP');
    return 'sent';
  }

  #take(
    wireEvent: AsteriskWireEvent,
    fields: Readonly<Record<string, unknown>>,
    audio: Uint8Array | null,
  ): void {
    const { to, action } = ASTERISK_TRANSITIONS[this.#state][wireEvent];
    switch (action) {
      case 'start':
        this.#start(fields);
        break;
      case 'audio':
        if (audio !== null) this.#hear(audio);
        break;
      case 'ignore':
        break;
      default:
        this.refuse(action);
    }
    if (this.#state !== 'closed') this.#state = to;
  }

  #start(fields: Readonly<Record<string, unknown>>): void {
    const { access, intake } = this.#parts;
    const { format: name, channel, channel_id, connection_id } = fields;
    const format = FORMATS.get(name);
    if (format === undefined) {
      this.refuse(typeof name === 'string' ? 'SCREEN_ERR_FORMAT' : 'SCREEN_ERR_MESSAGE');
      return;
    }
    const query = hasOthersParameters(fields) ? NO_PARAMETERS : this.#parts.query;
    const leg = this.#leg(query);
    const started = PlatformStream.start(intake, this, {
      platform: 'asterisk',
      callId: this.#callId(query, leg.id, channel_id),
      feeds: [{ format, legs: [leg] }],
      scoreIntervalMs: access.settings.scoreIntervalMs,
      metadata: { channel, channel_id, connection_id },
    });
    if (typeof started === 'string') this.refuse(started);
    else this.#stream = started;
  }

  #leg(query: URLSearchParams): TrackStart {
    const { access, intake } = this.#parts;
    const side = safeId(firstOf(query, SIDE_PARAMETERS) ?? '');
    const role = SIDE_ROLES.find((name) => name === side) ?? 'unknown';
    const { id, role: fallback } = side === '' ? DEFAULT_LEG : { id: side, role };
    return { id, role: access.roleOf(intake.keyName, id, fallback) };
  }

  /** What the URL says unless that leg is live already, else Asterisk's own id of the channel. */
  #callId(query: URLSearchParams, legId: string, channelId: unknown): string | null {
    const { intake, legs } = this.#parts;
    const named = safeId(firstOf(query, CALL_PARAMETERS) ?? '');
    if (named !== '') {
      this.#claim = legs.claim(intake.keyName ?? '', named, legId);
      if (this.#claim !== null) return named;
    }
    return typeof channelId === 'string' ? channelId : null;
  }

  #hear(message: Uint8Array): void {
    const problem = this.#stream?.audio(0, message) ?? null;
    if (problem !== null) this.refuse(problem);
  }

  #end(reason: EndReason): void {
    this.#state = 'closed';
    if (this.#claim !== null) this.#parts.legs.release(this.#claim);
    this.#claim = null;
    const stream = this.#stream;
    this.#stream = null;
    stream?.end(reason);
  }
}

function firstOf(query: URLSearchParams, names: readonly string[]): string | null {
  for (const name of names) {
    const value = query.get(name);
    if (value !== null && value !== '') return value;
  }
  return null;
}
