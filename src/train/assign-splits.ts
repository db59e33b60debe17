import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type Clip, CorpusError, type Split } from './corpora/clip.ts';
import { splitFileText } from './split-file.ts';
import { makeSplits, refuseLeakingSplits, type SplitKey, type SplitPlan } from './splits.ts';

const SHARES = { train: 0.7, val: 0.15, dev: 0.15 } as const;
/**
 * Tried in this order: own recordings often have one generator, or say nothing of speakers. A page is
 * torn apart only where there are too few, as in a plain folder, which is one.
 */
const DISJOINT: readonly (readonly SplitKey[])[] = [
  ['page', 'speaker', 'generator', 'sentence'],
  ['page', 'speaker', 'sentence'],
  ['page'],
  ['speaker', 'generator', 'sentence'],
  ['speaker', 'sentence'],
  [],
];

export interface AssignOptions {
  readonly folder: string;
  readonly seed: number;
  /** The file of splits to write. */
  readonly splitFile: string;
  /** A training has learnt by that file already. Default false. */
  readonly isTaken?: boolean;
  readonly say: (line: string) => void;
}

/**
 * Splits of a corpus that lacks some: all three for one that has none (a plain folder), val and dev
 * of what it trains on, or one of them as half of the other. As disjoint as its clips allow, written
 * to a file with a hash; beside a training part `eval` stays as it is. A corpus that has all three is
 * returned as it is.
 * @throws CorpusError when even free splits would lack a class, or when the file is another training's
 */
export function assignSplits(clips: readonly Clip[], options: AssignOptions): readonly Clip[] {
  const plan = planOf(clips);
  if (plan === null) return clips;
  const { seed, splitFile, say } = options;
  const { split, disjointBy } = splitAnew(clips, plan, seed);
  writeOnce(options, split, disjointBy);
  const how = disjointBy.length === 0 ? 'nothing' : disjointBy.join(', ');
  say(`split anew (${Object.keys(plan.shares).join(', ')}), disjoint by ${how}: ${splitFile}`);
  return split;
}

/** The first of the ways to keep things apart that the clips allow. */
function splitAnew(
  clips: readonly Clip[],
  { pool, shares }: Plan,
  seed: number,
): { readonly split: readonly Clip[]; readonly disjointBy: readonly SplitKey[] } {
  let problem: unknown = null;
  for (const disjointBy of DISJOINT) {
    try {
      const parts = makeSplits(
        pool.map((index) => clips[index]!),
        { seed, disjointBy, shares },
      );
      const split = [...clips];
      for (const [place, index] of pool.entries()) split[index] = parts[place]!;
      // The splits that stayed as they were may share what the new ones do not.
      refuseLeakingSplits(split, disjointBy);
      return { split, disjointBy };
    } catch (error) {
      if (!(error instanceof CorpusError)) throw error;
      problem = error;
    }
  }
  throw problem;
}

/**
 * Writes the splits, but never over those of a training that is there: its detector would be judged
 * by the file on clips that it learnt from.
 */
function writeOnce(
  { folder, seed, splitFile, isTaken = false }: AssignOptions,
  split: readonly Clip[],
  disjointBy: readonly SplitKey[],
): void {
  const text = splitFileText(folder, split, { seed, disjointBy });
  if (isTaken && existsSync(splitFile) && readFileSync(splitFile, 'utf8') !== text) {
    throw new CorpusError(
      `${splitFile} has the splits of a training on other clips: choose another --run, or remove its folder`,
    );
  }
  writeFileSync(splitFile, text);
}

/** Places of the clips that are split anew, and into what. */
interface Plan {
  readonly pool: readonly number[];
  readonly shares: SplitPlan['shares'];
}

/** Null = the corpus has all that training needs. */
function planOf(clips: readonly Clip[]): Plan | null {
  const indicesIn = (wanted: (split: Split) => boolean) =>
    clips.flatMap(({ split }, index) => (wanted(split) ? [index] : []));
  const has = (split: Split) => clips.some((clip) => clip.split === split);
  if (!has('train')) return { pool: [...clips.keys()], shares: SHARES };
  if (has('val') && has('dev')) return null;
  if (!has('val') && !has('dev')) {
    return { pool: indicesIn((split) => split === 'train'), shares: SHARES };
  }
  const pool = indicesIn((split) => split === 'val' || split === 'dev');
  return { pool, shares: { val: 0.5, dev: 0.5 } };
}
