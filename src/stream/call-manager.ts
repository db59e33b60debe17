import type { Clock } from '../clock.ts';
import type { ErrorCode } from '../errors.ts';
import { randomId } from '../random.ts';
import type { LegSample } from '../screening/leg-sample.ts';
import { Call, type CallLeg, type CallSink, type CallStart } from './call.ts';
import { CallDirectory } from './call-directory.ts';
import type { AudioFormat, CodecName } from './codecs/decoder.ts';
import type { LaneEvent, LegTotals } from './events.ts';
import { FeedPort } from './feed-port.ts';
import { figureEvent } from './figure-event.ts';
import type { LanePool } from './lane-pool.ts';
import { PacketCounts, type PacketFigures } from './packet-counts.ts';
import { RingPool } from './ring-pool.ts';
import type { EndReason, ScreeningEvent } from './screening-events.ts';

export interface CallLimits {
  readonly maxCalls: number;
  /** Per key; a key's own limit wins. */
  readonly maxCallsPerKey: number;
}

/** What is told about calls, for the results plane and the metrics. */
export interface CallObserver {
  started(call: Call): void;
  event(call: Call, event: ScreeningEvent, latencyMs: number | null): void;
  /** A leg has had enough speech to be compared with the training data. */
  sampled?(detectorId: string, codec: CodecName, sample: LegSample): void;
  ended(call: Call): void;
}

export interface CallManagerOptions {
  readonly clock: Clock;
  readonly limits: CallLimits;
  readonly observer: CallObserver;
  /** `name@12 hex` of the detector for an audio format. */
  readonly detectorIdFor: (format: AudioFormat) => string;
  readonly keyLimit: (keyName: string) => number | null;
}

/**
 * The life of calls: admission, feeds on lanes, resume tickets, and the way of lane events
 * back to the call they belong to.
 */
export class CallManager {
  readonly #options: CallManagerOptions;
  readonly #directory = new CallDirectory();
  readonly #packets = new PacketCounts();
  readonly #rings = new RingPool();
  readonly #totals = new Map<Call, Map<number, readonly LegTotals[]>>();
  #lanes: LanePool | null = null;
  #nextKey = 1;
  #draining = false;
  #emptied: (() => void) | null = null;

  constructor(options: CallManagerOptions) {
    this.#options = options;
  }

  /** Given once, after the lanes that report here have started. */
  useLanes(lanes: LanePool): void {
    this.#lanes = lanes;
  }

  /** Live streams: a call whose legs come by themselves counts one each. */
  get liveCalls(): number {
    return this.#directory.size;
  }

  get liveLegs(): number {
    return this.#directory.legCount;
  }

  get draining(): boolean {
    return this.#draining;
  }

  calls(): Iterable<Call> {
    return this.#directory.calls();
  }

  /** The live streams of a call. */
  streamsOf(callId: string): readonly Call[] {
    return this.#directory.streamsOf(callId);
  }

  packets(): PacketFigures {
    return this.#packets.with(this.calls());
  }

  /** True while a call of this key waits for its lost socket. */
  hasDetachedCall(keyName: string): boolean {
    for (const call of this.calls()) {
      if (call.state === 'detached' && call.start.keyName === keyName) return true;
    }
    return false;
  }

