import { ERRORS, type ErrorCode, endReasonOf } from '../errors.ts';
import type { CallLeg } from '../stream/call.ts';
import type { ScoreFigures } from '../stream/events.ts';
import { frameBytesOf } from '../stream/packet-ring.ts';
import type { ScreeningEvent } from '../stream/screening-events.ts';
import type { AdapterSession, CallIntake, Link } from './adapter.ts';
import { EventOutlet } from './event-outlet.ts';
import type { PlatformAccess } from './platform-access.ts';
import { isCleanClose, PlatformStream, type TrackStart } from './platform-stream.ts';
import { STANDIN_TRANSITIONS, type StandInEvent, type StandInState } from './standin-states.ts';
import type { ScoredPart, ScoreEvent, StandIn, StandInTalk, StoppedEvent } from './standin-talk.ts';
import { WholeSamples } from './whole-samples.ts';

const NO_AUDIO = new Uint8Array(0);
const NOTHING_SAID = { streamTimeMs: 0, speechMs: 0 };
const DONE_CODE = 1000;

export interface StandInSessionParts {
  readonly link: Link;
  readonly intake: CallIntake;
  readonly access: PlatformAccess;
  readonly standIn: StandIn;
  readonly talk: StandInTalk;
  readonly callId: string;
}

/** One socket of an endpoint that stands in for another service. */
export class StandInSession implements AdapterSession {
  readonly #parts: StandInSessionParts;
  readonly #outlet: EventOutlet;
  /** Scores that answer a request of the peer. */
  readonly #answers = new WeakMap<ScreeningEvent, 'finalize' | 'end'>();
  /** The newest score of each leg while a `finalize` waits for its answer. */
  readonly #held = new Map<string, ScoreEvent>();
  /** Up to where each leg was told. */
  readonly #told = new Map<string, { streamTimeMs: number; speechMs: number }>();
  #state: StandInState;
  #samples: WholeSamples | null = null;
  #stream: PlatformStream | null = null;
  #openFinalizes = 0;

