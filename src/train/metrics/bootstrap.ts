import { createRandom, type Random } from '../../random.ts';

/** Ends of an interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** A trial to resample; trials with the same group share their fate. */
export interface GroupedTrial {
  readonly isSpoof: boolean;
  /** Higher = more bona fide. */
  readonly score: number;
  readonly group: string;
}

export interface BootstrapOptions {
  /** `clip`: trials, each class by itself. `group`: whole groups, which must not be torn apart. */
  readonly by: 'clip' | 'group';
  readonly seed: number;
  /** Default 1,000. */
  readonly resamples?: number;
}

/** A difference with its 95 % interval. */
export interface Difference extends Interval {
  readonly difference: number;
}

const RESAMPLES = 1_000;
/** Draws without one of the classes are drawn again, this many times at most. */
const MOST_REDRAWS = 20;

/** The 2.5 and 97.5 percentiles of the values; NaN when there are none. */
export function percentileInterval(values: readonly number[]): Interval {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { low: at(0.025), high: at(0.975) };
}

/** 95 % percentile bootstrap interval of the EER (official walk). */
export function bootstrapEer(trials: readonly GroupedTrial[], options: BootstrapOptions): Interval {
  const ranked = new RankedTrials(trials);
  return percentileInterval(resample(trials, options, (counts) => ranked.eer(counts)));
}

/**
 * Difference of the EERs of two systems on the same trials, system minus other, with its interval
 * from a paired bootstrap: every resample is the same for both. An interval above 0 says that the
 * system is worse.
 * @throws RangeError when there are not as many scores as trials
 */
export function pairedBootstrapEer(
  trials: readonly GroupedTrial[],
  otherScores: readonly number[],
  options: BootstrapOptions,
): Difference {
  if (otherScores.length !== trials.length) {
    throw new RangeError(`expected ${trials.length} other scores, got ${otherScores.length}`);
  }
  const system = new RankedTrials(trials);
  const other = new RankedTrials(
    trials.map((trial, index) => ({ ...trial, score: otherScores[index]! })),
  );
  const once = new Uint32Array(trials.length).fill(1);
  return {
    difference: system.eer(once) - other.eer(once),
    ...percentileInterval(
      resample(trials, options, (counts) => system.eer(counts) - other.eer(counts)),
    ),
  };
}

/** Trials sorted once, so that the EER of a resample is one walk over how often each was drawn. */
class RankedTrials {
  readonly #order: Uint32Array;
  readonly #isSpoof: Uint8Array;

  constructor(trials: readonly GroupedTrial[]) {
    this.#isSpoof = Uint8Array.from(trials, ({ isSpoof }) => (isSpoof ? 1 : 0));
    // Bona fide first within a tie, as in the official tools.
    this.#order = Uint32Array.from(trials.keys()).sort(
      (a, b) => trials[a]!.score - trials[b]!.score || this.#isSpoof[a]! - this.#isSpoof[b]!,
    );
  }

  /** EER of the resample in which trial `i` occurs `counts[i]` times; NaN without both classes. */
  eer(counts: Uint32Array): number {
    const order = this.#order;
    const isSpoof = this.#isSpoof;
    const total = [0, 0];
    for (let index = 0; index < counts.length; index++) {
      total[isSpoof[index]!] = total[isSpoof[index]!]! + counts[index]!;
    }
    const [bonafide, spoof] = total as [number, number];
    if (bonafide === 0 || spoof === 0) return Number.NaN;
    let frr = 0;
    let far = 1;
    let least = 1;
    let eer = 0.5;
    let rejectedBonafide = 0;
    let rejectedSpoof = 0;
    for (let rank = 0; rank < order.length; rank++) {
      const index = order[rank]!;
      for (let copy = counts[index]!; copy > 0; copy--) {
        if (isSpoof[index] === 1) far = (spoof - ++rejectedSpoof) / spoof;
        else frr = ++rejectedBonafide / bonafide;
        const difference = Math.abs(frr - far);
        if (difference >= least) continue;
        least = difference;
        eer = (frr + far) / 2;
      }
    }
    return eer;
  }
}

/** The statistic of every resample; those that have none (one class only) are drawn again. */
export function resample(
  trials: readonly GroupedTrial[],
  { by, seed, resamples = RESAMPLES }: BootstrapOptions,
  statistic: (counts: Uint32Array) => number,
): number[] {
  const random = createRandom(seed);
  const counts = new Uint32Array(trials.length);
  const draw = by === 'clip' ? clipDraw(trials) : groupDraw(trials);
  const values: number[] = [];
  for (let tries = 0; values.length < resamples && tries < MOST_REDRAWS * resamples; tries++) {
    counts.fill(0);
    draw(counts, random);
    const value = statistic(counts);
    if (!Number.isNaN(value)) values.push(value);
  }
  return values;
}

type Draw = (counts: Uint32Array, random: Random) => void;

function clipDraw(trials: readonly GroupedTrial[]): Draw {
  const classes = [false, true].map((wanted) =>
    trials.flatMap(({ isSpoof }, index) => (isSpoof === wanted ? [index] : [])),
  );
  return (counts, random) => {
    for (const members of classes) {
      for (let times = members.length; times > 0; times--) {
        const index = members[random.integer(members.length)]!;
        counts[index] = counts[index]! + 1;
      }
    }
  };
}

function groupDraw(trials: readonly GroupedTrial[]): Draw {
  const byGroup = new Map<string, number[]>();
  for (const [index, { group }] of trials.entries()) {
    const members = byGroup.get(group);
    if (members === undefined) byGroup.set(group, [index]);
    else members.push(index);
  }
  const groups = [...byGroup.values()];
  return (counts, random) => {
    for (let times = groups.length; times > 0; times--) {
      for (const index of groups[random.integer(groups.length)]!) {
        counts[index] = counts[index]! + 1;
      }
    }
  };
}
