import type { Clock } from '../clock.ts';
import { SnapshotReader, SnapshotWriter } from '../dsp/snapshot.ts';
import { StepBatcher } from '../model/batcher.ts';
import type { Detector } from '../model/detector.ts';
import type { Engine } from '../model/engine.ts';
import { Calibration } from '../screening/calibration.ts';
import { createPacketDecoder, type OpusBackend } from './codecs/create-decoder.ts';
import type { AudioFormat } from './codecs/decoder.ts';
import { createLeg } from './create-leg.ts';
import { chooseDetector } from './detector-choice.ts';
import type { LaneEvent, LaneLoad } from './events.ts';
import { Feed, type FeedLeg, FeedScratch } from './feed.ts';
import type { LegPipeline } from './leg-pipeline.ts';
import { MAX_RECORD_MS, PacketRingReader } from './packet-ring.ts';
import { createResampler } from './resampler.ts';

/** Engine runs of a turn at most: 20 ms of audio need one, a burst or the look-back of speech some more. */
const MAX_ROUNDS = 4;
const LONGEST_BELIEVED_TURN_MS = 1_000;

/** Operator's settings that a lane needs. */
export interface LaneSettings {
  /** Prior probability that a leg is synthetic, 0…1 exclusive. */
  readonly priorSynthetic: number;
  /** The shipped threshold with this share of false alerts a call is used. */
  readonly falseAlertRate: number;
}

/** A feed as the I/O thread orders it. Plain data and shared memory: it crosses threads. */
export interface FeedSpec {
  readonly feedId: number;
  readonly format: AudioFormat;
  /** One a channel, unique in the process. */
  readonly legKeys: readonly number[];
  readonly scoreIntervalMs: number;
  readonly ringMemory: SharedArrayBuffer;
  /** Memory of a leg elsewhere to go on from, one a channel. */
  readonly snapshots?: readonly Uint8Array[];
}

/** A detector with the engine that runs it and the batcher of its legs. */
export interface LaneDetector {
  readonly detector: Detector;
  readonly engine: Engine;
}

export interface LaneOptions {
  /** Ordered by rate; a leg takes the one with the highest rate its audio fills. */
  readonly detectors: readonly LaneDetector[];
  readonly opus: OpusBackend;
  readonly settings: LaneSettings;
  readonly clock: Clock;
  readonly emit: (events: LaneEvent[]) => void;
}

/**
 * Owns the audio and memory of its legs and never sees a socket. `turn` is one tick: every feed is
 * advanced, all ready blocks run in shared engine runs until no leg waits, and the events of the
 * turn leave as one list. The same class runs in a thread, in process, and offline.
 */
export class Lane {
  readonly #options: LaneOptions;
  readonly #batchers: readonly StepBatcher[];
  readonly #calibrations: readonly Calibration[];
  readonly #feeds = new Map<number, Feed>();
  readonly #scratch = new FeedScratch();
  #events: LaneEvent[] = [];
  #busyMs = 0;
  #busySinceMs: number;
  #packetsOfEndedFeeds = 0;
  #corruptOfEndedFeeds = 0;
  #waitingFeeds = 0;
  #turning: Promise<void> = Promise.resolve();

