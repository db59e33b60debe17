import { SingleBar } from 'cli-progress';
import Table from 'cli-table3';
import type { Command } from 'commander';
import { synthesiseCopies } from '../train/copy-synthesis.ts';
import { type Clip, SPLITS } from '../train/corpora/clip.ts';
import { type CorpusKind, detectCorpusKind } from '../train/corpora/detect-corpus.ts';
import { readCorpus } from '../train/corpus.ts';
import { writeSplitFile } from '../train/split-file.ts';
import { makeSplits, SPLIT_KEYS, type SplitKey } from '../train/splits.ts';
import { systemFamily } from '../train/system-family.ts';
import { tellUnreadable } from '../train/unreadable.ts';
import { type CliContext, CliError, EXIT, type ExitCode, warnOn } from './context.ts';
import { corpusKindOption } from './corpus-options.ts';
import { wholeNumber } from './options.ts';

interface CorpusCliOptions {
  readonly corpusKind?: CorpusKind;
  readonly strict?: boolean;
  readonly makeSplits?: string;
  readonly disjointBy: string;
  readonly seed: number;
  readonly copySynthesis?: string;
  readonly vocoders?: string;
  readonly copiesPerPage: number;
}

const SHARES = { train: 0.8, val: 0.1, dev: 0.1 } as const;

/** `bonafide corpus FOLDER`: what a corpus holds; new splits of it. */
export function addCorpusCommand(
  program: Command,
  context: CliContext,
  exit: (code: ExitCode) => void,
): void {
  program
    .command('corpus')
    .description('what a corpus holds, held against its published counts; new splits of it')
    .argument('<folder>', 'manifest.csv, real/ and fake/, or a public corpus')
    .addOption(corpusKindOption())
    .option('--strict', 'counts that differ from the published ones are errors')
    .option('--make-splits <file>', 'write new splits (80 % train, 10 % val, 10 % dev) as JSON')
    .option(
      '--disjoint-by <list>',
      `what splits may not share: ${SPLIT_KEYS.join(', ')}`,
      'speaker,sentence,page',
    )
    .option('--seed <number>', 'of the new splits and copies', wholeNumber(0, 4_294_967_295), 1)
    .option(
      '--copy-synthesis <folder>',
      'write human training clips through vocoders: more spoofs for `train --extra`',
    )
    .option('--vocoders <files>', 'comma-separated ONNX files: mel [1, 80, T] to 22.05 kHz')
    .option('--copies-per-page <number>', 'at most', wholeNumber(1, 1000), 2)
    .action(async (folder: string, options: CorpusCliOptions) => {
      exit(await describeCorpus(folder, options, context));
    });
}

async function describeCorpus(
  folder: string,
  options: CorpusCliOptions,
  context: CliContext,
): Promise<ExitCode> {
  const { stdout } = context;
  const kind = options.corpusKind ?? detectCorpusKind(folder);
  const warn = warnOn(context);
  let clips = readCorpus(folder, { kind, strict: options.strict === true, warn });
  if (options.makeSplits !== undefined) {
    const plan = {
      seed: options.seed,
      disjointBy: keysOf(options.disjointBy),
      shares: SHARES,
    };
    clips = makeSplits(clips, plan);
    writeSplitFile(options.makeSplits, folder, clips, plan);
  }
  stdout.write(`${kind}\n${renderCounts(clips)}\n`);
  if (options.copySynthesis !== undefined) {
    stdout.write(`${await writeCopies(clips, options.copySynthesis, { ...options, warn })}\n`);
  }
  return EXIT.ok;
}

async function writeCopies(
  clips: readonly Clip[],
  outFolder: string,
  {
    vocoders,
    copiesPerPage,
    seed,
    warn,
  }: CorpusCliOptions & { readonly warn: (line: string) => void },
): Promise<string> {
  if (vocoders === undefined) {
    throw new CliError('--copy-synthesis needs --vocoders <files>', EXIT.configuration);
  }
  const bar = new SingleBar({ format: '[{bar}] {value}/{total} copies, {eta_formatted} left' });
  let isDrawn = false;
  const progress = (done: number, total: number) => {
    if (!isDrawn) bar.start(total, 0);
    isDrawn = true;
    bar.update(done);
  };
  const { copies, chosen, unreadable } = await synthesiseCopies({
    clips,
    vocoders: vocoders.split(','),
    outFolder,
    clipsPerPage: copiesPerPage,
    seed,
    onProgress: progress,
  }).finally(() => bar.stop());
  const line = tellUnreadable(unreadable, chosen);
  if (line !== null) warn(line);
  return `${copies} copies in ${outFolder}`;
}

function renderCounts(clips: readonly Clip[]): string {
  const table = new Table({
    head: ['split', 'human', 'synthetic', 'speakers', 'synthesisers', 'pages', 'languages'],
    style: { head: [], border: [] },
  });
  for (const split of SPLITS) {
    const members = clips.filter((clip) => clip.split === split);
    if (members.length === 0) continue;
    const spoof = members.filter(({ label }) => label === 'spoof');
    const distinct = (values: readonly string[]) =>
      new Set(values.filter((value) => value !== '')).size;
    table.push([
      split,
      members.length - spoof.length,
      spoof.length,
      distinct(members.map(({ speaker }) => speaker)),
      distinct(spoof.map(({ system }) => systemFamily(system))),
      distinct(members.map(({ page }) => page)),
      distinct(members.map(({ language }) => language)),
    ]);
  }
  return table.toString();
}

function keysOf(list: string): SplitKey[] {
  return list.split(',').map((name) => {
    const found = SPLIT_KEYS.find((key) => key === name);
    if (found === undefined) {
      throw new CliError(
        `--disjoint-by must be of ${SPLIT_KEYS.join(', ')}, got ${name}`,
        EXIT.configuration,
      );
    }
    return found;
  });
}
