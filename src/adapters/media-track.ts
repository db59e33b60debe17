import type { ErrorCode } from '../errors.ts';
import { ReorderWindow } from '../stream/jitter.ts';
import type { MediaFrame } from './media-text.ts';
import type { PlatformStream } from './platform-stream.ts';

/** Longest loss that is believed, in packets; more is a platform that counts anew. */
const MAX_LOST_PACKETS = 3_000;

/**
 * The media messages of one track → packets of its feed. Loss is seen in the `chunk` counters: a
 * jump counts only as far as the time stamps agree, since some platforms share one counter between
 * tracks. Where a platform may reorder, a small window puts messages in order first.
 */
export class MediaTrack {
  readonly #stream: PlatformStream;
  readonly #feedIndex: number;
  readonly #window: ReorderWindow | null;
  #chunk = -1;
  #timestampMs = -1;
  #packetSamples = 0;
  #problem: ErrorCode | null = null;

  constructor(stream: PlatformStream, feedIndex: number, reorders: boolean) {
    this.#stream = stream;
    this.#feedIndex = feedIndex;
    this.#window = reorders
      ? new ReorderWindow({
          audio: (packet) => this.#write(packet),
          lost: (samples) => stream.lost(feedIndex, samples),
        })
      : null;
  }

  /** @param packet decoded payload; not kept. @returns the code to refuse the peer with, or null. */
  take(frame: MediaFrame, packet: Uint8Array): ErrorCode | null {
    this.#problem = null;
    const samples = Math.max(0, this.#port.samplesOf(packet));
    if (this.#packetSamples === 0) this.#packetSamples = samples;
    if (this.#window !== null && frame.chunk >= 0) {
      const sampleTime = frame.chunk * this.#packetSamples;
      // Not `slice`, which gives a view of a Buffer: the payload is decoded into the same memory.
      this.#window.push({
        sequence: frame.chunk,
        sampleTime,
        samples,
        packet: Uint8Array.from(packet),
      });
      return this.#problem;
    }
    this.#stream.lost(this.#feedIndex, this.#lostPackets(frame) * this.#packetSamples);
    this.#chunk = frame.chunk;
    this.#timestampMs = frame.timestampMs;
    this.#write(packet);
    return this.#problem;
  }

  /** Gives up waiting for what is missing. */
  flush(): void {
    this.#window?.flush();
  }

  get #port() {
    return this.#stream.call.ports[this.#feedIndex]!;
  }

  #write(packet: Uint8Array): void {
    this.#problem ??= this.#stream.audio(this.#feedIndex, packet);
  }

  #lostPackets({ chunk, timestampMs }: MediaFrame): number {
    if (this.#chunk < 0 || chunk < 0 || this.#packetSamples === 0) return 0;
    const missing = chunk - this.#chunk - 1;
    if (missing <= 0 || missing > MAX_LOST_PACKETS) return 0;
    if (timestampMs < 0 || this.#timestampMs < 0) return missing;
    const packetMs = (this.#packetSamples * 1000) / this.#port.format.sampleRateHz;
    const passed = Math.round((timestampMs - this.#timestampMs) / packetMs) - 1;
    return Math.max(0, Math.min(missing, passed));
  }
}
