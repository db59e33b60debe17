import { type ErrorCode, endReasonOf } from '../errors.ts';
import type { ControlReply, SocketControl } from '../stream/call.ts';
import type { ScreeningEvent } from '../stream/screening-events.ts';
import type { AdapterSession, CallIntake, Link } from './adapter.ts';
import { parseBoundedJson } from './bounded-json.ts';
import { EventOutlet } from './event-outlet.ts';
import type { MetadataDialect, MetadataJson } from './metadata-dialects.ts';
import { StereoMean } from './metadata-downmix.ts';
import { describeResult, type ResultEvent } from './metadata-results.ts';
import { describeStart } from './metadata-start.ts';
import { METADATA_TRANSITIONS, type MetadataEvent, type MetadataState } from './metadata-states.ts';
import type { PlatformAccess } from './platform-access.ts';
import { closeCodeOf, isCleanClose, PlatformStream } from './platform-stream.ts';

/** Of one message: two seconds of 16 kHz stereo, which a module that lagged sends in one. */
const MAX_AUDIO_BYTES = 131_072;
/** A peer that has what it flushed for is done when no audio comes for this long. */
const FLUSHED_WAIT_MS = 10_000;
const NO_METADATA: MetadataJson = {};
const NO_AUDIO = new Uint8Array(0);

export interface MetadataSessionOptions {
  readonly link: Link;
  readonly intake: CallIntake;
  readonly dialect: MetadataDialect;
  readonly query: URLSearchParams;
  readonly access: PlatformAccess;
}

/** One socket of a platform that sends a text of metadata, if any, and then binary audio. */
export class MetadataSession implements AdapterSession {
  readonly #options: MetadataSessionOptions;
  readonly #outlet: EventOutlet;
  #state: MetadataState;
  #stream: PlatformStream | null = null;
  /** Where two channels become one; null when the audio is passed on as it is. */
  #mean: StereoMean | null = null;
  #overruns = 0;
  #flushed = false;
  #flushedTimer: { cancel(): void } | null = null;
  /** The newest score of each leg while the peer waits for all of them. */
  readonly #newest = new Map<string, ResultEvent>();

