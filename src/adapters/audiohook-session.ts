import type { Clock } from '../clock.ts';
import { ERRORS, type ErrorCode, endReasonOf } from '../errors.ts';
import { frameBytesOf } from '../stream/packet-ring.ts';
import type { ScreeningEvent } from '../stream/screening-events.ts';
import type { AdapterSession, Link } from './adapter.ts';
import {
  type AudioHookCallParts,
  declareLost,
  leaveStream,
  resumeStream,
  startStream,
} from './audiohook-call.ts';
import { type AudioHookMedia, chooseMedia } from './audiohook-media.ts';
import {
  AudioHookDialogue,
  type ClientMessage,
  type ClientParameters,
  NULL_UUID,
  type ServerParameters,
} from './audiohook-messages.ts';
import { entitiesOf, quietMsOf } from './audiohook-results.ts';
import {
  AUDIOHOOK_PERMISSIONS,
  AUDIOHOOK_TRANSITIONS,
  type AudioHookState,
  type AudioHookWireEvent,
} from './audiohook-states.ts';
import { MAX_TEXT_BYTES } from './bounded-json.ts';
import { CLOSE_BYTES, EventOutlet } from './event-outlet.ts';
import { closeCodeOf, type PlatformStream } from './platform-stream.ts';

/** The client gives a close 10 s: the last results may take this much of it. */
const LAST_RESULTS_MS = 3_000;
/** A client that was told to go closes at once, or gives up after 10 s. */
const CLIENT_CLOSE_MS = 12_000;
const CLOSE_IS_UNDER_WAY: ReadonlySet<AudioHookState> = new Set(['leaving', 'closing']);

export interface AudioHookSessionParts extends AudioHookCallParts {
  readonly link: Link;
  readonly clock: Clock;
}

/** One AudioHook session: the service's side of its dialogue. */
export class AudioHookSession implements AdapterSession {
  readonly #parts: AudioHookSessionParts;
  readonly #dialogue: AudioHookDialogue;
  readonly #outlet: EventOutlet;
  readonly #timers = new Set<{ cancel(): void }>();
  #state: AudioHookState = 'preparing';
  #media: AudioHookMedia | null = null;
  /** Null also for a connection probe and when no offer was taken. */
  #stream: PlatformStream | null = null;
  /** Until then no scores are sent: the client got too many. */
  #quietUntilMs = 0;
  #exit = (): void => {};

