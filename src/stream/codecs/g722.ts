import type { AudioFormat, PacketDecoder } from './decoder.ts';
import { deinterleavedSamples } from './packet-size.ts';

/** The audio's rate. Its RTP clock says 8,000 (RFC 3551, 4.5.2), and so do some platforms. */
export const G722_RATE_HZ = 16_000;
/** A byte holds two samples. */
const SAMPLES_PER_BYTE = 2;

// Tables of ITU-T G.722 (2012), named after its blocks.
/** Block 5L, of 6 bits: the lower band's output. */
const QM6 = Int32Array.of(
  ...[-136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192],
  ...[-10232, -9360, -8576, -7856, -7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576],
  ...[-3168, -2776, -2400, -2032, -1688, -1360, -1040, -728, 24808, 21904, 19008, 16704, 14984],
  ...[13512, 12280, 11192, 10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456, 4944, 4464, 4008],
  ...[3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728, 432, 136, -432, -136],
);
/** Block 2L, of the upper 4 of those bits: what the lower band adapts to. */
const QM4 = Int32Array.of(
  ...[0, -20456, -12896, -8968, -6288, -4240, -2584, -1200],
  ...[20456, 12896, 8968, 6288, 4240, 2584, 1200, 0],
);
/** Block 2H. */
const QM2 = Int32Array.of(-7408, -1616, 7408, 1616);
/** Block 3L, `WL[RL42[code]]`. */
const LOW_LOG_STEPS = Int32Array.of(
  ...[-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60],
);
/** Block 3H, `WH[RH2[code]]`. */
const HIGH_LOG_STEPS = Int32Array.of(798, -214, 798, -214);
const ILB = Int32Array.of(
  ...[2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774],
  ...[2834, 2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838],
  ...[3922, 4008],
);
/** Every second one of the receive filter's 24 coefficients; the others are their mirror image. */
const QMF = Int32Array.of(3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11);

const MAX_LOW_LOG = 18_432;
const MAX_HIGH_LOG = 22_528;
const FIRST_LOW_STEP = 32;
const FIRST_HIGH_STEP = 8;

const saturate = (value: number): number => Math.max(-32_768, Math.min(32_767, value));
/** A sub-band's sample has 15 bits. */
const limit = (value: number): number => Math.max(-16_384, Math.min(16_383, value));
const clip = (value: number, bound: number): number => Math.max(-bound, Math.min(bound, value));

/** One sub-band: its step size and its predictor of two poles and six zeros (blocks 3 and 4). */
class SubBand {
  /** What the next sample is expected to be. */
  predicted = 0;
  step: number;
  readonly #firstStep: number;
  readonly #maxLog: number;
  #log = 0;
  #zeroPart = 0;
  #pole1 = 0;
  #pole2 = 0;
  #reconstructed1 = 0;
  #partial1 = 0;
  #partial2 = 0;
  readonly #zeros = new Int32Array(6);
  /** Differences, the newest first. */
  readonly #differences = new Int32Array(6);

  constructor(firstStep: number, maxLog: number) {
    this.step = firstStep;
    this.#firstStep = firstStep;
    this.#maxLog = maxLog;
  }