  constructor(options: MetadataSessionOptions) {
    this.#options = options;
    this.#state = options.dialect.begins;
    this.#outlet = new EventOutlet({
      link: options.link,
      render: (event) => this.#render(event as ResultEvent),
      tooSlow: () => this.refuse('SCREEN_ERR_SLOW_READER'),
    });
  }

  text(message: string): void {
    const { dialect } = this.#options;
    const parsed = parseBoundedJson(message);
    if (parsed.ok) {
      if (parsed.value['msg'] === 'buffer overrun') this.#overruns++;
      this.#take(dialect.eventOf(parsed.value), parsed.value, NO_AUDIO);
    } else {
      this.#take(unparsedEvent(parsed.code, dialect.plainText), NO_METADATA, NO_AUDIO);
    }
  }

  binary(message: Uint8Array): void {
    if (message.length > 0) this.#take('audio', NO_METADATA, message);
    else this.#take(this.#options.dialect.flushes ? 'flush' : 'nothing', NO_METADATA, NO_AUDIO);
  }

  closed(code: number): void {
    this.#flushedTimer?.cancel();
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    // A peer that flushed is done, however its socket ends.
    const done = this.#flushed || isCleanClose(code);
    this.#stream?.end(done ? 'stop' : 'socket_lost');
    this.#stream = null;
  }

  get hasCall(): boolean {
    return this.#stream !== null;
  }

  deliver(event: ScreeningEvent): void {
    if (this.#state === 'closed') return;
    switch (event.type) {
      case 'score':
      case 'verdict':
        this.#report(event);
        break;
      case 'finalized':
        this.#take('finalized', NO_METADATA, NO_AUDIO);
        break;
      case 'failed':
        this.refuse(event.code);
        break;
      case 'stopped':
        // The service ended the call: the peer would go on.
        this.#state = 'closed';
        this.#stream = null;
        this.#options.link.close(event.reason === 'drained' ? 1001 : 1000, event.reason);
        break;
      default:
        break;
    }
  }

  /** An event for the platform's application, where results go to it too. */
  control(request: SocketControl): ControlReply {
    if (request.kind !== 'event' || this.#options.dialect.results === 'none') return 'no_slot';
    if (this.#state === 'closed') return 'call_over';
    return this.#outlet.offerText(this.#wrap(request.data)) ? 'sent' : 'call_over';
  }

  /** Closes with the error's code, the only way to say it here, and ends the call if there is one. */
  refuse(code: ErrorCode): void {
    if (this.#state === 'closed') return;
    this.#flushedTimer?.cancel();
    this.#state = 'closed';
    this.#options.intake.countError(code);
    this.#options.link.close(closeCodeOf(code), code);
    this.#stream?.end(endReasonOf(code));
    this.#stream = null;
  }

  #take(event: MetadataEvent, metadata: MetadataJson, audio: Uint8Array): void {
    const { to, action } = METADATA_TRANSITIONS[this.#state][event];
    switch (action) {
      case 'start':
        this.#start(metadata);
        break;
      case 'startAndHear':
        this.#start(metadata);
        this.#hear(audio);
        break;
      case 'hear':
        this.#hear(audio);
        break;
      case 'flush':
        this.#flushed = true;
        if (this.#stream?.call.finalize() === false) this.refuse('SCREEN_ERR_RATE');
        break;
      case 'report':
        this.#tellNewest();
        this.#waitForMore();
        break;
      case 'reportAndFinish':
        this.#tellNewest();
        this.#finish();
        break;
      case 'finish':
        this.#finish();
        break;
      case 'wait':
      case 'ignore':
        break;
      default:
        this.refuse(action);
    }
    if (this.#state !== 'closed') this.#state = to;
  }

  #tellNewest(): void {
    for (const score of this.#newest.values()) this.#outlet.offer(score);
    this.#newest.clear();
  }

  #waitForMore(): void {
    this.#flushedTimer?.cancel();
    this.#flushedTimer = this.#options.intake.after(FLUSHED_WAIT_MS, () => {
      if (this.#state === 'flushed') this.#take('flush', NO_METADATA, NO_AUDIO);
    });
  }

  #finish(): void {
    this.#flushedTimer?.cancel();
    this.#state = 'closed';
    this.#stream?.end('stop');
    this.#stream = null;
    this.#options.link.close(1000, '');
  }

  #start(metadata: MetadataJson): void {
    const { intake, dialect, query, access } = this.#options;
    const { keyName } = intake;
    const described = describeStart({ dialect, query, metadata, access, keyName });
    if (typeof described === 'string') {
      this.refuse(described);
      return;
    }
    const stream = PlatformStream.start(intake, this, described.start);
    if (typeof stream === 'string') {
      this.refuse(stream);
      return;
    }
    this.#stream = stream;
    if (described.averaged) this.#mean = new StereoMean(MAX_AUDIO_BYTES);
  }

  #hear(audio: Uint8Array): void {
    if (this.#stream === null) return;
    if (audio.length > MAX_AUDIO_BYTES) {
      this.refuse('SCREEN_ERR_AUDIO_TOO_BIG');
      return;
    }
    const packet = this.#mean === null ? audio : this.#mean.take(audio);
    const problem = packet === null ? 'SCREEN_ERR_AUDIO_SIZE' : this.#stream.audio(0, packet);
    if (problem !== null) this.refuse(problem);
  }

  #report(event: ResultEvent): void {
    if (this.#options.dialect.results === 'none') return;
    const isAskedFor = this.#state === 'flushing' || this.#state === 'finishing';
    if (isAskedFor && event.type === 'score') this.#newest.set(event.leg, event);
    else this.#outlet.offer(event);
  }

  #render(event: ResultEvent): string {
    const legs = this.#stream?.call.legs ?? [];
    return this.#wrap(describeResult(event, { legs, overruns: this.#overruns }));
  }

  #wrap(data: object): string {
    const { results } = this.#options.dialect;
    return JSON.stringify(results === 'enveloped' ? { type: 'json', data } : data);
  }
}

/** What a text is that cannot be read as a JSON object. */
function unparsedEvent(code: ErrorCode, plainText: boolean): MetadataEvent {
  if (code === 'SCREEN_ERR_TEXT_TOO_BIG') return 'tooBig';
  if (plainText) return 'metadata';
  return code === 'SCREEN_ERR_DEPTH' ? 'tooDeep' : 'notJson';
}