  constructor(parts: AudioHookSessionParts) {
    this.#parts = parts;
    this.#dialogue = new AudioHookDialogue(parts.sessionId);
    this.#outlet = new EventOutlet({
      link: parts.link,
      render: (event) => this.#renderResults(event),
      tooSlow: () => this.refuse('SCREEN_ERR_SLOW_READER'),
    });
  }

  get hasCall(): boolean {
    return this.#stream !== null;
  }

  text(text: string): void {
    const read = this.#dialogue.read(text);
    if (read.ok) this.#take(read.message.type, read.message);
    else this.#take('faulty', null, read.code);
  }

  binary(message: Uint8Array): void {
    if (message.length > MAX_TEXT_BYTES) this.#take('faulty', null, 'SCREEN_ERR_AUDIO_TOO_BIG');
    else if (AUDIOHOOK_TRANSITIONS[this.#state].audio.action === 'hear') this.#hear(message);
    else this.#take('audio', null);
  }

  closed(): void {
    this.#exit();
    const wasOpen = AUDIOHOOK_PERMISSIONS[this.#state].disconnect;
    this.#state = 'disconnected';
    for (const timer of this.#timers) timer.cancel();
    if (wasOpen) this.#leaveBehind();
  }

  deliver(event: ScreeningEvent): void {
    switch (event.type) {
      case 'score':
      case 'verdict':
        if (!(event.type === 'score' && this.#isQuiet)) this.#offer(event);
        break;
      case 'failed':
        this.#stream = null;
        if (AUDIOHOOK_PERMISSIONS[this.#state].disconnect) this.#signal(event.code, 'error');
        else this.#sayClosed();
        break;
      case 'stopped':
        this.#offer(event);
        this.#stream = null;
        if (AUDIOHOOK_PERMISSIONS[this.#state].disconnect) this.#askToLeave();
        else this.#sayClosed();
        break;
      default:
        break;
    }
  }

  /** The client is back on another socket: this one only seems to live. */
  leave(): void {
    if (!AUDIOHOOK_PERMISSIONS[this.#state].disconnect) return;
    this.#leaveBehind();
    this.#state = 'closed';
    this.#parts.link.close(1000, 'continued elsewhere');
  }

  refuse(code: ErrorCode): void {
    const isDraining = code === 'SCREEN_ERR_DRAINING';
    if (AUDIOHOOK_PERMISSIONS[this.#state].disconnect) {
      if (!isDraining) {
        this.#signal(code, 'error');
        return;
      }
      this.#parts.intake.countError(code);
      this.#stream?.end('drained');
      this.#askToLeave();
    } else if (!(isDraining && CLOSE_IS_UNDER_WAY.has(this.#state))) {
      // The dialogue is over and the client has not closed the socket.
      this.#parts.intake.countError(code);
      this.#parts.link.close(closeCodeOf(code), code);
    }
  }

  #take(event: AudioHookWireEvent, message: ClientMessage | null, code?: ErrorCode): void {
    const { to, action } = AUDIOHOOK_TRANSITIONS[this.#state][event];
    switch (action) {
      case 'open':
        if (message?.type === 'open') this.#open(message.parameters);
        return;
      case 'close':
        this.#state = to;
        if (message?.type === 'close') this.#close(message.parameters.reason === 'reconnect');
        return;
      case 'pong':
        this.#send('pong', {});
        return;
      case 'pause':
        this.#state = to;
        if (this.#stream?.call.pause() === false) this.refuse('SCREEN_ERR_RATE');
        return;
      case 'resume':
        this.#state = to;
        if (message?.type === 'resumed') this.#resume(message.parameters.discarded);
        return;
      case 'discard':
        if (message?.type === 'discarded') declareLost(this.#stream, message.parameters.discarded);
        return;
      case 'update':
        this.#send('updated', {});
        return;
      case 'note':
        if (message?.type === 'error') this.#note(message.parameters);
        return;
      case 'signal':
        this.#signal(code ?? 'SCREEN_ERR_MESSAGE', 'error');
        return;
      case 'count':
        this.#parts.intake.countError(code ?? 'SCREEN_ERR_STATE');
        return;
      case 'ignore':
      case 'hear':
        this.#state = to;
        return;
      default:
        this.#signal(action, 'error');
    }
  }

  #hear(message: Uint8Array): void {
    let code: ErrorCode | null = null;
    if (this.#media === null) code = 'SCREEN_ERR_STATE';
    else if (this.#stream !== null) code = this.#stream.audio(0, message);
    else if (message.length % frameBytesOf(this.#media.format) !== 0) {
      code = 'SCREEN_ERR_AUDIO_SIZE';
    }
    if (code !== null) this.#signal(code, 'error');
  }

  #open(parameters: ClientParameters<'open'>): void {
    if (parameters.organizationId !== this.#parts.organizationId) {
      this.#signal('SCREEN_ERR_AUTH', 'unauthorized');
      return;
    }
    const media = chooseMedia(parameters.media);
    // A connection probe is answered like a call, and is none.
    if (media !== null && parameters.conversationId !== NULL_UUID) {
      const opened = { parameters, media };
      const stream =
        resumeStream(this.#parts, this, opened) ?? startStream(this.#parts, this, opened);
      if (typeof stream === 'string') {
        this.refuse(stream);
        return;
      }
      this.#stream = stream;
      const { continued, sessionId, intake } = this.#parts;
      this.#exit = continued.enter(sessionId, intake.keyName ?? '', stream.call.resumeToken);
    }
    this.#media = media;
    this.#state = 'active';
    this.#send('opened', {
      media: media === null ? [] : [media.offer],
      ...(parameters.supportedLanguages === true ? { supportedLanguages: [] } : {}),
    });
  }

  /** What was left out in a pause is no loss: the client held it back for privacy. */
  #resume(seconds: number): void {
    if (this.#stream?.call.resume(seconds * 1000) === false) this.refuse('SCREEN_ERR_RATE');
  }

  #note(error: ClientParameters<'error'>): void {
    // Of several the longest wait counts.
    const untilMs = this.#parts.clock.nowMs() + quietMsOf(error);
    this.#quietUntilMs = Math.max(this.#quietUntilMs, untilMs);
  }

  get #isQuiet(): boolean {
    return this.#parts.clock.nowMs() < this.#quietUntilMs;
  }

  #close(willReconnect: boolean): void {
    if (willReconnect) this.#leaveBehind();
    if (this.#stream === null) {
      this.#sayClosed();
      return;
    }
    this.#stream.end('stop');
    this.#after(LAST_RESULTS_MS, () => this.#sayClosed());
  }

  #sayClosed(): void {
    if (this.#state !== 'closing') return;
    this.#send('closed', {});
    this.#state = 'closed';
  }

  /** The call waits for a session that continues this one. */
  #leaveBehind(): void {
    if (this.#stream?.call.state !== 'live') return;
    leaveStream(this.#parts, this.#stream);
    this.#stream = null;
  }

  /** Asks for the close that only the client may begin; the last results still follow. */
  #askToLeave(): void {
    this.#send('disconnect', { reason: 'completed' });
    this.#state = 'leaving';
    this.#giveUpLater('SCREEN_ERR_DRAINING');
  }

  #signal(code: ErrorCode, reason: 'error' | 'unauthorized'): void {
    this.#parts.intake.countError(code);
    this.#stream?.end(endReasonOf(code));
    this.#stream = null;
    this.#send('disconnect', { reason, info: `${code}: ${ERRORS[code].message}` });
    this.#state = 'signaled';
    this.#giveUpLater(code);
  }

  #giveUpLater(code: ErrorCode): void {
    this.#after(CLIENT_CLOSE_MS, () => this.#parts.link.close(closeCodeOf(code), code));
  }

  #offer(event: ScreeningEvent): void {
    if (this.#stream === null || !AUDIOHOOK_PERMISSIONS[this.#state].event) return;
    // The client reads the first entity unseen: there must be one.
    if (entitiesOf(event, this.#stream.call).length > 0) this.#outlet.offer(event);
  }

  #renderResults(event: ScreeningEvent): string {
    const entities = this.#stream === null ? [] : entitiesOf(event, this.#stream.call);
    return this.#dialogue.build('event', { entities });
  }

  #send<Type extends keyof ServerParameters>(type: Type, parameters: ServerParameters[Type]): void {
    const { link } = this.#parts;
    // It asks and asks and never reads.
    if (link.bufferedBytes > CLOSE_BYTES) {
      link.close(closeCodeOf('SCREEN_ERR_SLOW_READER'), 'SCREEN_ERR_SLOW_READER');
    } else link.sendText(this.#dialogue.build(type, parameters));
  }

  #after(delayMs: number, action: () => void): void {
    const timer = this.#parts.intake.after(delayMs, () => {
      this.#timers.delete(timer);
      action();
    });
    this.#timers.add(timer);
  }
}
