/**
 * Samples per channel in a packet of whole interleaved samples, or −1 when it is empty, ends in
 * the middle of a sample or is longer than `maxSamples`.
 * @param groupBytes bytes of one sample of every channel: bytes per sample × channels
 */
export function deinterleavedSamples(
  packetBytes: number,
  groupBytes: number,
  maxSamples: number,
): number {
  if (packetBytes === 0 || packetBytes % groupBytes !== 0) return -1;
  const samples = packetBytes / groupBytes;
  return samples > maxSamples ? -1 : samples;
}
