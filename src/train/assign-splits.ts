import { type Clip, CorpusError } from './corpora/clip.ts';
import { writeSplitFile } from './split-file.ts';
import { makeSplits, type SplitKey } from './splits.ts';

const SHARES = { train: 0.7, val: 0.15, dev: 0.15 } as const;
/** Tried in this order: own recordings often have one generator, or say nothing of speakers. */
const DISJOINT: readonly (readonly SplitKey[])[] = [
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
 * Splits for a corpus that has none (a plain folder): as disjoint as its clips allow, written to a
 * file with a hash. A corpus with a training split is returned as it is.
 * @throws CorpusError when even free splits would lack a class
 */
export function assignSplits(clips: readonly Clip[], options: AssignOptions): readonly Clip[] {
  if (clips.some(({ split }) => split === 'train')) return clips;
  const { folder, seed, splitFile, say } = options;
  let problem: unknown = null;
  for (const disjointBy of DISJOINT) {
    try {
      const split = makeSplits(clips, { seed, disjointBy, shares: SHARES });
      writeSplitFile(splitFile, folder, split, { seed, disjointBy });
      const how = disjointBy.length === 0 ? 'nothing' : disjointBy.join(', ');
      say(`split anew, disjoint by ${how}: ${splitFile}`);
      return split;
    } catch (error) {
      if (!(error instanceof CorpusError)) throw error;
      problem = error;
    }
  }
  throw problem;
}