  constructor(options: LaneOptions) {
    if (options.detectors.length === 0) throw new RangeError('a lane needs a detector, got none');
    this.#options = options;
    this.#batchers = options.detectors.map(({ engine }) => new StepBatcher(engine));
    this.#calibrations = options.detectors.map(
      ({ detector }) =>
        new Calibration(detector.manifest.calibration, options.settings.priorSynthetic),
    );
    this.#busySinceMs = options.clock.nowMs();
  }

  get feedCount(): number {
    return this.#feeds.size;
  }

  /** Begins a feed. A fault in it fails this feed only. */
  open(spec: FeedSpec): void {
    try {
      this.#feeds.set(spec.feedId, this.#createFeed(spec));
    } catch {
      this.#events.push({ kind: 'failed', feedId: spec.feedId, code: 'SCREEN_ERR_INTERNAL' });
    }
  }

  /** Drops a feed at once, without totals. */
  close(feedId: number): void {
    const feed = this.#feeds.get(feedId);
    if (feed !== undefined) this.#release(feed);
  }

  /**
   * The memory of a feed's legs, one a channel; null when the lane does not have it. Waits for the
   * turn in progress: a leg that waits for the engine has part of its memory there.
   */
  async snapshot(feedId: number): Promise<Uint8Array[] | null> {
    await this.#turning;
    const feed = this.#feeds.get(feedId);
    if (feed === undefined) return null;
    return feed.legs.map(({ legKey, pipeline, resampler }) => {
      const writer = new SnapshotWriter();
      writer.float64(feed.scoresOf(legKey));
      pipeline.snapshot(writer);
      resampler?.snapshot(writer);
      return writer.finish();
    });
  }

  /** One tick. Not reentrant. */
  turn(): Promise<void> {
    this.#turning = this.#turn();
    return this.#turning;
  }

  // A lane that cannot keep up must still give its events out: a turn has an end.
  async #turn(): Promise<void> {
    const startedAtMs = this.#options.clock.nowMs();
    let waiting = this.#advance(this.#feeds.values());
    this.#waitingFeeds = waiting.length;
    for (let round = 1; waiting.length > 0; round++) {
      for (const batcher of this.#batchers) await batcher.runReady();
      waiting = round < MAX_ROUNDS ? this.#advance(waiting) : [];
    }
    for (const feed of this.#feeds.values()) {
      if (feed.ended) this.#release(feed);
    }
    this.#flush();
    // A clock that jumps during a turn must not make the lane look busy.
    const turnMs = this.#options.clock.nowMs() - startedAtMs;
    this.#busyMs += Math.max(0, Math.min(turnMs, LONGEST_BELIEVED_TURN_MS));
  }

  /** Figures since the last call. `lagMs` is the caller's. */
  takeLoad(lagMs: number): LaneLoad {
    const nowMs = this.#options.clock.nowMs();
    const elapsedMs = Math.max(1, nowMs - this.#busySinceMs);
    const busyShare = Math.min(1, this.#busyMs / elapsedMs);
    this.#busyMs = 0;
    this.#busySinceMs = nowMs;
    let packets = this.#packetsOfEndedFeeds;
    let corruptPackets = this.#corruptOfEndedFeeds;
    for (const feed of this.#feeds.values()) {
      packets += feed.packets;
      corruptPackets += feed.corruptPackets;
    }
    const sum = (pick: (batcher: StepBatcher) => number) =>
      this.#batchers.reduce((total, batcher) => total + pick(batcher), 0);
    return {
      feeds: this.#feeds.size,
      busyShare,
      lagMs,
      runs: sum(({ counters }) => counters.runs),
      rows: sum(({ counters }) => counters.rows),
      largestBatch: Math.max(...this.#batchers.map(({ counters }) => counters.largestBatch)),
      waitingFeeds: this.#waitingFeeds,
      packets,
      corruptPackets,
    };
  }

  dispose(): void {
    for (const feed of this.#feeds.values()) feed.dispose();
    this.#feeds.clear();
    for (const { engine } of this.#options.detectors) engine.dispose();
  }

  /** Works through the rings of these feeds. @returns those with a leg that waits for the engine */
  #advance(feeds: Iterable<Feed>): Feed[] {
    const waiting: Feed[] = [];
    for (const feed of feeds) {
      try {
        if (!feed.advance()) waiting.push(feed);
      } catch {
        feed.fail('SCREEN_ERR_INTERNAL');
      }
    }
    return waiting;
  }

  #release(feed: Feed): void {
    this.#packetsOfEndedFeeds += feed.packets;
    this.#corruptOfEndedFeeds += feed.corruptPackets;
    for (const { pipeline } of feed.legs) {
      for (const batcher of this.#batchers) batcher.remove(pipeline);
    }
    this.#feeds.delete(feed.feedId);
    feed.dispose();
  }

  #flush(): void {
    if (this.#events.length === 0) return;
    const events = this.#events;
    this.#events = [];
    this.#options.emit(events);
  }

  #createFeed(spec: FeedSpec): Feed {
    const index = chooseDetector(
      this.#options.detectors.map(({ detector }) => detector),
      spec.format,
    );
    const { detector } = this.#options.detectors[index]!;
    const decoder = createPacketDecoder(spec.format, {
      opus: this.#options.opus,
      targetRateHz: detector.manifest.sampleRateHz,
      maxPacketMs: MAX_RECORD_MS,
    });
    const sampleRateHz = detector.manifest.sampleRateHz;
    const legs = spec.legKeys.map((legKey): FeedLeg => {
      const resampler =
        decoder.sampleRateHz === sampleRateHz
          ? null
          : createResampler(decoder.sampleRateHz, sampleRateHz);
      const maxWriteSamples =
        resampler?.maxOutputSamples(decoder.maxPacketSamples) ?? decoder.maxPacketSamples;
      return { legKey, resampler, pipeline: this.#createLeg(index, spec, legKey, maxWriteSamples) };
    });
    const scores = spec.snapshots?.map((bytes, channel) => {
      const reader = new SnapshotReader(bytes);
      const given = reader.float64();
      legs[channel]!.pipeline.restore(reader);
      legs[channel]!.resampler?.restore(reader);
      return given;
    });
    return new Feed({
      feedId: spec.feedId,
      format: spec.format,
      reader: new PacketRingReader(spec.ringMemory),
      decoder,
      legs,
      ...(scores === undefined ? {} : { scores }),
      emit: (event) => this.#events.push(event),
      scratch: this.#scratch,
    });
  }

  #createLeg(index: number, spec: FeedSpec, legKey: number, maxWriteSamples: number): LegPipeline {
    return createLeg({
      detector: this.#options.detectors[index]!.detector,
      calibration: this.#calibrations[index]!,
      batcher: this.#batchers[index]!,
      falseAlertRate: this.#options.settings.falseAlertRate,
      scoreIntervalMs: spec.scoreIntervalMs,
      maxWriteSamples,
      onScoreDue: (pipeline) => this.#score(spec.feedId, legKey, pipeline),
      onSample: (sample) => this.#events.push({ kind: 'sample', legKey, sample }),
    });
  }

  #score(feedId: number, legKey: number, pipeline: LegPipeline): void {
    const feed = this.#feeds.get(feedId);
    if (feed === undefined) return;
    const { decision } = pipeline;
    const from = decision.verdict;
    const figures = decision.figures(pipeline.streamTimeMs, pipeline.lostMs);
    const to = decision.verdict;
    const emittedAtMs = this.#options.clock.nowMs();
    const latencyMs = Math.max(0, emittedAtMs - pipeline.newestArrivalMs);
    const seq = feed.noteScore(legKey);
    this.#events.push({ kind: 'score', legKey, seq, figures, latencyMs, emittedAtMs });
    if (from.name !== to.name) {
      this.#events.push({
        kind: 'verdict',
        legKey,
        seq,
        figures,
        from: from.name,
        to: to.name,
        reason: to.reason,
        latencyMs,
        emittedAtMs,
      });
    }
  }
}