  /** Blocks LOGSC and SCALE; `logStep` is what the code adds to the step's logarithm. */
  scale(logStep: number): void {
    const log = Math.min(Math.max(((this.#log * 127) >> 7) + logStep, 0), this.#maxLog);
    this.#log = log;
    const shift = (this.#firstStep === FIRST_LOW_STEP ? 8 : 10) - (log >> 11);
    const linear = ILB[(log >> 6) & 31]!;
    this.step = (shift < 0 ? linear << -shift : linear >> shift) << 2;
  }

  /** Block 4: takes a quantised difference and predicts the next sample. */
  adapt(difference: number): void {
    const reconstructed = saturate(this.predicted + difference);
    const partial = saturate(this.#zeroPart + difference);
    this.#adaptPoles(partial);
    const zeroPart = this.#adaptZeros(difference);
    const one = (this.#pole1 * saturate(2 * reconstructed)) >> 15;
    const two = (this.#pole2 * saturate(2 * this.#reconstructed1)) >> 15;
    this.#reconstructed1 = reconstructed;
    this.#zeroPart = zeroPart;
    this.predicted = saturate(saturate(one + two) + zeroPart);
  }

  // Blocks UPPOL2 and UPPOL1.
  #adaptPoles(partial: number): void {
    const sameAsLast = partial < 0 === this.#partial1 < 0;
    const sameAsSecond = partial < 0 === this.#partial2 < 0;
    const four = saturate(this.#pole1 * 4);
    const towards = Math.min(sameAsLast ? -four : four, 32_767) >> 7;
    const leaked2 = (this.#pole2 * 32_512) >> 15;
    const pole2 = clip((sameAsSecond ? 128 : -128) + towards + leaked2, 12_288);
    const leaked1 = (this.#pole1 * 32_640) >> 15;
    const pole1 = saturate((sameAsLast ? 192 : -192) + leaked1);
    this.#pole1 = clip(pole1, saturate(15_360 - pole2));
    this.#pole2 = pole2;
    this.#partial2 = this.#partial1;
    this.#partial1 = partial;
  }

  // Blocks UPZERO, DELAYA and FILTEZ.
  #adaptZeros(difference: number): number {
    const zeros = this.#zeros;
    const differences = this.#differences;
    const pace = difference === 0 ? 0 : 128;
    let sum = 0;
    for (let index = 5; index >= 0; index--) {
      const isSame = differences[index]! < 0 === difference < 0;
      const zero = saturate((isSame ? pace : -pace) + ((zeros[index]! * 32_640) >> 15));
      const delayed = index === 0 ? difference : differences[index - 1]!;
      zeros[index] = zero;
      differences[index] = delayed;
      sum += (zero * saturate(2 * delayed)) >> 15;
    }
    return saturate(sum);
  }
}

/**
 * Decodes G.722 at 64 kbit/s: a byte gives two samples of 16 kHz, one channel. Stateful: a lost
 * packet is heard until the predictors have adapted again, some ten milliseconds.
 */
export class G722Decoder implements PacketDecoder {
  readonly sampleRateHz = G722_RATE_HZ;
  readonly channels = 1;
  readonly maxPacketSamples: number;
  readonly #low = new SubBand(FIRST_LOW_STEP, MAX_LOW_LOG);
  readonly #high = new SubBand(FIRST_HIGH_STEP, MAX_HIGH_LOG);
  /** Sums and differences of the two bands, the newest last; kept twice so that none is moved. */
  readonly #sums = new Int32Array(2 * QMF.length);
  readonly #differences = new Int32Array(2 * QMF.length);
  #at = 0;

  constructor(format: AudioFormat, maxPacketSamples: number) {
    if (format.codec !== 'g722') throw new RangeError(`codec must be g722, got ${format.codec}`);
    this.maxPacketSamples = maxPacketSamples;
  }

  /** Allocates: no. */
  decode(packet: Uint8Array, channelsOut: readonly Float32Array[]): number {
    const maxBytes = Math.floor(this.maxPacketSamples / SAMPLES_PER_BYTE);
    const bytes = deinterleavedSamples(packet.length, 1, maxBytes);
    const output = channelsOut[0]!;
    for (let index = 0; index < bytes; index++) this.#decodeByte(packet[index]!, output, 2 * index);
    return bytes < 0 ? -1 : bytes * SAMPLES_PER_BYTE;
  }

  dispose(): void {
    // Holds nothing but numbers.
  }

  #decodeByte(byte: number, output: Float32Array, at: number): void {
    const low = this.#lowSample(byte & 0x3f);
    const high = this.#highSample(byte >> 6);
    const count = QMF.length;
    const newest = this.#at;
    this.#at = newest + 1 === count ? 0 : newest + 1;
    const sums = this.#sums;
    const differences = this.#differences;
    sums[newest] = low + high;
    sums[newest + count] = low + high;
    differences[newest] = low - high;
    differences[newest + count] = low - high;
    let first = 0;
    let second = 0;
    for (let index = 0; index < count; index++) {
      const place = newest + 1 + index;
      first += differences[place]! * QMF[count - 1 - index]!;
      second += sums[place]! * QMF[index]!;
    }
    output[at] = saturate(first >> 11) / 32_768;
    output[at + 1] = saturate(second >> 11) / 32_768;
  }

  #lowSample(code: number): number {
    const band = this.#low;
    const { step } = band;
    const sample = limit(band.predicted + ((step * QM6[code]!) >> 15));
    const difference = (step * QM4[code >> 2]!) >> 15;
    band.scale(LOW_LOG_STEPS[code >> 2]!);
    band.adapt(difference);
    return sample;
  }

  #highSample(code: number): number {
    const band = this.#high;
    const difference = (band.step * QM2[code]!) >> 15;
    const sample = limit(band.predicted + difference);
    band.scale(HIGH_LOG_STEPS[code]!);
    band.adapt(difference);
    return sample;
  }
}
