import type { FrameLevel } from './level.ts';
import {
  CLASS_MUSIC,
  CLASS_NOISE,
  CLASS_PAUSE,
  CLASS_SPEECH,
  CLASS_TONE,
} from './signal-quality.ts';
import type { SnapshotReader, Snapshotting, SnapshotWriter } from './snapshot.ts';
import { CONCENTRATION, COSINE_TO_OLDEST, type SpectralShape } from './spectral-shape.ts';

const SNAPSHOT_PART = 48;
const SNAPSHOT_VERSION = 1;

/** Distance of the two spectra compared: longer than a window, shorter than a sound of speech. */
const LAG_MS = 40;
const SHORT_MS = 200;
const LONG_MS = 700;

/** Fourth moment over squared second moment: 1.5 for a sine, 1 for a square wave, 3 for noise. */
const CONSTANT_ENVELOPE_KURTOSIS = 1.58;
const CONSTANT_ENVELOPE_CONCENTRATION = 0.88;
const STEADY_COSINE = 0.97;
const STEADY_CONCENTRATION = 0.97;
const TONE_SHARE = 0.4;
const MUSIC_COSINE = 0.86;
const NOISE_COSINE = 0.72;
/** Noise lies under the line from no variance of level to none of the cosine. */
const NOISE_COSINE_VARIANCE = 0.011;
const NOISE_LEVEL_VARIANCE_DB = 45;
/** What was noise stays noise until it is over the line by this factor. */
const NOISE_HYSTERESIS = 1.4;

/** After this long without a frame, what was no speech is forgotten: the other side may have answered. */
const FORGET_MS = 500;

const TONE = 0;
const COSINE = 1;
const COSINE_VARIANCE = 2;
const LEVEL = 3;
const LEVEL_VARIANCE = 4;
const AVERAGES = 5;

/**
 * Tells speech from tones, music and noise by how the spectrum of loud frames moves. Speech changes
 * its spectrum within 40 ms and its level by many dB within a second; tones and notes hold their
 * spectrum; noise changes it always by the same amount and holds its level. Allocates at construction only.
 */
export class ShapeTrack implements Snapshotting {
  readonly #shape: SpectralShape;
  readonly #lagFrames: number;
  readonly #shortRate: number;
  readonly #longRate: number;
  readonly #forgetFrames: number;
  /** Amplitudes of the newest `lagFrames + 1` frames. */
  readonly #ring: Float32Array;
  #newest = 0;
  #run = 0;
  #idle = 0;
  #averaged = 0;
  #class = CLASS_SPEECH;
  /** Running averages. An array, because numbers kept in fields get boxed when they change. */
  readonly #averages = new Float64Array(AVERAGES);
  #noisy: boolean = false;

  /** @param shape of the frames that `push` is called for */
  constructor(shape: SpectralShape, hopMs: number) {
    this.#shape = shape;
    this.#lagFrames = Math.max(1, Math.round(LAG_MS / hopMs));
    this.#shortRate = 1 - Math.exp(-hopMs / SHORT_MS);
    this.#longRate = 1 - Math.exp(-hopMs / LONG_MS);
    this.#forgetFrames = Math.round(FORGET_MS / hopMs);
    this.#ring = new Float32Array((this.#lagFrames + 1) * this.#shape.bins);
  }

  /** A frame passes by: those before it do not belong to the next one. */
  interrupt(): void {
    this.#run = 0;
    this.#idle++;
    if (this.#idle >= this.#forgetFrames && this.#class !== CLASS_SPEECH) this.#averaged = 0;
  }

  /**
   * Takes the frame whose spectrum the shape sees.
   * @returns its class; CLASS_PAUSE while there is too little to tell.
   */
  push(level: FrameLevel): number {
    const shape = this.#shape;
    const slots = this.#lagFrames + 1;
    this.#newest = (this.#newest + 1) % slots;
    const oldest = (this.#newest + 1) % slots;
    shape.measure(this.#ring, this.#newest * shape.bins, oldest * shape.bins);
    this.#idle = 0;
    if (this.#run < slots) this.#run++;
    if (this.#run < slots) return CLASS_PAUSE;
    this.#update(level);
    this.#class = this.#classify();
    return this.#class;
  }

  snapshot(into: SnapshotWriter): void {
    into.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    into.floats(this.#ring);
    into.float64(this.#newest);
    into.float64(this.#run);
    into.float64(this.#idle);
    into.float64(this.#averaged);
    into.float64(this.#class);
    for (let index = 0; index < AVERAGES; index++) into.float64(this.#averages[index]!);
    into.float64(this.#noisy ? 1 : 0);
  }

  restore(from: SnapshotReader): void {
    from.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    from.floats(this.#ring);
    this.#newest = from.float64();
    this.#run = from.float64();
    this.#idle = from.float64();
    this.#averaged = from.float64();
    this.#class = from.float64();
    for (let index = 0; index < AVERAGES; index++) this.#averages[index] = from.float64();
    this.#noisy = from.float64() === 1;
  }

  #isTonal(level: FrameLevel): boolean {
    const shape = this.#shape;
    if (shape.pure) return true;
    if (level.kurtosis < CONSTANT_ENVELOPE_KURTOSIS) {
      shape.takeConcentration();
      return shape.figures[CONCENTRATION]! > CONSTANT_ENVELOPE_CONCENTRATION;
    }
    if (shape.figures[COSINE_TO_OLDEST]! <= STEADY_COSINE) return false;
    shape.takeConcentration();
    return shape.figures[CONCENTRATION]! > STEADY_CONCENTRATION;
  }

  #update(level: FrameLevel): void {
    const averages = this.#averages;
    const tonal = this.#isTonal(level) ? 1 : 0;
    // The first frames are averaged plainly: an exponential average would start from nothing.
    this.#averaged++;
    const shortRate = Math.max(this.#shortRate, 1 / this.#averaged);
    averages[TONE] = averages[TONE]! + shortRate * (tonal - averages[TONE]!);
    const longRate = Math.max(this.#longRate, 1 / this.#averaged);
    const cosineOff = this.#shape.figures[COSINE_TO_OLDEST]! - averages[COSINE]!;
    averages[COSINE] = averages[COSINE]! + longRate * cosineOff;
    averages[COSINE_VARIANCE] =
      (1 - longRate) * (averages[COSINE_VARIANCE]! + longRate * cosineOff * cosineOff);
    const levelOff = level.levelDb - averages[LEVEL]!;
    averages[LEVEL] = averages[LEVEL]! + longRate * levelOff;
    averages[LEVEL_VARIANCE] =
      (1 - longRate) * (averages[LEVEL_VARIANCE]! + longRate * levelOff * levelOff);
  }

  #classify(): number {
    const averages = this.#averages;
    if (averages[TONE]! > TONE_SHARE) return CLASS_TONE;
    if (averages[COSINE]! > MUSIC_COSINE) return CLASS_MUSIC;
    const unrest =
      averages[COSINE_VARIANCE]! / NOISE_COSINE_VARIANCE +
      averages[LEVEL_VARIANCE]! / NOISE_LEVEL_VARIANCE_DB;
    this.#noisy = averages[COSINE]! > NOISE_COSINE && unrest < (this.#noisy ? NOISE_HYSTERESIS : 1);
    return this.#noisy ? CLASS_NOISE : CLASS_SPEECH;
  }
}
