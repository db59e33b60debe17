/** Codecs that a packet can be in. */
export type CodecName = 'pcm16' | 'mulaw' | 'alaw' | 'opus' | 'g722';

/** How the packets of a feed are encoded. `channels` are interleaved, one leg each. */
export interface AudioFormat {
  readonly codec: CodecName;
  readonly sampleRateHz: number;
  readonly channels: 1 | 2;
}

/**
 * Decodes the packets of one feed. Stateful for Opus and G.722, so one object per feed. Never throws on bad
 * input: a packet that cannot be decoded gives −1 and leaves the decoder usable.
 */
export interface PacketDecoder {
  /** Rate of the decoded samples; for Opus it may be lower than the format's. */
  readonly sampleRateHz: number;
  readonly channels: 1 | 2;
  /** Most samples per channel that one packet can give; `channelsOut` arrays are at least as long. */
  readonly maxPacketSamples: number;
  /**
   * Decodes one packet into one Float32Array per channel, values in [−1, 1].
   * @returns samples per channel, or −1 when the packet is corrupt. Allocates: no (G.711, G.722, PCM).
   */
  decode(packet: Uint8Array, channelsOut: readonly Float32Array[]): number;
  dispose(): void;
}
