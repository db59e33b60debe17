const BLOCK_MS = 20;
const LEAST_BLOCKS = 10;
const QUIET_SHARE = 0.1;
const LOUD_SHARE = 0.9;
const FLOOR = 1e-10;

/**
 * A rough signal-to-noise ratio without a reference: the energy of the loud 20-ms blocks over that of
 * the quiet ones (90th and 10th percentile), in dB rounded to 0.1; null for less than 200 ms.
 */
export function estimateSnrDb(samples: Float32Array, sampleRateHz: number): number | null {
  const block = Math.round((sampleRateHz * BLOCK_MS) / 1000);
  const blocks = Math.floor(samples.length / block);
  if (blocks < LEAST_BLOCKS) return null;
  const energies = Array.from({ length: blocks }, (_, at) => {
    let sum = 0;
    for (let index = at * block; index < (at + 1) * block; index++) sum += samples[index]! ** 2;
    return sum / block;
  }).sort((a, b) => a - b);
  const at = (share: number) => energies[Math.floor(share * (blocks - 1))]! + FLOOR;
  return Math.round(100 * Math.log10(at(LOUD_SHARE) / at(QUIET_SHARE))) / 10;
}
