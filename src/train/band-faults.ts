import type { Random } from '../random.ts';

const LEAST_NOISE_RATIO_DB = 5;
const MOST_NOISE_RATIO_DB = 35;
/** Spread of the noise's spectrum, in natural-log energy units. */
const NOISE_COLOUR = 1;
const LEAST_REVERBERATION_S = 0.15;
const MOST_REVERBERATION_S = 0.9;
const MOST_DIRECT_RATIO_DB = 15;
/** Periodogram bins that a band has about: its noise energy follows a gamma distribution of this shape. */
const BINS_A_BAND = 3;

/** Noise and room that a row gets in its bands; drawn once for both rows of a pair. */
export interface BandFaults {
  /** Of the noise, per band: energy over the mean energy of the row's frames. Null = no noise. */
  readonly noise: Float32Array | null;
  /** Null = no room. */
  readonly room: { readonly decay: number; readonly share: number } | null;
}

export interface FaultShares {
  /** Of pairs of rows: those that get noise. */
  readonly bandNoise: number;
  /** Of pairs of rows: those that get a room. */
  readonly bandRoom: number;
}

/** Draws what a pair gets. Draws nothing for a share of 0. */
export function drawBandFaults(
  { bandNoise, bandRoom }: FaultShares,
  { bands, hopMs, random }: { bands: number; hopMs: number; random: Random },
): BandFaults {
  const hasNoise = bandNoise > 0 && random.uniform() < bandNoise;
  const noise = hasNoise ? drawNoise(bands, random) : null;
  const hasRoom = bandRoom > 0 && random.uniform() < bandRoom;
  return { noise, room: hasRoom ? drawRoom(hopMs, random) : null };
}

function drawNoise(bands: number, random: Random): Float32Array {
  const ratioDb =
    LEAST_NOISE_RATIO_DB + (MOST_NOISE_RATIO_DB - LEAST_NOISE_RATIO_DB) * random.uniform();
  const slope = NOISE_COLOUR * random.gaussian();
  const ripple = NOISE_COLOUR * random.gaussian();
  const phase = Math.PI * random.uniform();
  return Float32Array.from({ length: bands }, (_, band) => {
    const place = band / bands;
    const colour = slope * (1 - 2 * place) + ripple * Math.cos(2 * Math.PI * place + phase);
    return Math.exp(colour) * 10 ** (-ratioDb / 10);
  });
}

/** Energy falls by 60 dB in the reverberation time; a steady sound gets `share` of its energy again. */
function drawRoom(hopMs: number, random: Random): { decay: number; share: number } {
  const reverberationS =
    LEAST_REVERBERATION_S + (MOST_REVERBERATION_S - LEAST_REVERBERATION_S) * random.uniform();
  const decay = 10 ** ((-6 * hopMs) / 1000 / reverberationS);
  return { decay, share: 10 ** ((-MOST_DIRECT_RATIO_DB * random.uniform()) / 10) };
}

/**
 * Adds room and noise to log energies of bands ([frames, bands], natural logarithm) as they add up in the mean:
 * the energies of a decaying tail, and of noise whose energy in a frame is gamma distributed. No
 * phases, so no more than an approximation of the channels `room` and `noise`, but one that costs
 * no preparing and is drawn anew for every batch. Allocates one value a band.
 */
export function applyBandFaults(
  row: Float32Array,
  bands: number,
  faults: BandFaults,
  random: Random,
): void {
  const { noise, room } = faults;
  if (noise === null && room === null) return;
  for (let index = 0; index < row.length; index++) row[index] = Math.exp(row[index]!);
  if (room !== null) reverberateBands(row, bands, room);
  if (noise !== null) addBandNoise(row, noise, random);
  for (let index = 0; index < row.length; index++) row[index] = Math.log(row[index]!);
}

function reverberateBands(
  energies: Float32Array,
  bands: number,
  { decay, share }: { readonly decay: number; readonly share: number },
): void {
  const tails = new Float32Array(bands);
  for (let at = 0; at < energies.length; at += bands) {
    for (let band = 0; band < bands; band++) {
      const direct = energies[at + band]!;
      energies[at + band] = direct + share * tails[band]!;
      tails[band] = decay * tails[band]! + (1 - decay) * direct;
    }
  }
}

function addBandNoise(energies: Float32Array, noise: Float32Array, random: Random): void {
  let sum = 0;
  for (const energy of energies) sum += energy;
  const mean = sum / energies.length;
  for (let index = 0; index < energies.length; index++) {
    // The sum of so many exponentials, with mean 1.
    let product = 1;
    for (let bin = 0; bin < BINS_A_BAND; bin++) product *= 1 - random.uniform();
    const fluctuation = -Math.log(product) / BINS_A_BAND;
    energies[index] = energies[index]! + mean * noise[index % noise.length]! * fluctuation;
  }
}
