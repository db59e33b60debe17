import { ERRORS, type ErrorCode, endReasonOf } from '../errors.ts';
import { randomId } from '../random.ts';
import { type Call, RESUME_WINDOW_MS } from '../stream/call.ts';
import type { AudioFormat } from '../stream/codecs/decoder.ts';
import { RATE_BURST_MS, RATE_FACTOR } from '../stream/rate-limit.ts';
import type { ScreeningEvent } from '../stream/screening-events.ts';
import type { AdapterSession, CallIntake, Link } from './adapter.ts';
import { MAX_TEXT_BYTES, parseBoundedJson } from './bounded-json.ts';
import { EventOutlet } from './event-outlet.ts';
import { NativeAudio } from './native-audio.ts';
import {
  BARE_MESSAGE_TYPES,
  type BareMessageType,
  type StartedMessage,
  type StartMessage,
  startSchema,
} from './native-messages.ts';
import { formatOf, isSameFormat, legsOf } from './native-start.ts';
import { NATIVE_TRANSITIONS, type NativeState, type NativeWireEvent } from './native-states.ts';
import { safeMetadata } from './platform-stream.ts';

/** One socket of the native protocol. */
export class NativeSession implements AdapterSession {
  readonly #link: Link;
  readonly #intake: CallIntake;
  readonly #idleMs: number;
  readonly #outlet: EventOutlet;
  #state: NativeState = 'waiting';
  #call: Call | null = null;
  #audio: NativeAudio | null = null;

