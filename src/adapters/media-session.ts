import { ERRORS, type ErrorCode, endReasonOf } from '../errors.ts';
import type { EndReason, ScreeningEvent } from '../stream/screening-events.ts';
import type { AdapterSession, CallIntake, Link } from './adapter.ts';
import { MAX_TEXT_BYTES, parseBoundedJson } from './bounded-json.ts';
import { MediaBytesReader, type PayloadScratch } from './media-bytes.ts';
import {
  MEDIA_TRACK_ROLES,
  type MediaDialect,
  type MediaStart,
  plainTrack,
} from './media-dialects.ts';
import { credentialIn, withoutCredentials } from './media-parameters.ts';
import { MEDIA_TRANSITIONS, type MediaState, type MediaWireEvent } from './media-states.ts';
import { endStream, legsOf, liveTag, type OpenStream, stoppedTag } from './media-streams.ts';
import { emptyMediaFrame, mediaOfValue } from './media-text.ts';
import { MediaTrack } from './media-track.ts';
import { PassedOver } from './passed-over.ts';
import type { PlatformAccess } from './platform-access.ts';
import { closeCodeOf, isCleanClose, PlatformStream } from './platform-stream.ts';

/** A start must come this soon after the socket. */
const START_TIMEOUT_MS = 10_000;
const MAX_TRACKS = 8;
/** Tagged streams of one socket, with those that there was no room for. */
const MAX_OPEN_STREAMS = 64;

export interface MediaSessionParts {
  readonly dialect: MediaDialect;
  readonly access: PlatformAccess;
  readonly link: Link;
  readonly intake: CallIntake;
  readonly scratch: PayloadScratch;
}

/** One socket of the JSON-and-base64 family. Nothing is ever sent back. */
export class MediaSession implements AdapterSession {
  readonly #parts: MediaSessionParts;
  readonly #frame = emptyMediaFrame();
  readonly #reader = new MediaBytesReader();
  /** Of the frame, in the scratch. */
  #audioBytes = 0;
  readonly #open = new Map<string, OpenStream>();
  readonly #startTimer: { cancel(): void };
  #state: MediaState = 'waiting';
  #liveStreams = 0;
  readonly #passedOver: PassedOver;
  /** Of the first stream; later ones that name none belong to the same call. */
  #callId: string | null = null;

