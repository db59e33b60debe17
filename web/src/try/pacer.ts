import { Resampler } from '../../../src/stream/resampler.ts';

export interface PacerOptions {
  readonly inputRateHz: number;
  readonly outputRateHz: number;
  /** Samples of one packet at the output rate. */
  readonly packetSamples: number;
}

/**
 * Brings a stream to the rate of a line and cuts it into packets of equal length. What does not fill
 * a packet at the end is left out.
 */
export class Pacer {
  readonly #resampler: Resampler;
  readonly #packetSamples: number;
  readonly #onPacket: (samples: Float32Array) => void;
  #resampled = new Float32Array(0);
  #packet: Float32Array;
  #filled = 0;

  /** @param onPacket gets an array of its own every time */
  constructor(options: PacerOptions, onPacket: (samples: Float32Array) => void) {
    this.#resampler = new Resampler(options);
    this.#packetSamples = options.packetSamples;
    this.#onPacket = onPacket;
    this.#packet = new Float32Array(this.#packetSamples);
  }

  push(samples: Float32Array): void {
    const room = this.#resampler.maxOutputSamples(samples.length);
    if (this.#resampled.length < room) this.#resampled = new Float32Array(room);
    const count = this.#resampler.process(samples, samples.length, this.#resampled);
    for (let at = 0; at < count; ) {
      const taken = Math.min(this.#packetSamples - this.#filled, count - at);
      this.#packet.set(this.#resampled.subarray(at, at + taken), this.#filled);
      this.#filled += taken;
      at += taken;
      if (this.#filled === this.#packetSamples) this.#give();
    }
  }

  #give(): void {
    const packet = this.#packet;
    this.#packet = new Float32Array(this.#packetSamples);
    this.#filled = 0;
    this.#onPacket(packet);
  }
}
