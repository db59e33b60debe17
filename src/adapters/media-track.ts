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
 * tracks. Where a platform may reorder, a small window puts messages in order first.
 */
export class MediaTrack {
  readonly #stream: PlatformStream;
  readonly #feedIndex: number;
  readonly #window: ReorderWindow<StampedPacket & Stamps> | null;
  /** Stamps of the packet that was given on last. */
  #chunk = -1;
  #timestampMs = -1;
  /** What the window misses before the packet that it gives next. */
  #missing = 0;
  #packetSamples = 0;
  #problem: ErrorCode | null = null;

  constructor(stream: PlatformStream, feedIndex: number, reorders: boolean) {
    this.#stream = stream;
    this.#feedIndex = feedIndex;
    this.#window = reorders
      ? new ReorderWindow({
          audio: (packet, stamps) => this.#writeOrdered(packet, stamps),
          lost: (samples) => {
            this.#missing += samples;
          },
        })
      : null;
  }

  /** @param packet decoded payload; not kept. @returns the code to refuse the peer with, or null. */
  take(frame: MediaFrame, packet: Uint8Array): ErrorCode | null {
    const { chunk, timestampMs } = frame;
    this.#problem = null;
    const samples = Math.max(0, this.#port.samplesOf(packet));
    if (this.#packetSamples === 0) this.#packetSamples = samples;
    if (this.#window !== null && chunk >= 0) {
      // Not `slice`, which gives a view of a Buffer: the payload is decoded into the same memory.
      const kept = Uint8Array.from(packet);
      const sampleTime = chunk * this.#packetSamples;
      const stamps = { chunk, timestampMs, sequence: chunk, sampleTime };
      this.#window.push({ ...stamps, samples, packet: kept });
      return this.#problem;
    }
    this.#stream.lost(this.#feedIndex, this.#lostPackets(frame) * this.#packetSamples);
    this.#write(frame, packet);
    return this.#problem;
  }

  /** Gives up waiting for what is missing. */
  flush(): void {
    this.#window?.flush();
  }

  get #port() {
    return this.#stream.call.ports[this.#feedIndex]!;
  }

  #writeOrdered(packet: Uint8Array, stamps: Stamps): void {
    // Back in time: the sender began anew, and its stamps say nothing of the past.
    const isBack = stamps.timestampMs >= 0 && stamps.timestampMs < this.#timestampMs;
    const passed = Math.max(0, this.#passedPackets(stamps.timestampMs)) * this.#packetSamples;
    this.#stream.lost(this.#feedIndex, isBack ? this.#missing : Math.min(this.#missing, passed));
    this.#missing = 0;
    this.#write(stamps, packet);
  }

  #write({ chunk, timestampMs }: Stamps, packet: Uint8Array): void {
    this.#chunk = chunk;
    this.#timestampMs = timestampMs;
    this.#problem ??= this.#stream.audio(this.#feedIndex, packet);
  }

  #lostPackets({ chunk, timestampMs }: Stamps): number {
    if (this.#chunk < 0 || chunk < 0 || this.#packetSamples === 0) return 0;
    const missing = chunk - this.#chunk - 1;
    if (missing <= 0 || missing > MAX_LOST_PACKETS) return 0;
    return Math.max(0, Math.min(missing, this.#passedPackets(timestampMs)));
  }

  /** Packets that fit between the last one and this time; unlimited when stamps do not say. */
  #passedPackets(timestampMs: number): number {
    if (timestampMs < 0 || this.#timestampMs < 0) return Number.POSITIVE_INFINITY;
    const packetMs = (this.#packetSamples * 1000) / this.#port.format.sampleRateHz;
    return Math.round((timestampMs - this.#timestampMs) / packetMs) - 1;
  }
}
