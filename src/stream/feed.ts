import type { AudioFormat, PacketDecoder } from './codecs/decoder.ts';
import type { FeedFailureCode, LaneEvent, LegTotals } from './events.ts';
import { CORRUPT_PACKET_MS } from './feed-port.ts';
import type { LegPipeline } from './leg-pipeline.ts';
import { type PacketRingReader, RECORD } from './packet-ring.ts';
import type { Resampler } from './resampler.ts';

/** Lost audio up to this is replaced by silence; more is a declared gap. */
export const CONCEAL_LIMIT_MS = 60;
/** A feed fails when this many packets in a row, or this share of many, cannot be decoded. */
const MAX_CORRUPT_IN_A_ROW = 50;
const CORRUPT_SHARE_LIMIT = 0.5;
const CORRUPT_SHARE_AFTER_PACKETS = 200;

export interface FeedLeg {
  readonly legKey: number;
  readonly pipeline: LegPipeline;
  /** Null when the decoder's rate is the detector's. */
  readonly resampler: Resampler | null;
}

export interface FeedOptions {
  readonly feedId: number;
  readonly format: AudioFormat;
  readonly reader: PacketRingReader;
  readonly decoder: PacketDecoder;
  /** One a channel. */
  readonly legs: readonly FeedLeg[];
  /** Scores that the legs gave elsewhere before, one a channel. Default none. */
  readonly scores?: readonly number[];
  readonly emit: (event: LaneEvent) => void;
  /** Of the lane: what is in it is good for one record. */
  readonly scratch: FeedScratch;
}

/** Arrays that all feeds of a lane share, because only one works at a time. They grow, never shrink. */
export class FeedScratch {
  #decoded: Float32Array[] = [];
  #resampled = new Float32Array(0);

  decoded(channels: number, samples: number): readonly Float32Array[] {
    while (this.#decoded.length < channels) this.#decoded.push(new Float32Array(samples));
    this.#decoded = this.#decoded.map((array) =>
      array.length >= samples ? array : new Float32Array(samples),
    );
    return this.#decoded;
  }

  resampled(samples: number): Float32Array {
    if (this.#resampled.length < samples) this.#resampled = new Float32Array(samples);
    return this.#resampled;
  }
}

/**
 * One stream of packets on a lane: ring → decoder → one resampler and leg a channel. The next record
 * is read only when every leg has used up the last one. Allocates nothing a packet.
 */
export class Feed {
  readonly #options: FeedOptions;
  readonly #decoded: readonly Float32Array[];
  readonly #resampled: Float32Array;
  readonly #scoreCounts = new Map<number, number>();
  #paused = false;
  #ended = false;
  #packets = 0;
  #corrupt = 0;
  #corruptInARow = 0;

  constructor(options: FeedOptions) {
    this.#options = options;
    const { decoder } = options;
    options.legs.forEach(({ legKey }, channel) => {
      this.#scoreCounts.set(legKey, options.scores?.[channel] ?? 0);
    });
    const longest = Math.max(
      decoder.maxPacketSamples,
      Math.ceil((decoder.sampleRateHz * CONCEAL_LIMIT_MS) / 1000),
    );
    const outputs = options.legs.map(({ resampler }) => resampler?.maxOutputSamples(longest) ?? 0);
    this.#decoded = options.scratch.decoded(decoder.channels, longest);
    this.#resampled = options.scratch.resampled(Math.max(...outputs));
  }

  get feedId(): number {
    return this.#options.feedId;
  }

  get legs(): readonly FeedLeg[] {
    return this.#options.legs;
  }

  /** True after the end record or a failure: the lane lets go of the feed. */
  get ended(): boolean {
    return this.#ended;
  }

  get packets(): number {
    return this.#packets;
  }

  get corruptPackets(): number {
    return this.#corrupt;
  }

  /**
   * Works through the ring until it is empty or a leg waits for the engine.
   * @returns false when a leg waits.
   */
  advance(): boolean {
    while (!this.#ended) {
      let waiting = false;
      for (const { pipeline } of this.#options.legs) {
        if (!pipeline.advance()) waiting = true;
      }
      if (waiting) return false;
      if (!this.#options.reader.next()) return true;
      this.#record();
    }
    return true;
  }

  scoresOf(legKey: number): number {
    return this.#scoreCounts.get(legKey) ?? 0;
  }

  /** Counts a score of a leg. @returns its number, from 1. */
  noteScore(legKey: number): number {
    const count = this.scoresOf(legKey) + 1;
    this.#scoreCounts.set(legKey, count);
    return count;
  }

  /** Ends the feed with a coded failure. */
  fail(code: FeedFailureCode): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.emit({ kind: 'failed', feedId: this.feedId, code });
  }

  dispose(): void {
    this.#ended = true;
    this.#options.decoder.dispose();
  }

