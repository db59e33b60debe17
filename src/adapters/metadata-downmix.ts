/**
 * Makes one channel of two interleaved ones of signed 16-bit little-endian samples: their mean, so
 * that equal channels give exactly themselves. One object a stream.
 */
export class StereoMean {
  readonly #out: Uint8Array;
  #view: Uint8Array;

  /** `maxBytes` = longest packet, both channels. */
  constructor(maxBytes: number) {
    this.#out = new Uint8Array(Math.ceil(maxBytes / 2));
    this.#view = this.#out;
  }

  /**
   * @returns the mean, good until the next call; null when the packet is not whole samples of both
   * channels. Allocates when packets change their length only.
   */
  take(packet: Uint8Array): Uint8Array | null {
    if (packet.length % 4 !== 0) return null;
    const out = this.#out;
    let at = 0;
    for (let from = 0; from < packet.length; from += 4) {
      const left = ((packet[from + 1]! << 24) >> 16) | packet[from]!;
      const right = ((packet[from + 3]! << 24) >> 16) | packet[from + 2]!;
      const mean = (left + right) >> 1;
      out[at++] = mean & 0xff;
      out[at++] = (mean >> 8) & 0xff;
    }
    if (this.#view.length !== at) this.#view = out.subarray(0, at);
    return this.#view;
  }
}
