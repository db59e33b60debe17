import type { Clock } from '../clock.ts';
import type { AudioFormat } from './codecs/decoder.ts';
import { opusPacketDurationSamples } from './codecs/opus-packet.ts';
import {
  bytesOfSeconds,
  createPacketRingMemory,
  frameBytesOf,
  maxRecordBytes,
  PacketRingWriter,
  RECORD,
  type RecordSink,
} from './packet-ring.ts';
import { AudioRateLimit } from './rate-limit.ts';
import { RecordBacklog } from './record-backlog.ts';
import type { RingPool } from './ring-pool.ts';

const NO_BYTES = new Uint8Array(0);
/** Every page of a ring gets used: a live leg's is as long as a lane that stumbles needs. */
const LIVE_RING_SECONDS = 2;
/** With the ring more than the burst that a live feed may send between two ticks (5 s, rate-limit.ts). */
const LIVE_BACKLOG_SECONDS = 4;
/** The fast door fills half a ring between two ticks. */
const FAST_RING_SECONDS = 6;
/** What a packet that cannot be decoded counts for, of lost audio. */
export const CORRUPT_PACKET_MS = 20;

export interface FeedPortServices {
  readonly clock: Clock;
  /** Where the ring's memory comes from; absent = it is new. */
  readonly rings?: RingPool;
}

/** Takes nothing, so that no audio can get into the ring of another call. */
const CLOSED: RecordSink = { fill: 0, audio: () => false, control: () => true, wipe() {} };

/** What became of a packet. */
export type WriteOutcome =
  | 'written'
  /** The ring was full: live audio was dropped and will be declared lost. */
  | 'dropped'
  /** The ring is full and the caller holds the packet back (fast door only). */
  | 'full'
  | 'too_fast'
  /** Not whole samples. */
  | 'bad_size';

/**
 * The I/O thread's end of a feed: checks sizes and pace, cuts long packets, and writes records into
 * the ring. A full ring drops the newest packet, which is declared lost before the next one, so
 * stream time stays right.
 */
export class FeedPort {
  readonly feedId: number;
  readonly format: AudioFormat;
  readonly ringMemory: SharedArrayBuffer;
  #writer: RecordSink;
  readonly #backlog: RecordBacklog | null;
  readonly #rate: AudioRateLimit | null;
  readonly #frameBytes: number;
  readonly #recordBytes: number;
  #unsaidLostSamples = 0;
  #droppedPackets = 0;
  #packets = 0;

  /** `live` false is the fast door: no rate limit, and a full ring is the caller's to wait for. */
  constructor(feedId: number, format: AudioFormat, live: boolean, services: FeedPortServices) {
    const { clock, rings } = services;
    this.feedId = feedId;
    this.format = format;
    const ringSeconds = live ? LIVE_RING_SECONDS : FAST_RING_SECONDS;
    this.ringMemory = createPacketRingMemory(format, ringSeconds, rings);
    this.#recordBytes = maxRecordBytes(format);
    this.#frameBytes = frameBytesOf(format);
    const ring = new PacketRingWriter(this.ringMemory, this.#recordBytes);
    const backlogBytes = bytesOfSeconds(format, LIVE_BACKLOG_SECONDS);
    this.#backlog = live ? new RecordBacklog(ring, backlogBytes, clock) : null;
    this.#writer = this.#backlog ?? ring;
    this.#rate = live ? new AudioRateLimit(clock.nowMs()) : null;
  }

  /** Longest packet of one record; longer uncompressed ones are cut. */
  get recordBytes(): number {
    return this.#recordBytes;
  }

  /** Packets taken, dropped ones included. */
  get packets(): number {
    return this.#packets;
  }

  /** Packets of which a full ring took nothing, or not all. */
  get droppedPackets(): number {
    return this.#droppedPackets;
  }

  audio(packet: Uint8Array, nowMs: number): WriteOutcome {
    if (packet.length === 0) return 'written';
    const samples = this.samplesOf(packet);
    if (this.format.codec === 'opus') {
      if (samples <= 0 || packet.length > this.#recordBytes) return this.#corrupt(nowMs);
    } else if (samples <= 0) return 'bad_size';
    if (this.#rate === null && this.#writer.fill > 0.5) return 'full';
    if (this.#rate?.take((samples * 1000) / this.format.sampleRateHz, nowMs) === false) {
      return 'too_fast';
    }
    this.#packets++;
    this.#sayLost(nowMs);
    let written = true;
    for (let at = 0; at < packet.length; at += this.#recordBytes) {
      const record =
        packet.length <= this.#recordBytes ? packet : packet.subarray(at, at + this.#recordBytes);
      if (this.#unsaidLostSamples === 0 && this.#writer.audio(record, nowMs)) continue;
      this.#unsaidLostSamples += this.samplesOf(record);
      written = false;
    }
    if (!written) this.#droppedPackets++;
    return written ? 'written' : 'dropped';
  }

  /** Declares samples of the format's rate as lost. */
  lost(samples: number, nowMs: number): void {
    this.#unsaidLostSamples += samples;
    this.#sayLost(nowMs);
  }

  /** @returns false when the ring has no room even for a control record. */
  control(kind: 'pause' | 'resume' | 'finalize' | 'end', value: number, nowMs: number): boolean {
    this.#sayLost(nowMs, 'reserve');
    return this.#writer.control(RECORD[kind], value, nowMs);
  }

  /** Overwrites audio that the lane has read (a pause for privacy). */
  wipe(): void {
    this.#writer.wipe();
  }

  /** Nobody reads this feed any more: its ring may soon be another call's. */
  close(): void {
    this.#backlog?.close();
    this.#writer = CLOSED;
  }

  /** Samples per channel of a packet; ≤ 0 when its size is impossible. */
  samplesOf(packet: Uint8Array): number {
    if (this.format.codec === 'opus') {
      return opusPacketDurationSamples(packet, this.format.sampleRateHz);
    }
    return packet.length % this.#frameBytes === 0 ? packet.length / this.#frameBytes : -1;
  }

  /** Samples per channel that a packet moves stream time on by; those of one that cannot be Opus are lost. */
  passedSamplesOf(packet: Uint8Array): number {
    if (packet.length === 0) return 0;
    const samples = this.samplesOf(packet);
    if (this.format.codec === 'opus' && samples <= 0) return this.#corruptSamples;
    return Math.max(0, samples);
  }

  get #corruptSamples(): number {
    return (this.format.sampleRateHz * CORRUPT_PACKET_MS) / 1000;
  }

  // The lane counts what its decoder refuses; a record without bytes is one that any refuses.
  #corrupt(nowMs: number): WriteOutcome {
    this.#packets++;
    this.#sayLost(nowMs);
    if (this.#unsaidLostSamples === 0 && this.#writer.audio(NO_BYTES, nowMs)) return 'written';
    this.#unsaidLostSamples += this.#corruptSamples;
    this.#droppedPackets++;
    return 'dropped';
  }

  /** @param room the ring's reserve is for what comes before a control record, which keeps its place */
  #sayLost(nowMs: number, room: 'usual' | 'reserve' = 'usual'): void {
    if (this.#unsaidLostSamples === 0) return;
    if (room === 'usual' && this.#writer.fill > 0.9) return;
    if (this.#writer.control(RECORD.lost, this.#unsaidLostSamples, nowMs)) {
      this.#unsaidLostSamples = 0;
    }
  }
}