  /** Most live calls that this key may have. */
  limitOf(keyName: string): number {
    const { maxCalls, maxCallsPerKey } = this.#options.limits;
    return Math.min(maxCalls, this.#options.keyLimit(keyName) ?? maxCallsPerKey);
  }

  /** Why a new call of this key would be refused now, or null. */
  refusal(keyName: string): ErrorCode | null {
    if (this.#draining) return 'SCREEN_ERR_DRAINING';
    const { maxCalls } = this.#options.limits;
    if (this.#directory.size >= maxCalls || this.#lanes?.hasRoom !== true) {
      return 'SCREEN_ERR_LIMIT_CALLS';
    }
    const isFull = this.#directory.countOfKey(keyName) >= this.limitOf(keyName);
    return isFull ? 'SCREEN_ERR_LIMIT_KEY' : null;
  }

  /** Admits a call and opens its feeds on one lane, or says why not. */
  start(start: CallStart, sink: CallSink): Call | ErrorCode {
    const refusal = this.refusal(start.keyName);
    if (refusal !== null) return refusal;
    const callId = this.#directory.idFor(start.callId ?? randomId(), start.keyName);
    const clash = this.#directory.refusal({ ...start, callId });
    if (clash !== null) return clash;
    const laneIndex = this.#lanes?.pick() ?? null;
    if (laneIndex === null) return 'SCREEN_ERR_LIMIT_CALLS';
    const call = this.#createCall({ ...start, callId });
    call.sink = sink;
    this.#directory.add(call);
    for (const [feedIndex, port] of call.ports.entries()) {
      this.#lanes?.open(laneIndex, {
        feedId: port.feedId,
        format: port.format,
        legKeys: call.legs.filter((leg) => leg.feedIndex === feedIndex).map((leg) => leg.legKey),
        scoreIntervalMs: start.scoreIntervalMs,
        ringMemory: port.ringMemory,
      });
    }
    this.#options.observer.started(call);
    return call;
  }

  /** The call of a resume token of the same key, with the wall time it was alone. As of `CallIntake`. */
  resume(
    token: string,
    keyName: string,
    sink: CallSink,
    fits: (call: Call) => boolean = () => true,
  ): { call: Call; awayMs: number } | null {
    const call = this.#directory.byToken(token);
    if (call === undefined || call.start.keyName !== keyName || !fits(call)) return null;
    const awayMs = call.attach(sink);
    return awayMs < 0 ? null : { call, awayMs };
  }

  laneEvents(events: readonly LaneEvent[]): void {
    for (const event of events) this.#laneEvent(event);
  }

  /** The lane of these feeds died: their calls end with a coded error. */
  lanesLost(feedIds: readonly number[]): void {
    for (const feedId of feedIds) {
      const call = this.#directory.byFeedId(feedId);
      if (call !== undefined) this.fail(call, 'SCREEN_ERR_LANE');
    }
  }

  /** Ends a call at once with a code; nothing of its lane is waited for. */
  fail(call: Call, code: ErrorCode): void {
    if (call.laneSays('laneFailed') !== 'fail') return;
    call.failure = code;
    call.endReason = 'failed';
    this.#publish(call, { type: 'failed', callId: call.callId, code }, null);
    this.#forget(call);
  }

  /** Ends every call with its scores so far. */
  endAll(): void {
    for (const call of this.calls()) call.end('drained');
  }

