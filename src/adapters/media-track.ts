import type { ErrorCode } from '../errors.ts';
import { ReorderWindow, type StampedPacket } from '../stream/jitter.ts';
import type { MediaFrame } from './media-text.ts';
import type { PlatformStream } from './platform-stream.ts';

/** Longest loss that is believed, in packets; more is a platform that counts anew. */
const MAX_LOST_PACKETS = 3_000;

/** What a media message says of its place; -1 = nothing. */
type Stamps = Pick<MediaFrame, 'chunk' | 'timestampMs'>;

/**
 * The media messages of one track → packets of its feed. Loss is seen in the `chunk` counters: a
 * jump counts only as far as the time stamps agree, since some platforms share one counter between
 * tracks. The stamps are held against all that came so far, not against the last message: what a
 * clock trembles does not add up. Where a platform may reorder, a small window puts messages in
 * order first.
 */
export class MediaTrack {
  readonly #stream: PlatformStream;
  readonly #feedIndex: number;
  readonly #window: ReorderWindow<StampedPacket & Stamps> | null;
  /** Stamps of the packet that was given on last. */
  #chunk = -1;
  #timestampMs = -1;
  /** Packets that the window misses before the one that it gives next. */
  #missing = 0;
  /** The longest packet so far: the first and the last one may be short. */
  #packetSamples = 0;
  /** Samples given on or declared lost. */
  #position = 0;
  /** What the time stamps say at position 0; null = none was seen yet. */
  #originMs: number | null = null;
  #problem: ErrorCode | null = null;

  constructor(stream: PlatformStream, feedIndex: number, reorders: boolean) {
    this.#stream = stream;
    this.#feedIndex = feedIndex;
    this.#window = reorders
      ? new ReorderWindow({
          audio: (packet, stamps) => {
            this.#give(stamps, packet, this.#missing);
            this.#missing = 0;
          },
          lost: (packets) => {
            this.#missing += packets;
          },
          maxGapSamples: MAX_LOST_PACKETS,
        })
      : null;
  }

  /** @param packet decoded payload; not kept. @returns the code to refuse the peer with, or null. */
  take(frame: MediaFrame, packet: Uint8Array): ErrorCode | null {
    const { chunk, timestampMs } = frame;
    this.#problem = null;
    if (this.#window === null || chunk < 0) {
      this.#give(frame, packet, this.#jump(chunk));
      return this.#problem;
    }
    // The window counts in packets here. Not `slice`, which gives a view of a Buffer: the payload is
    // decoded into the same memory.
    const place = { sequence: chunk, sampleTime: chunk, samples: 1 };
    this.#window.push({ ...place, chunk, timestampMs, packet: Uint8Array.from(packet) });
    return this.#problem;
  }

  /** Gives up waiting for what is missing. */
  flush(): void {
    this.#window?.flush();
  }

  get #port() {
    return this.#stream.call.ports[this.#feedIndex]!;
  }

  /** Packets between the last one and this one, by their counter. */
  #jump(chunk: number): number {
    if (this.#chunk < 0 || chunk < 0) return 0;
    const missing = chunk - this.#chunk - 1;
    return missing > 0 && missing <= MAX_LOST_PACKETS ? missing : 0;
  }

  #give(stamps: Stamps, packet: Uint8Array, missing: number): void {
    const lost = this.#lostPackets(stamps, missing) * this.#packetSamples;
    this.#stream.lost(this.#feedIndex, lost);
    const samples = Math.max(0, this.#port.samplesOf(packet));
    this.#packetSamples = Math.max(this.#packetSamples, samples);
    this.#position += lost + samples;
    this.#chunk = stamps.chunk;
    this.#timestampMs = stamps.timestampMs;
    this.#problem ??= this.#stream.audio(this.#feedIndex, packet);
  }

  /** Of the packets that the counter misses: those for which the time stamps leave room. */
  #lostPackets({ chunk, timestampMs }: Stamps, missing: number): number {
    if (timestampMs < 0) return missing;
    const perMs = this.#port.format.sampleRateHz / 1_000;
    const here = timestampMs - this.#position / perMs;
    // The sender began anew: its stamps say nothing of the past.
    const isAnew = chunk >= 0 && chunk < this.#chunk && timestampMs < this.#timestampMs;
    if (this.#originMs === null || isAnew) {
      this.#originMs = here - (missing * this.#packetSamples) / perMs;
      return missing;
    }
    // Nothing of a length has come: no loss can be told.
    if (this.#packetSamples === 0) return 0;
    const late = Math.round(((here - this.#originMs) * perMs) / this.#packetSamples);
    // Time has gone on, or back, and no packet is missing: the platform sent nothing meanwhile.
    if (Math.abs(late) > 1 && (missing === 0 || late < 0)) this.#originMs = here;
    return Math.max(0, Math.min(missing, late));
  }
}
