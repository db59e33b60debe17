import { type Clip, CorpusError, type Split } from './corpora/clip.ts';
import { writeSplitFile } from './split-file.ts';
import { makeSplits, type SplitKey, type SplitPlan } from './splits.ts';

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
  readonly say: (line: string) => void;
}

/**
 * Splits of a corpus that lacks some: all three for one that has none (a plain folder), val and dev
 * of what it trains on, or one of them as half of the other. As disjoint as its clips allow, written
 * to a file with a hash; beside a training part `eval` stays as it is. A corpus that has all three is
 * returned as it is.
 * @throws CorpusError when even free splits would lack a class
 */
export function assignSplits(clips: readonly Clip[], options: AssignOptions): readonly Clip[] {
  const plan = planOf(clips);
  if (plan === null) return clips;
  const { folder, seed, splitFile, say } = options;
  let problem: unknown = null;
  for (const disjointBy of DISJOINT) {
    try {
      const parts = makeSplits(
        plan.pool.map((index) => clips[index]!),
        { seed, disjointBy, shares: plan.shares },
      );
      const split = [...clips];
      for (const [place, index] of plan.pool.entries()) split[index] = parts[place]!;
      writeSplitFile(splitFile, folder, split, { seed, disjointBy });
      const how = disjointBy.length === 0 ? 'nothing' : disjointBy.join(', ');
      say(`split anew (${Object.keys(plan.shares).join(', ')}), disjoint by ${how}: ${splitFile}`);
      return split;
    } catch (error) {
      if (!(error instanceof CorpusError)) throw error;
      problem = error;
    }
  }
  throw problem;
}

/** Which clips are split anew, and into what; null = the corpus has all that training needs. */
function planOf(
  clips: readonly Clip[],
): { readonly pool: readonly number[]; readonly shares: SplitPlan['shares'] } | null {
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
