import type { Random } from '../random.ts';
import { resampleRecording } from '../stream/resampler.ts';

/** Twentieths of the speed a recording was made at. */
const SPEEDS = [19, 20, 21] as const;
const MOST_DC = 0.01;
const DITHER = 1 / 32_768;

/**
 * What differs between recording chains whatever is recorded: speed (5 % either way, pitch goes
 * along), a constant offset, triangular dither of one step of 16 bits. The length follows the
 * speed. Allocates.
 */
export function varyRecording(
  samples: Float32Array,
  { random, sampleRateHz }: { readonly random: Random; readonly sampleRateHz: number },
): Float32Array {
  const speed = SPEEDS[random.integer(SPEEDS.length)]!;
  const offset = MOST_DC * (2 * random.uniform() - 1);
  const paced = resampleRecording(samples, {
    inputRateHz: (sampleRateHz * speed) / 20,
    outputRateHz: sampleRateHz,
  });
  return paced.map((sample) => sample + offset + DITHER * (random.uniform() - random.uniform()));
}
