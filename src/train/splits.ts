import { createRandom, type Random } from '../random.ts';
import { type Clip, CorpusError, type Split } from './corpora/clip.ts';
import { systemFamily } from './system-family.ts';

/** What no two splits may share. */
export const SPLIT_KEYS = ['speaker', 'generator', 'sentence', 'page'] as const;
export type SplitKey = (typeof SPLIT_KEYS)[number];

export interface SplitPlan {
  readonly seed: number;
  readonly disjointBy: readonly SplitKey[];
  /** Share of the clips of each split; together 1. */
  readonly shares: Readonly<Partial<Record<Split, number>>>;
}

/** Clips that share a speaker, a generator, … directly or over others: they stay together. */
interface Component {
  readonly members: readonly number[];
  /** Clips of each stratum. */
  readonly strata: ReadonlyMap<string, number>;
}

/**
 * Splits clips anew: whole connected components of what must not be shared, the largest first, each
 * to where label, language, gender and codec then lie closest to the shares. Seeded.
 * @throws RangeError when the shares do not add up to 1
 * @throws CorpusError when components are too large for it: a split would lack a class
 */
export function makeSplits(clips: readonly Clip[], plan: SplitPlan): readonly Clip[] {
  const shares = Object.entries(plan.shares) as [Split, number][];
  const sum = shares.reduce((total, [, share]) => total + share, 0);
  if (Math.abs(sum - 1) > 1e-9 || shares.some(([, share]) => !(share > 0))) {
    throw new RangeError(`shares must be above 0 and add up to 1, got ${sum}`);
  }
  const components = componentsOf(clips, plan.disjointBy);
  shuffle(components, createRandom(plan.seed));
  // The sort is stable: among equals the shuffled order holds.
  components.sort((a, b) => b.members.length - a.members.length);
  const totals = tally(components.map(({ strata }) => strata));
  const filled = new Map(shares.map(([split]) => [split, new Map<string, number>()]));
  const splitOf: Split[] = [];
  for (const { members, strata } of components) {
    const split = bestSplit(strata, { shares, filled, totals });
    for (const [stratum, count] of strata) {
      const into = filled.get(split)!;
      into.set(stratum, (into.get(stratum) ?? 0) + count);
    }
    for (const member of members) splitOf[member] = split;
  }
  const result = clips.map((clip, index) => ({ ...clip, split: splitOf[index]! }));
  refuseEmptyClasses(
    result,
    shares.map(([split]) => split),
    components[0]?.members.length ?? 0,
  );
  return result;
}

/**
 * Refuses splits that share a speaker, generator, sentence or page.
 * @throws CorpusError naming what is shared and the splits
 */
export function refuseLeakingSplits(clips: readonly Clip[], disjointBy: readonly SplitKey[]): void {
  for (const key of disjointBy) {
    const splitOf = new Map<string, Split>();
    for (const clip of clips) {
      const value = keyOf(clip, key);
      if (value === null) continue;
      const known = splitOf.get(value) ?? clip.split;
      if (known !== clip.split) {
        throw new CorpusError(`${key} "${value}" is in the splits ${known} and ${clip.split}`);
      }
      splitOf.set(value, known);
    }
  }
}

/** What a clip has of a key; null when that is unknown, or when human speech has none. */
function keyOf(clip: Clip, key: SplitKey): string | null {
  switch (key) {
    case 'generator':
      return clip.label === 'bonafide' || clip.system === 'unknown'
        ? null
        : systemFamily(clip.system);
    case 'speaker':
      return clip.speaker || null;
    case 'sentence':
      return clip.sentence || null;
    case 'page':
      return clip.page;
  }
}

function componentsOf(clips: readonly Clip[], disjointBy: readonly SplitKey[]): Component[] {
  const parent = clips.map((_, index) => index);
  const rootOf = (index: number): number => {
    let root = index;
    while (parent[root] !== root) {
      parent[root] = parent[parent[root]!]!;
      root = parent[root]!;
    }
    return root;
  };
  for (const key of disjointBy) {
    const first = new Map<string, number>();
    for (const [index, clip] of clips.entries()) {
      const value = keyOf(clip, key);
      if (value === null) continue;
      const other = first.get(value);
      if (other === undefined) first.set(value, index);
      else parent[rootOf(index)] = rootOf(other);
    }
  }
  const byRoot = new Map<number, number[]>();
  for (const index of clips.keys()) {
    const root = rootOf(index);
    const members = byRoot.get(root);
    if (members === undefined) byRoot.set(root, [index]);
    else members.push(index);
  }
  return [...byRoot.values()].map((members) => ({
    members,
    strata: tally(members.map((member) => strataOf(clips[member]!))),
  }));
}

/** The strata that a clip counts in: its label, and its label with what is known of it. */
function strataOf({ label, language, gender, codec }: Clip): ReadonlyMap<string, number> {
  const about = [
    language === '' ? null : `language ${language}`,
    gender === undefined ? null : `gender ${gender}`,
    codec === undefined ? null : `codec ${codec}`,
  ].filter((text) => text !== null);
  return new Map([[label as string, 1], ...about.map((text) => [`${label} ${text}`, 1] as const)]);
}

function tally(maps: readonly ReadonlyMap<string, number>[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const map of maps) {
    for (const [key, count] of map) sums.set(key, (sums.get(key) ?? 0) + count);
  }
  return sums;
}

/** The split whose strata come closest to its share by taking these clips. */
function bestSplit(
  strata: ReadonlyMap<string, number>,
  state: {
    readonly shares: readonly (readonly [Split, number])[];
    readonly filled: ReadonlyMap<Split, ReadonlyMap<string, number>>;
    readonly totals: ReadonlyMap<string, number>;
  },
): Split {
  let best = state.shares[0]![0];
  let least = Number.POSITIVE_INFINITY;
  for (const [split, share] of state.shares) {
    let cost = 0;
    for (const [stratum, count] of strata) {
      const total = state.totals.get(stratum)!;
      const before = (state.filled.get(split)!.get(stratum) ?? 0) / total / share - 1;
      const after = before + count / total / share;
      cost += share * (after ** 2 - before ** 2);
    }
    if (cost < least) [best, least] = [split, cost];
  }
  return best;
}

function refuseEmptyClasses(
  clips: readonly Clip[],
  splits: readonly Split[],
  largest: number,
): void {
  for (const split of splits) {
    for (const label of ['bonafide', 'spoof'] as const) {
      if (clips.some((clip) => clip.split === split && clip.label === label)) continue;
      throw new CorpusError(
        `the split ${split} would have no ${label} clips: ${largest} of ${clips.length} clips hang together; ` +
          'ask for fewer things to be disjoint',
      );
    }
  }
}

function shuffle<T>(list: T[], random: Random): void {
  for (let index = list.length - 1; index > 0; index--) {
    const other = random.integer(index + 1);
    [list[index], list[other]] = [list[other]!, list[index]!];
  }
}
