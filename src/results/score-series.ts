import type { ScoreFigures } from '../stream/events.ts';
import { type Standing, standingCode, standingOf } from './standing-code.ts';

/** Points that are kept of a leg; then every second one goes, and half as many come. */
export const MOST_SERIES_POINTS = 512;
const FIRST_POINTS = 64;
const FIELDS = 8;

/** What a timeline needs of a score. */
export interface SeriesPoint extends Standing {
  readonly streamTimeMs: number;
  readonly speechMs: number;
  readonly syntheticProbability: number | null;
  readonly interval: readonly [number, number] | null;
  readonly recentProbability: number | null;
  readonly levelDbfs: number;
}

/**
 * The scores of a leg from its beginning, thinned out as it gets longer: 16 KB at most, so that who opens
 * a long call sees how it came about.
 */
export class ScoreSeries {
  #numbers = new Float32Array(FIRST_POINTS * FIELDS);
  #count = 0;
  #stride = 1;
  #sinceKept = 0;

  add(figures: ScoreFigures): void {
    if (this.#sinceKept++ % this.#stride !== 0) return;
    if (this.#count === MOST_SERIES_POINTS) this.#thin();
    if ((this.#count + 1) * FIELDS > this.#numbers.length) this.#grow();
    this.#numbers.set(encode(figures), this.#count * FIELDS);
    this.#count++;
  }

  /** Oldest first. */
  points(): SeriesPoint[] {
    return Array.from({ length: this.#count }, (_, index) =>
      decode(this.#numbers.subarray(index * FIELDS, (index + 1) * FIELDS)),
    );
  }

  #grow(): void {
    const grown = new Float32Array(2 * this.#numbers.length);
    grown.set(this.#numbers);
    this.#numbers = grown;
  }

  #thin(): void {
    for (let index = 0; 2 * index < this.#count; index++) {
      this.#numbers.copyWithin(index * FIELDS, 2 * index * FIELDS, (2 * index + 1) * FIELDS);
    }
    this.#count /= 2;
    this.#stride *= 2;
    this.#sinceKept = 1;
  }
}

function encode(figures: ScoreFigures): number[] {
  const { streamTimeMs, speechMs, syntheticProbability, interval, recent, quality } = figures;
  return [
    ...[streamTimeMs, speechMs, numberOf(syntheticProbability)],
    ...[interval?.[0] ?? Number.NaN, interval?.[1] ?? Number.NaN],
    ...[numberOf(recent.syntheticProbability), quality.levelDbfs],
    standingCode(figures),
  ];
}

function decode(numbers: Float32Array): SeriesPoint {
  const [low, high] = [rounded(numbers[3]!), rounded(numbers[4]!)];
  return {
    streamTimeMs: Math.round(numbers[0]!),
    speechMs: Math.round(numbers[1]!),
    syntheticProbability: rounded(numbers[2]!),
    interval: low === null || high === null ? null : [low, high],
    recentProbability: rounded(numbers[5]!),
    ...standingOf(numbers[7]!),
    levelDbfs: Math.round(10 * numbers[6]!) / 10,
  };
}

const numberOf = (value: number | null) => value ?? Number.NaN;

/** To the four decimals that scores have. */
function rounded(value: number): number | null {
  return Number.isNaN(value) ? null : Math.round(1e4 * value) / 1e4;
}