  constructor(parts: StandInSessionParts) {
    this.#parts = parts;
    this.#state = parts.standIn.begins;
    this.#outlet = new EventOutlet({
      link: parts.link,
      render: (event) => this.#render(event),
      tooSlow: () => this.refuse('SCREEN_ERR_SLOW_READER'),
    });
  }

  text(message: string): void {
    if (this.#state === 'closed') return;
    this.#take(this.#parts.talk.read(message), NO_AUDIO);
  }

  binary(message: Uint8Array): void {
    if (message.length > 0) this.#take('audio', message);
    else this.#take(this.#parts.standIn.emptyBinary, NO_AUDIO);
  }

  closed(code: number): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#stream?.end(isCleanClose(code) ? 'stop' : 'socket_lost');
    this.#stream = null;
  }

  get hasCall(): boolean {
    return this.#stream !== null;
  }

  deliver(event: ScreeningEvent): void {
    if (this.#state === 'closed') return;
    switch (event.type) {
      case 'score':
        this.#tell(event);
        break;
      case 'finalized':
        this.#openFinalizes--;
        this.#take(this.#openFinalizes > 0 ? 'finalizedOne' : 'finalized', NO_AUDIO);
        break;
      case 'failed':
        this.refuse(event.code);
        break;
      case 'stopped':
        this.#finish(event);
        break;
      default:
        // A verdict is in the scores, a gap in their quality.
        break;
    }
  }

  refuse(code: ErrorCode): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    const { intake, link, talk } = this.#parts;
    intake.countError(code);
    const { text, closeCode, reason } = talk.refusal(code);
    if (text !== null) link.sendText(text);
    link.close(closeCode, reason);
    this.#stream?.end(endReasonOf(code));
    this.#stream = null;
  }

  #take(event: StandInEvent, audio: Uint8Array): void {
    const { to, action } = STANDIN_TRANSITIONS[this.#state][event];
    switch (action) {
      case 'init':
        if (this.#parts.talk.format === null) this.refuse('SCREEN_ERR_FORMAT');
        break;
      case 'startAndHear':
        this.#start();
        this.#hear(audio);
        break;
      case 'hear':
        this.#hear(audio);
        break;
      case 'finalize':
        this.#openFinalizes++;
        if (this.#stream?.call.finalize() === false) this.refuse('SCREEN_ERR_RATE');
        break;
      case 'report':
        for (const score of this.#held.values()) this.#answer(score, 'finalize');
        this.#held.clear();
        break;
      case 'end':
        this.#stream?.end('stop');
        break;
      case 'endUnheard':
        this.#finish({ type: 'stopped', callId: this.#parts.callId, reason: 'stop', legs: [] });
        return;
      case 'ignore':
        break;
      default:
        this.refuse(action);
    }
    if (this.#state !== 'closed') this.#state = to;
  }

  #start(): void {
    const { intake, access, standIn, talk, callId } = this.#parts;
    const { format } = talk;
    if (format === null) {
      this.refuse('SCREEN_ERR_FORMAT');
      return;
    }
    const ids = format.channels === 1 ? ['channel'] : ['channel-1', 'channel-2'];
    const stream = PlatformStream.start(intake, this, {
      platform: standIn.id,
      callId,
      feeds: [
        {
          format,
          legs: ids.map(
            (id): TrackStart => ({ id, role: access.roleOf(intake.keyName, id, 'unknown') }),
          ),
        },
      ],
      scoreIntervalMs: standIn.scoreIntervalMs ?? access.settings.scoreIntervalMs,
      metadata: talk.metadata,
    });
    if (typeof stream === 'string') {
      this.refuse(stream);
      return;
    }
    this.#stream = stream;
    this.#samples = new WholeSamples(Math.max(1, frameBytesOf(format)));
  }

  #hear(message: Uint8Array): void {
    if (this.#stream === null || this.#samples === null) return;
    const problem = this.#stream.audio(0, this.#samples.take(message));
    if (problem !== null) this.refuse(problem);
  }

  #tell(event: ScoreEvent): void {
    if (this.#openFinalizes === 0) {
      this.#outlet.offer(event);
      return;
    }
    const older = this.#held.get(event.leg);
    if (older !== undefined) this.#outlet.offer(older);
    this.#held.set(event.leg, event);
  }

  #answer(event: ScoreEvent, request: 'finalize' | 'end'): void {
    this.#answers.set(event, request);
    this.#outlet.offer(event);
  }

  /** The call has ended, because the peer said so or because the service did. */
  #finish(event: StoppedEvent): void {
    const { link, standIn } = this.#parts;
    for (const { leg, finalScore } of event.legs) {
      const isNew = (finalScore?.streamTimeMs ?? 0) > this.#toldOf(leg).streamTimeMs;
      if (finalScore === null || !(isNew || standIn.repeatsAtEnd)) continue;
      this.#answer(this.#lastScore(leg, finalScore), 'end');
    }
    this.#outlet.offer(event);
    this.#state = 'closed';
    this.#stream = null;
    if (event.reason === 'drained') {
      link.close(ERRORS.SCREEN_ERR_DRAINING.closeCode, 'SCREEN_ERR_DRAINING');
    } else {
      link.close(DONE_CODE, '');
    }
  }

  #lastScore(leg: string, figures: ScoreFigures): ScoreEvent {
    const { callId, legs } = this.#stream!.call;
    const detector = legs.find(({ id }) => id === leg)?.detectorId ?? '';
    return { type: 'score', callId, leg, seq: 0, ...figures, detector, latencyMs: 0 };
  }

  #render(event: ScreeningEvent): string {
    const { talk } = this.#parts;
    return event.type === 'score'
      ? talk.score(this.#partOf(event))
      : talk.done(event as StoppedEvent, this.#legs);
  }

  get #legs(): readonly CallLeg[] {
    return this.#stream?.call.legs ?? [];
  }

  #toldOf(leg: string) {
    return this.#told.get(leg) ?? NOTHING_SAID;
  }

  #partOf(event: ScoreEvent): ScoredPart {
    const { streamTimeMs, speechMs, leg } = event;
    const told = this.#toldOf(leg);
    this.#told.set(leg, { streamTimeMs, speechMs });
    return {
      event,
      startMs: told.streamTimeMs,
      endMs: streamTimeMs,
      speechMs: speechMs - told.speechMs,
      channel: Math.max(
        0,
        this.#legs.findIndex(({ id }) => id === leg),
      ),
      legs: this.#legs,
      answers: this.#answers.get(event) ?? null,
    };
  }
}