  constructor(parts: MediaSessionParts) {
    this.#parts = parts;
    this.#passedOver = new PassedOver(parts.intake);
    this.#startTimer = parts.intake.after(START_TIMEOUT_MS, () => {
      if (this.#state === 'waiting' && !this.isResting) this.refuse('SCREEN_ERR_IDLE');
    });
  }

  text(message: string): void {
    if (this.#state === 'closed') return;
    if (message.length > MAX_TEXT_BYTES) {
      this.refuse('SCREEN_ERR_TEXT_TOO_BIG');
      return;
    }
    this.#parse(message);
  }

  textBytes(message: Buffer): void {
    const { dialect, scratch } = this.#parts;
    const isShort = message.length <= MAX_TEXT_BYTES && dialect.eventField === 'event';
    this.#audioBytes = isShort ? this.#reader.read(message, this.#frame, scratch.bytes) : 0;
    if (this.#audioBytes > 0) this.#take('media', null);
    else this.text(message.toString('utf8'));
  }

  binary(): void {
    this.#take('binary', null);
  }

  /** Not every platform says a stop first: a clean close is one. */
  closed(code: number): void {
    this.#startTimer.cancel();
    this.#state = 'closed';
    this.#endAll(isCleanClose(code) ? 'stop' : 'socket_lost');
  }

  get hasCall(): boolean {
    return this.#liveStreams > 0;
  }

  /** Where streams come and go, the socket of a peer that is known may be there before and between them. */
  get isResting(): boolean {
    const { dialect, intake } = this.#parts;
    return dialect.several && intake.keyName !== null && !this.hasCall;
  }

  deliver(event: ScreeningEvent): void {
    if (event.type === 'failed') this.refuse(event.code);
    if (event.type !== 'stopped') return;
    this.#liveStreams--;
    if (this.#liveStreams > 0 || this.#state !== 'stopping') return;
    this.#leave(event.reason === 'drained' ? 1001 : 1000);
  }

  refuse(code: ErrorCode): void {
    if (this.#state === 'closed') return;
    this.#startTimer.cancel();
    this.#state = 'closed';
    if (code === 'SCREEN_ERR_IDLE' && this.isResting) {
      this.#parts.link.close(1000, '');
      return;
    }
    this.#parts.intake.countError(code);
    this.#parts.link.close(closeCodeOf(code), code);
    this.#endAll(endReasonOf(code));
  }

  #parse(message: string): void {
    const parsed = parseBoundedJson(message, MAX_TEXT_BYTES);
    if (!parsed.ok) {
      this.refuse(parsed.code);
      return;
    }
    const { value } = parsed;
    const { dialect } = this.#parts;
    switch (value[dialect.eventField] ?? value['event']) {
      case 'connected':
        this.#take('connected', value);
        break;
      case 'start':
        this.#take(this.#isAnother(value) ? 'startAnother' : 'start', value);
        break;
      case 'media':
        if (mediaOfValue(value, this.#frame)) {
          this.#audioBytes = this.#parts.scratch.bytes.write(this.#frame.payload, 'base64');
          this.#take('media', value);
        } else this.refuse('SCREEN_ERR_MESSAGE');
        break;
      case 'stop':
        this.#take(this.#stopOf(value), value);
        break;
      default:
        this.#take('other', value);
    }
  }

  #isAnother(value: Readonly<Record<string, unknown>>): boolean {
    const { dialect } = this.#parts;
    return dialect.several && !this.#open.has(dialect.start(value)?.tag ?? '');
  }

  /** A late stop of a stream that is over ends no other. */
  #stopOf(value: Readonly<Record<string, unknown>>): MediaWireEvent {
    if (!this.#parts.dialect.several || this.#open.size === 0) return 'stop';
    const tag = stoppedTag(value);
    if (tag !== '' && liveTag(this.#open, tag) === null) return 'other';
    return this.#open.size > 1 ? 'stopOne' : 'stop';
  }

  #take(wireEvent: MediaWireEvent, value: Readonly<Record<string, unknown>> | null): void {
    const { to, action } = MEDIA_TRANSITIONS[this.#state][wireEvent];
    switch (action) {
      case 'start':
        if (!this.#start(value ?? {})) return;
        break;
      case 'media':
        this.#hear();
        break;
      case 'stop':
        this.#endAll('stop');
        // Nothing was heard: no scores are waited for.
        if (this.#liveStreams === 0) this.#leave(1000);
        break;
      case 'stopOne':
        this.#endOne(value ?? {});
        break;
      case 'ignore':
        break;
      default:
        this.refuse(action);
        return;
    }
    if (this.#state !== 'closed') this.#state = to;
  }

  #start(value: Readonly<Record<string, unknown>>): boolean {
    const { dialect, intake } = this.#parts;
    const start = dialect.start(value);
    const problem =
      start === null
        ? 'SCREEN_ERR_MESSAGE'
        : !this.#identify(start)
          ? 'SCREEN_ERR_AUTH'
          : start.format === null
            ? 'SCREEN_ERR_FORMAT'
            : null;
    if (start === null || problem !== null) {
      this.refuse(problem ?? 'SCREEN_ERR_MESSAGE');
      return false;
    }
    this.#startTimer.cancel();
    if (this.#open.size >= MAX_OPEN_STREAMS) {
      this.#passOver(start.tag, 'SCREEN_ERR_LIMIT_STREAMS');
      return this.#state !== 'closed';
    }
    const open: OpenStream = { start, tracks: new Map(), streams: [] };
    this.#open.set(start.tag, open);
    const refusal = start.tracks.length > 0 ? this.#openTracks(open, start.tracks) : null;
    if (refusal !== null) this.#passOver(start.tracks[0]!, refusal);
    return this.#state !== 'closed' && intake.keyName !== null;
  }

  /** A key in the parameters counts only where the upgrade did not tell who it is. */
  #identify({ parameters }: MediaStart): boolean {
    const { intake, access } = this.#parts;
    if (intake.keyName !== null) return true;
    const credential = credentialIn(parameters);
    const key = credential === null ? null : access.fromCredential(credential);
    if (key === null) return false;
    intake.identify(key);
    return true;
  }

  #openTracks(open: OpenStream, tracks: readonly string[]): ErrorCode | null {
    const { dialect, access, intake } = this.#parts;
    const { start } = open;
    const format = start.format!;
    const roleOf = (track: string) =>
      access.roleOf(intake.keyName, track, MEDIA_TRACK_ROLES.get(track) ?? 'unknown');
    const stream = PlatformStream.start(intake, this, {
      platform: dialect.id,
      callId: start.callId ?? start.streamId ?? this.#callId,
      feeds: tracks.map((track) => ({ format, legs: legsOf(track, format.channels, roleOf) })),
      scoreIntervalMs: access.settings.scoreIntervalMs,
      metadata: { ...start.metadata, ...withoutCredentials(start.parameters) },
    });
    if (typeof stream === 'string') return stream;
    this.#callId ??= stream.call.callId;
    this.#liveStreams++;
    open.streams.push(stream);
    for (const [feedIndex, track] of tracks.entries()) {
      open.tracks.set(track, new MediaTrack(stream, feedIndex, dialect.reorders));
    }
    return null;
  }

  #hear(): void {
    const { scratch, dialect, access } = this.#parts;
    const frame = this.#frame;
    const open = this.#open.get(frame.tag) ?? this.#open.get('');
    // Of a tag that is not live: the streams of the others go on.
    if (open === undefined) {
      this.#parts.intake.countError('SCREEN_ERR_AUDIO_BEFORE_START');
      return;
    }
    const name = frame.track === '' ? (open.start.tracks[0] ?? 'inbound') : frame.track;
    const track = open.tracks.get(name) ?? this.#trackOf(open, plainTrack(name));
    if (track === null) return;
    const packet = scratch.first(this.#audioBytes);
    const { byteOrderSetting: setting } = dialect;
    if (setting !== null && open.start.format?.codec === 'pcm16' && access.settings[setting]) {
      if (packet.length % 2 === 0) packet.swap16();
    }
    // A payload that is there and says nothing is no base64; an empty one is just empty.
    if (packet.length === 0 && frame.payload === '') return;
    const problem = packet.length === 0 ? 'SCREEN_ERR_AUDIO_SIZE' : track.take(frame, packet);
    if (problem !== null) this.refuse(problem);
  }

  /** A track that the start did not name is opened with its first packet. */
  #trackOf(open: OpenStream, name: string): MediaTrack | null {
    const known = open.tracks.get(name);
    if (known !== undefined) return known;
    const refusal =
      open.tracks.size >= MAX_TRACKS ? 'SCREEN_ERR_MESSAGE' : this.#openTracks(open, [name]);
    if (refusal !== null) this.#passOver(name, refusal);
    return open.tracks.get(name) ?? null;
  }

  /** A track that there is no room for ends none of those that are heard: its next packet asks again. */
  #passOver(track: string, code: ErrorCode): void {
    if (this.#liveStreams === 0 || !ERRORS[code].retryable) this.refuse(code);
    else this.#passedOver.note(track, code);
  }

  #endOne(value: Readonly<Record<string, unknown>>): void {
    const tag = liveTag(this.#open, stoppedTag(value));
    if (tag === null) return;
    endStream(this.#open.get(tag)!, 'stop');
    this.#open.delete(tag);
  }

  /** All is said after a stop; where streams come and go another one may start. */
  #leave(closeCode: number): void {
    if (this.#parts.dialect.several) return;
    this.#state = 'closed';
    this.#parts.link.close(closeCode, '');
  }

  #endAll(reason: EndReason): void {
    for (const open of this.#open.values()) endStream(open, reason);
    this.#open.clear();
  }
}
