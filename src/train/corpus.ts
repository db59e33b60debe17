import { type Clip, CorpusError, type Split } from './corpora/clip.ts';
import { CORPUS_LOADERS, type CorpusKind, detectCorpusKind } from './corpora/detect-corpus.ts';
import { manifestLoader } from './corpora/manifest-csv.ts';
import { refuseLeakingSplits } from './splits.ts';

export interface ReadCorpusOptions {
  /** Default: found out from the folder. */
  readonly kind?: CorpusKind;
  /** Counts that differ from the published ones are errors. Default false. */
  readonly strict?: boolean;
  /** Takes one line about something that is odd but can be lived with. */
  readonly warn?: (line: string) => void;
}

/**
 * Reads a corpus of any known layout.
 * @throws CorpusError when it is empty, has one class only, an unknown label, or leaking splits
 */
export function readCorpus(
  folder: string,
  { kind = detectCorpusKind(folder), strict = false, warn = () => {} }: ReadCorpusOptions = {},
): readonly Clip[] {
  const clips = CORPUS_LOADERS[kind].read(folder, { strict, warn });
  if (clips.length === 0) throw new CorpusError(`${folder} holds no clips`);
  const labels = new Set(clips.map(({ label }) => label));
  if (labels.size < 2) {
    throw new CorpusError(`${folder} holds only ${[...labels][0]} clips; both classes are needed`);
  }
  refuseLeakingSplits(clips, ['page']);
  return clips;
}

/**
 * More training clips, of either class, from a folder in the manifest format.
 * @param clips all of the corpus
 * @throws CorpusError when it is empty, a clip is of another split than `train`, or its page is in
 * other splits alone (pages of a corpus that is split by its speakers are in all of them)
 */
export function readExtraClips(folder: string, clips: readonly Clip[]): readonly Clip[] {
  const extra = manifestLoader.read(folder, { strict: true, warn: () => {} });
  if (extra.length === 0) throw new CorpusError(`${folder} holds no clips`);
  const other = extra.find(({ split }) => split !== 'train');
  if (other !== undefined) {
    throw new CorpusError(
      `${other.path} is of the split ${other.split}; extra clips are for train`,
    );
  }
  const trained = new Set(clips.flatMap(({ split, page }) => (split === 'train' ? [page] : [])));
  refuseLeakingSplits([...clips.filter(({ page }) => !trained.has(page)), ...extra], ['page']);
  return extra;
}

/** The split that a detector is judged on: the evaluation part of a public corpus, or else `dev`. */
export function evaluationSplitOf(clips: readonly Clip[]): Split {
  return clips.some(({ split }) => split === 'eval') ? 'eval' : 'dev';
}

/**
 * Training fits on `train`, calibrates on `val` and judges on `dev`.
 * @throws CorpusError when one of them lacks a class
 */
export function requireTrainingSplits(clips: readonly Clip[]): void {
  for (const split of ['train', 'val', 'dev'] as const) {
    for (const label of ['bonafide', 'spoof'] as const) {
      if (clips.some((clip) => clip.split === split && clip.label === label)) continue;
      throw new CorpusError(
        `the split ${split} has no ${label} clips; training needs both classes`,
      );
    }
  }
}
