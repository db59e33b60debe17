import { allocate } from './memory';
import { powerAt } from './spectrum';
import { naturalLog, sumsOfFour } from './vectors';

let bands: i32 = 0;
let floor: f32 = 0;
let firstBins: usize = 0;
let widths: usize = 0;
let weights: usize = 0;
let energies: usize = 0;
/** Four partial sums a band. */
let partials: usize = 0;

/**
 * Takes the number of bands, a multiple of 4, and of all weights, a multiple of 4 a band. Call once,
 * after the spectrum's.
 */
export function configureBands(count: i32, weightCount: i32, logFloor: f32): void {
  bands = count;
  floor = logFloor;
  firstBins = allocate(count);
  widths = allocate(count);
  weights = allocate(weightCount);
  energies = allocate(count);
  partials = allocate(4 * count);
}

/** Address of the first bin of each band. */
export function firstBinsAt(): usize {
  return firstBins;
}

/** Address of the number of weights of each band, in fours. */
export function widthsAt(): usize {
  return widths;
}

/** Address of the weights, band by band. */
export function weightsAt(): usize {
  return weights;
}

/** Address of the log energies, one a band. */
export function logEnergiesAt(): usize {
  return energies;
}

/** Leaves `ln(max(Σ weight · power, logFloor))` of each band. */
export function computeLogEnergies(): void {
  const power = powerAt();
  let weight = weights;
  for (let band: i32 = 0; band < bands; band++) {
    const place = <usize>band * 4;
    let bin = power + <usize>load<i32>(firstBins + place) * 4;
    const width = load<i32>(widths + place);
    let sum = f32x4.splat(0);
    for (let four: i32 = 0; four < width; four++) {
      sum = f32x4.add(sum, f32x4.mul(v128.load(weight), v128.load(bin)));
      weight += 16;
      bin += 16;
    }
    v128.store(partials + place * 4, sum);
  }
  const least = f32x4.splat(floor);
  const bytes = <usize>bands * 4;
  for (let at: usize = 0; at < bytes; at += 16) {
    const from = partials + at * 4;
    const sums = sumsOfFour(
      v128.load(from),
      v128.load(from + 16),
      v128.load(from + 32),
      v128.load(from + 48),
    );
    v128.store(energies + at, naturalLog(f32x4.pmax(least, sums)));
  }
}
