import { Option } from 'commander';
import type { Clip } from '../train/corpora/clip.ts';
import { CORPUS_KINDS, type CorpusKind } from '../train/corpora/detect-corpus.ts';
import { readCorpus } from '../train/corpus.ts';
import { applySplitFile } from '../train/split-file.ts';
import { type CliContext, warnOn } from './context.ts';

const DEFAULT_CORPUS = '../shared/corpus';

/** Which clips a command reads. */
export interface CorpusChoice {
  readonly corpus: string;
  /** Missing = found out. */
  readonly corpusKind?: CorpusKind;
  /** Counts that differ from the published ones are errors. */
  readonly strict?: boolean;
  /** A file of splits; missing = the corpus's own. */
  readonly splits?: string;
}

/** `--corpus` with its default. @param doc what the folder is to the command */
export function corpusOption(doc: string): Option {
  return new Option('--corpus <folder>', doc).default(DEFAULT_CORPUS);
}

/** `--corpus-kind` of every command that reads a corpus. */
export function corpusKindOption(): Option {
  return new Option('--corpus-kind <name>', 'layout of the corpus; default: found out').choices(
    CORPUS_KINDS,
  );
}

/** The clips that the options choose; what is odd about the corpus is told. @throws CorpusError */
export function readChosenCorpus(
  { corpus, corpusKind, strict = false, splits }: CorpusChoice,
  context: Pick<CliContext, 'stderr'>,
): readonly Clip[] {
  const kind = corpusKind === undefined ? {} : { kind: corpusKind };
  const clips = readCorpus(corpus, { ...kind, strict, warn: warnOn(context) });
  return splits === undefined ? clips : applySplitFile(splits, corpus, clips);
}
