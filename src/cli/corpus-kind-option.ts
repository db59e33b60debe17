import { Option } from 'commander';
import { CORPUS_KINDS } from '../train/corpora/detect-corpus.ts';

/** `--corpus-kind` of every command that reads a corpus. */
export function corpusKindOption(): Option {
  return new Option('--corpus-kind <name>', 'layout of the corpus; default: found out').choices(
    CORPUS_KINDS,
  );
}
