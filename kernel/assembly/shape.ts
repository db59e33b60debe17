import { allocate } from './memory';
import { powerAt } from './spectrum';
import { sumsOfFour } from './vectors';

/** Bins within 28 dB of the strongest are occupied: the side lobes of a Hann window lie below. */
const OCCUPIED_RATIO: f32 = 0.001584893192461114;

let bins: i32 = 0;
let firstBin: i32 = 0;
let emphasis: usize = 0;
let floors: usize = 0;
let amplitudes: usize = 0;

/** Looks at `count` bins of the spectrum from `first` on. Call once, after the spectrum's. */
export function configureShape(first: i32, count: i32): void {
  firstBin = first;
  bins = count;
  emphasis = allocate(count);
  floors = allocate(count);
  amplitudes = allocate(count);
}

/** Address of a factor a bin. */
export function emphasisAt(): usize {
  return emphasis;
}

/** Address of what is added to each bin; 0 behind the last. */
export function floorsAt(): usize {
  return floors;
}

/** Address of the amplitudes that `measureShape` leaves. */
export function amplitudesAt(): usize {
  return amplitudes;
}

/** Leaves the amplitudes of the emphasised spectrum, scaled to length 1. @returns occupied bins */
export function measureShape(): i32 {
  const power = powerAt() + <usize>firstBin * 4;
  const bytes = (<usize>bins * 4 + 15) & ~15;
  let sums = f32x4.splat(0);
  let most = f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    const emphasised = f32x4.add(
      f32x4.mul(v128.load(power + at), v128.load(emphasis + at)),
      v128.load(floors + at),
    );
    sums = f32x4.add(sums, emphasised);
    most = f32x4.pmax(most, emphasised);
    v128.store(amplitudes + at, emphasised);
  }
  const sum = f32x4.extract_lane(sumsOfFour(sums, sums, sums, sums), 0);
  most = f32x4.pmax(most, v128.shuffle<f32>(most, most, 2, 3, 0, 1));
  most = f32x4.pmax(most, v128.shuffle<f32>(most, most, 1, 0, 3, 2));
  const least = f32x4.mul(most, f32x4.splat(OCCUPIED_RATIO));
  const scale = f32x4.splat(1 / sum);
  let occupied = i32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    const emphasised = v128.load(amplitudes + at);
    // A comparison that holds gives -1.
    occupied = i32x4.sub(occupied, f32x4.ge(emphasised, least));
    v128.store(amplitudes + at, f32x4.sqrt(f32x4.mul(emphasised, scale)));
  }
  return (
    i32x4.extract_lane(occupied, 0) +
    i32x4.extract_lane(occupied, 1) +
    i32x4.extract_lane(occupied, 2) +
    i32x4.extract_lane(occupied, 3)
  );
}