  constructor(link: Link, intake: CallIntake, idleMs: number) {
    this.#link = link;
    this.#intake = intake;
    this.#idleMs = idleMs;
    this.#outlet = new EventOutlet({
      link,
      render: (event) => JSON.stringify(event),
      tooSlow: () => this.refuse('SCREEN_ERR_SLOW_READER'),
    });
  }

  text(message: string): void {
    if (this.#state === 'closed') return;
    const parsed = parseBoundedJson(message);
    if (!parsed.ok) {
      this.refuse(parsed.code);
      return;
    }
    const { type } = parsed.value;
    const wireEvent: NativeWireEvent =
      type === 'start' || isBareType(type) ? (type as NativeWireEvent) : 'unknown';
    this.#take(wireEvent, parsed.value, null);
  }

  binary(message: Uint8Array): void {
    this.#take('audio', null, message);
  }

  closed(): void {
    const wasStopping = this.#state === 'stopping';
    this.#state = 'closed';
    // After `stop` the audio that waits for room is still written, and the call ends behind it.
    if (wasStopping) return;
    this.#letGo();
  }

  /** The client is back on another socket while this one seems to live. */
  leave(): void {
    if (this.#state === 'closed' || this.#state === 'stopping') return;
    this.#state = 'closed';
    this.#letGo();
    this.#call = null;
    this.#sayAndClose('SCREEN_ERR_RESUMED');
  }

  get hasCall(): boolean {
    return this.#call !== null;
  }

  deliver(event: ScreeningEvent): void {
    if (this.#state === 'closed') return;
    if (event.type === 'failed') {
      this.refuse(event.code);
      return;
    }
    this.#outlet.offer(event);
    if (event.type !== 'stopped') return;
    this.#state = 'closed';
    this.#call = null;
    const drained = event.reason === 'drained';
    this.#link.close(drained ? 1001 : 1000, event.reason);
  }

  /** Sends the coded error, closes, and ends the call if there is one. */
  refuse(code: ErrorCode): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#audio?.stop();
    this.#sayAndClose(code);
    this.#call?.end(endReasonOf(code));
    this.#call = null;
  }

  #letGo(): void {
    this.#audio?.stop();
    if (this.#call === null) return;
    this.#call.sessionMemory = this.#audio?.memory ?? null;
    this.#call.detach();
  }

  #sayAndClose(code: ErrorCode): void {
    this.#intake.countError(code);
    const { message, retryable, closeCode } = ERRORS[code];
    this.#link.sendText(JSON.stringify({ type: 'error', code, message, retryable }));
    this.#link.close(closeCode, code);
  }

  #take(
    wireEvent: NativeWireEvent,
    value: Readonly<Record<string, unknown>> | null,
    audio: Uint8Array | null,
  ): void {
    const { to, action } = NATIVE_TRANSITIONS[this.#state][wireEvent];
    switch (action) {
      case 'start':
        if (value !== null) this.#start(value);
        return;
      case 'pause':
        this.#audio?.flush();
        this.#control((call) => call.pause());
        break;
      case 'resume':
        this.#audio?.restart();
        this.#control((call) => call.resume());
        break;
      case 'finalize':
        this.#audio?.flush();
        this.#control((call) => call.finalize());
        break;
      case 'stop': {
        this.#audio?.flush();
        const call = this.#call;
        this.#audio?.afterAudio(() => call?.end('stop'));
        break;
      }
      case 'audio':
        if (audio !== null) this.#hear(audio);
        return;
      case 'ignore':
        break;
      default:
        this.refuse(action);
        return;
    }
    if (this.#state !== 'closed') this.#state = to;
  }

  /** On the fast door audio may still wait for room: control messages keep their place behind it. */
  #control(tell: (call: Call) => boolean): void {
    const call = this.#call;
    if (call === null) return;
    this.#audio?.afterAudio(() => {
      if (!tell(call)) this.refuse('SCREEN_ERR_RATE');
    });
  }

  #hear(message: Uint8Array): void {
    if (message.length > MAX_TEXT_BYTES) {
      this.refuse('SCREEN_ERR_AUDIO_TOO_BIG');
      return;
    }
    const problem = this.#audio?.take(message) ?? null;
    if (problem !== null) this.refuse(problem);
  }

  #start(value: Readonly<Record<string, unknown>>): void {
    const parsed = startSchema.safeParse(value);
    if (!parsed.success) {
      this.refuse('SCREEN_ERR_MESSAGE');
      return;
    }
    const message = parsed.data;
    const format = formatOf(message);
    if (format === null) {
      this.refuse('SCREEN_ERR_FORMAT');
      return;
    }
    if (message.pace === 'fast' && !this.#intake.mayRunFast) {
      this.refuse('SCREEN_ERR_RATE');
      return;
    }
    if (message.resume !== undefined) this.#resume(message, format);
    else this.#begin(message, format);
  }

  #begin(message: StartMessage, format: AudioFormat): void {
    const legs = legsOf(message, format);
    if (legs === null) {
      this.refuse('SCREEN_ERR_MESSAGE');
      return;
    }
    const started = this.#intake.start(
      {
        ...(message.callId === undefined ? {} : { callId: message.callId }),
        platform: 'native',
        feeds: [{ format, legs }],
        scoreIntervalMs: message.scoreIntervalMs,
        pace: message.pace,
        metadata: safeMetadata(message.metadata),
      },
      this,
    );
    if (typeof started === 'string') {
      this.refuse(started);
      return;
    }
    this.#attach(started, message, { resumed: false, awayMs: 0 });
  }

  #resume(message: StartMessage, format: AudioFormat): void {
    const found = this.#intake.resume(message.resume ?? '', this, ({ start }) => {
      const before = start.feeds[0]?.format;
      return before !== undefined && isSameFormat(before, format);
    });
    if (found === null) {
      this.refuse('SCREEN_ERR_RESUME');
      return;
    }
    this.#attach(found.call, message, { resumed: true, awayMs: found.awayMs });
  }

  #attach(call: Call, message: StartMessage, from: { resumed: boolean; awayMs: number }): void {
    this.#state = call.pausedAtMs === null ? 'active' : 'paused';
    this.#call = call;
    this.#audio = new NativeAudio({
      call,
      framing: message.audio.framing,
      link: this.#link,
      after: (delayMs, action) => this.#intake.after(delayMs, action),
      awayMs: from.awayMs,
    });
    const detector = this.#detectorOf(call);
    const started: StartedMessage = {
      type: 'started',
      callId: call.callId,
      streamId: randomId(),
      audio: message.audio,
      legs: call.legs.map(({ id, role }) => ({ id, role })),
      detector: {
        name: detector.name,
        version: detector.version,
        sha256: detector.sha256,
        sampleRateHz: detector.sampleRateHz,
      },
      scoreIntervalMs: call.start.scoreIntervalMs,
      resumed: from.resumed,
      resumeToken: call.resumeToken,
      limits: {
        textBytes: MAX_TEXT_BYTES,
        audioBytes: MAX_TEXT_BYTES,
        rateFactor: RATE_FACTOR,
        burstMs: RATE_BURST_MS,
        resumeWindowMs: RESUME_WINDOW_MS,
        idleMs: this.#idleMs,
      },
    };
    this.#link.sendText(JSON.stringify(started));
  }

  #detectorOf(call: Call) {
    const id = call.legs[0]!.detectorId;
    return this.#intake.detectors.find((detector) => detector.id === id)!;
  }
}

function isBareType(type: unknown): type is BareMessageType {
  return BARE_MESSAGE_TYPES.includes(type as BareMessageType);
}
