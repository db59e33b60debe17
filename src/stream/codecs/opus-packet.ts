/** Rates that libopus decodes to and encodes from. */
export const OPUS_RATES_HZ = [8_000, 12_000, 16_000, 24_000, 48_000] as const;
export type OpusRateHz = (typeof OPUS_RATES_HZ)[number];

/** Bytes of one Opus packet that are accepted from a peer (RFC 6716, 3.2.1: a frame's limit). */
export const MAX_OPUS_PACKET_BYTES = 1_275;
/** Bytes of the largest packet that RFC 6716 allows: 48 frames with their lengths (section 3.4). */
export const LARGEST_OPUS_PACKET_BYTES = 48 * (MAX_OPUS_PACKET_BYTES + 2) + 2;
/** The longest packet that RFC 6716 allows. */
export const MAX_OPUS_PACKET_MS = 120;

export function isOpusRateHz(rateHz: number): rateHz is OpusRateHz {
  return (OPUS_RATES_HZ as readonly number[]).includes(rateHz);
}

/**
 * Duration of one frame from the first byte of a packet, the TOC (RFC 6716, 3.1), in multiples of
 * 2.5 ms: 5 bits of configuration, of which the last two are the frame size.
 */
function frameQuarters(toc: number): number {
  const size = (toc >> 3) & 3;
  if ((toc & 0x80) !== 0) return 1 << size;
  if ((toc & 0x60) === 0x60) return (size & 1) === 0 ? 4 : 8;
  return size === 3 ? 24 : 4 << size;
}

function frameCount(packet: Uint8Array): number {
  const code = packet[0]! & 3;
  if (code === 0) return 1;
  if (code < 3) return 2;
  return packet.length < 2 ? 0 : packet[1]! & 0x3f;
}

/**
 * Samples per channel at `rateHz` that an Opus packet says it holds, read from its first two bytes
 * without decoding. @returns −1 for an empty packet, one without frames, or one of more than 120 ms.
 */
export function opusPacketDurationSamples(packet: Uint8Array, rateHz: number): number {
  if (packet.length === 0) return -1;
  const quarters = frameQuarters(packet[0]!) * frameCount(packet);
  if (quarters === 0 || quarters * 2.5 > MAX_OPUS_PACKET_MS) return -1;
  return (quarters * rateHz) / 400;
}

/**
 * The checks that every packet passes before a decoder sees it.
 * @returns the samples to expect, or −1 when the packet must not be decoded
 */
export function decodableOpusSamples(
  packet: Uint8Array,
  rateHz: number,
  maxBytes = MAX_OPUS_PACKET_BYTES,
): number {
  if (packet.length > maxBytes) return -1;
  return opusPacketDurationSamples(packet, rateHz);
}

/** What an Opus decoder gives out: one of libopus's rates, mono or stereo. */
export interface OpusOutput {
  readonly sampleRateHz: OpusRateHz;
  readonly channels: 1 | 2;
}

/** @throws RangeError when libopus cannot give such output. */
export function checkOpusOutput(output: OpusOutput): void {
  if (!isOpusRateHz(output.sampleRateHz)) {
    throw new RangeError(
      `Opus sampleRateHz must be one of ${OPUS_RATES_HZ.join(', ')}, got ${output.sampleRateHz}`,
    );
  }
  if (output.channels !== 1 && output.channels !== 2) {
    throw new RangeError(`Opus channels must be 1 or 2, got ${String(output.channels)}`);
  }
}