  /** A pause for privacy: what was heard is overwritten wherever samples of it lie. */
  #wipe(): void {
    const { legs, reader } = this.#options;
    for (const { pipeline, resampler } of legs) {
      pipeline.wipe();
      resampler?.reset();
    }
    for (const samples of this.#decoded) samples.fill(0);
    this.#resampled.fill(0);
    reader.wipe();
  }

  #record(): void {
    const { reader } = this.#options;
    switch (reader.kind) {
      case RECORD.audio:
        this.#audio();
        break;
      case RECORD.lost:
        // What a pause lasts is said at its end: no packet of it counts, nor a missing one.
        if (!this.#paused) this.#lost(reader.value);
        break;
      case RECORD.pause:
        this.#paused = true;
        this.#wipe();
        this.#emitAt('paused');
        break;
      case RECORD.resume:
        this.#paused = false;
        for (const leg of this.#options.legs) {
          leg.pipeline.skip(this.#toLegSamples(leg, reader.value));
          leg.resampler?.reset();
        }
        this.#emitAt('resumed');
        break;
      case RECORD.finalize:
        this.#emitAt('finalized');
        break;
      case RECORD.end:
        this.#ended = true;
        this.#options.emit({ kind: 'ended', feedId: this.feedId, totals: this.#totals() });
        break;
    }
  }

  #audio(): void {
    if (this.#paused) return;
    const { reader, decoder } = this.#options;
    this.#packets++;
    const samples = decoder.decode(reader.payload.subarray(0, reader.payloadBytes), this.#decoded);
    if (samples < 0) {
      this.#countCorrupt();
      return;
    }
    this.#corruptInARow = 0;
    this.#write(samples);
  }

  #write(samples: number): void {
    const { legs, reader } = this.#options;
    for (let channel = 0; channel < legs.length; channel++) {
      const { pipeline, resampler } = legs[channel]!;
      const decoded = this.#decoded[channel]!;
      pipeline.newestArrivalMs = reader.arrivedAtMs;
      if (resampler === null) {
        pipeline.write(decoded, samples);
      } else {
        pipeline.write(this.#resampled, resampler.process(decoded, samples, this.#resampled));
      }
    }
  }

  #lost(formatSamples: number): void {
    const { format, legs, decoder } = this.#options;
    const lostMs = (formatSamples * 1000) / format.sampleRateHz;
    if (lostMs <= CONCEAL_LIMIT_MS) {
      const samples = Math.round((lostMs * decoder.sampleRateHz) / 1000);
      for (const decoded of this.#decoded) decoded.fill(0, 0, samples);
      for (const leg of legs) {
        leg.pipeline.countConcealed(this.#toLegSamples(leg, formatSamples));
      }
      this.#write(samples);
      return;
    }
    for (const leg of legs) {
      leg.pipeline.gap(this.#toLegSamples(leg, formatSamples));
      leg.resampler?.reset();
      this.#options.emit({
        kind: 'gap',
        legKey: leg.legKey,
        streamTimeMs: Math.round(leg.pipeline.streamTimeMs),
        lostMs: Math.round(lostMs),
      });
    }
  }

  #countCorrupt(): void {
    this.#corrupt++;
    this.#corruptInARow++;
    const share = this.#corrupt / this.#packets;
    if (
      this.#corruptInARow >= MAX_CORRUPT_IN_A_ROW ||
      (this.#packets >= CORRUPT_SHARE_AFTER_PACKETS && share > CORRUPT_SHARE_LIMIT)
    ) {
      this.fail('SCREEN_ERR_CODEC');
      return;
    }
    // Audio that nobody heard.
    this.#lost(Math.round((this.#options.format.sampleRateHz * CORRUPT_PACKET_MS) / 1000));
  }

  #toLegSamples(leg: FeedLeg, formatSamples: number): number {
    const { format } = this.#options;
    return Math.round((formatSamples * leg.pipeline.sampleRateHz) / format.sampleRateHz);
  }

  #emitAt(kind: 'paused' | 'resumed' | 'finalized'): void {
    const streamTimeMs = Math.round(this.#options.legs[0]!.pipeline.streamTimeMs);
    if (kind === 'finalized') {
      for (const { pipeline } of this.#options.legs) {
        // This score answers the request; audio may have come long before, as in a pause.
        pipeline.newestArrivalMs = this.#options.reader.arrivedAtMs;
        pipeline.scoreNow();
      }
    }
    this.#options.emit({ kind, feedId: this.feedId, streamTimeMs });
  }

  #totals(): LegTotals[] {
    return this.#options.legs.map(({ legKey, pipeline }) => ({
      streamTimeMs: Math.round(pipeline.streamTimeMs),
      speechMs: Math.round(pipeline.decision.evidence.speechMs),
      lostMs: Math.round(pipeline.lostMs),
      packets: this.#packets,
      corruptPackets: this.#corrupt,
      scores: this.scoresOf(legKey),
      steps: pipeline.steps,
      finalScore: pipeline.decision.figures(pipeline.streamTimeMs, pipeline.lostMs),
    }));
  }
}