  /**
   * Takes no more calls and waits until the live ones have ended, at most `graceMs`; those left are
   * ended with their scores so far, and failed where their lane does not answer: the alerts and records of a call's end
   * are made in any case.
   */
  async drain(graceMs: number): Promise<void> {
    this.#draining = true;
    if (this.#directory.size === 0) return;
    const empty = new Promise<void>((resolve) => {
      this.#emptied = resolve;
    });
    const timer = this.#options.clock.after(graceMs, () => this.endAll());
    const giveUp = this.#options.clock.after(graceMs + 5_000, () => this.#emptied?.());
    await empty;
    timer.cancel();
    giveUp.cancel();
    for (const call of this.calls()) this.fail(call, 'SCREEN_ERR_DRAINING');
  }

  #createCall(start: CallStart & { readonly callId: string }): Call {
    const { clock, detectorIdFor } = this.#options;
    const services = { clock, rings: this.#rings };
    const ports: FeedPort[] = [];
    const legs: CallLeg[] = [];
    start.feeds.forEach((feed, feedIndex) => {
      ports.push(new FeedPort(this.#nextKey++, feed.format, start.pace === 'live', services));
      const detectorId = detectorIdFor(feed.format);
      for (const leg of feed.legs) {
        const id = this.#directory.freeLegName(start.callId, leg.id, legs);
        legs.push({ ...leg, id, legKey: this.#nextKey++, feedIndex, detectorId });
      }
    });
    return new Call({ start, ports, legs, resumeToken: randomId(), clock });
  }

  #forget(call: Call): void {
    this.#directory.remove(call);
    this.#packets.keep(call);
    for (const port of call.ports) {
      port.close();
      this.#lanes?.close(port.feedId);
      // Of any other feed its lane may be reading still.
      if (this.#totals.get(call)?.has(port.feedId)) this.#rings.giveBack(port.ringMemory);
    }
    this.#totals.delete(call);
    call.sink = null;
    this.#options.observer.ended(call);
    if (this.#directory.size === 0) this.#emptied?.();
  }

  #laneEvent(event: LaneEvent): void {
    switch (event.kind) {
      case 'score':
      case 'verdict':
        this.#figures(event);
        break;
      case 'gap': {
        const entry = this.#directory.byLegKey(event.legKey);
        if (entry === undefined) return;
        const { streamTimeMs, lostMs } = event;
        const { callId } = entry.call;
        this.#publish(
          entry.call,
          { type: 'gap', callId, leg: entry.leg.id, streamTimeMs, lostMs },
          null,
        );
        break;
      }
      case 'sample': {
        const { call, leg } = this.#directory.byLegKey(event.legKey) ?? {};
        if (call === undefined || leg === undefined) return;
        const { codec } = call.ports[leg.feedIndex]!.format;
        this.#options.observer.sampled?.(leg.detectorId, codec, event.sample);
        break;
      }
      case 'paused':
      case 'resumed':
      case 'finalized':
        this.#passage(event);
        break;
      case 'ended':
        this.#feedEnded(event.feedId, event.totals);
        break;
      case 'failed': {
        const call = this.#directory.byFeedId(event.feedId);
        if (call !== undefined) this.fail(call, event.code);
        break;
      }
    }
  }

  #figures(event: LaneEvent & { kind: 'score' | 'verdict' }): void {
    const entry = this.#directory.byLegKey(event.legKey);
    if (entry === undefined) return;
    const { call, leg } = entry;
    const figures = figureEvent(event, { callId: call.callId, leg }, this.#options.clock.nowMs());
    this.#publish(call, figures, figures.latencyMs);
  }

  /** Said once a call, by its first feed. */
  #passage(event: LaneEvent & { kind: 'paused' | 'resumed' | 'finalized' }): void {
    const call = this.#directory.byFeedId(event.feedId);
    if (call === undefined) return;
    // All audio from before has been read, and what comes during the pause is not heard.
    if (event.kind !== 'finalized') call.wipe(event.feedId);
    if (call.ports[0]!.feedId !== event.feedId) return;
    const { streamTimeMs } = event;
    this.#publish(call, { type: event.kind, callId: call.callId, streamTimeMs }, null);
  }

  #feedEnded(feedId: number, totals: readonly LegTotals[]): void {
    const call = this.#directory.byFeedId(feedId);
    if (call === undefined) return;
    const known = this.#totals.get(call) ?? new Map<number, readonly LegTotals[]>();
    known.set(feedId, totals);
    this.#totals.set(call, known);
    if (known.size < call.ports.length) return;
    if (call.laneSays('laneEnded') !== 'close') return;
    const all = call.ports.flatMap((port) => known.get(port.feedId) ?? []);
    const legs = call.legs.map((leg, index) => ({ leg: leg.id, ...all[index]! }));
    const reason: EndReason = call.endReason;
    this.#publish(call, { type: 'stopped', callId: call.callId, reason, legs }, null);
    this.#forget(call);
  }

  #publish(call: Call, event: ScreeningEvent, latencyMs: number | null): void {
    this.#options.observer.event(call, event, latencyMs);
    call.deliver(event);
  }
}
