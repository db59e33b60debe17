import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { EMBEDDED_DETECTOR_FOLDERS } from '../config.ts';
import { type Detector, loadDetector } from '../model/detector.ts';
import { renderFigures } from '../train/card.ts';
import { CHANNEL_NAMES, type ChannelName } from '../train/channels.ts';
import { compareSlices, type SliceComparison } from '../train/compare.ts';
import { CorpusError, SPLITS, type Split } from '../train/corpora/clip.ts';
import type { CorpusKind } from '../train/corpora/detect-corpus.ts';
import { evaluationSplitOf } from '../train/corpus.ts';
import { judgeSplit } from '../train/evaluate-detector.ts';
import { type ChannelJudgement, judgeChannel, judgementJson } from '../train/judge-channel.ts';
import {
  renderComparison,
  renderDurations,
  renderRunning,
  renderSlices,
} from '../train/render-slices.ts';
import { renderEvaluationReport } from '../train/report/evaluation-report.ts';
import { type ScoredChannel, scoreCorpus, seenFamiliesOf } from '../train/score-corpus.ts';
import {
  SCORE_FORMATS,
  type ScoreFormat,
  trialNames,
  writeScoreFile,
} from '../train/score-files.ts';
import { renderSeeds, type SeedFigures, spreadOf } from '../train/seed-figures.ts';
import { judgedTrials, slicesOf } from '../train/slices.ts';
import { trainingFamilies } from '../train/system-family.ts';
import {
  tellUnreadable,
  type UnreadableClip,
  unreadableJson,
  unreadableNotes,
} from '../train/unreadable.ts';
import { type CliContext, CliError, EXIT, type ExitCode, warnOn } from './context.ts';
import { corpusKindOption, corpusOption, readChosenCorpus } from './corpus-options.ts';
import { evaluateScores } from './evaluate-scores.ts';
import { jsonBeside } from './json-beside.ts';

interface EvaluateOptions {
  readonly detector: string;
  readonly corpus: string;
  readonly corpusKind?: CorpusKind;
  readonly strict?: boolean;
  readonly split?: Split;
  readonly splits?: string;
  readonly channels: string;
  readonly cache: string;
  readonly compare?: string;
  readonly seeds?: string;
  readonly report?: string;
  readonly writeScores?: string;
  readonly scoreFormat: ScoreFormat;
  readonly scores?: string;
  readonly labels?: string;
  readonly json?: boolean;
}

/** Options that say nothing of a file of scores: with one they would be passed over in silence. */
const OF_A_DETECTOR = [
  ...['detector', 'corpus', 'corpusKind', 'strict', 'split', 'splits', 'channels'],
  ...['compare', 'seeds', 'report', 'writeScores'],
];

/** `bonafide evaluate`: figures of a detector on a corpus, or of a file of scores. */
export function addEvaluateCommand(
  program: Command,
  context: CliContext,
  exit: (code: ExitCode) => void,
): void {
  program
    .command('evaluate')
    .description('figures of a detector on a labelled corpus, or of any file of scores')
    .option('--detector <folder>', 'detector folder', EMBEDDED_DETECTOR_FOLDERS[0])
    .addOption(corpusOption('manifest.csv, real/ and fake/, or a public corpus'))
    .addOption(corpusKindOption())
    .option('--strict', 'counts that differ from the published ones are errors')
    .addOption(
      new Option('--split <name>', 'default: eval where the corpus has it, else dev').choices(
        SPLITS,
      ),
    )
    .option('--splits <file>', 'JSON file with the splits to use instead of the corpus’s own')
    .option('--channels <list>', `comma-separated: ${CHANNEL_NAMES.join(', ')}`, 'mulaw')
    .option('--cache <folder>', 'prepared features', '.cache/features')
    .option(
      '--compare <folder>',
      `another detector; exit ${EXIT.worse} when any slice is worse than its`,
    )
    .option(
      '--seeds <folders>',
      'comma-separated detectors of other seeds of the recipe: mean and spread of the EER',
    )
    .option('--report <html>', 'self-contained report; its figures go into a JSON file beside it')
    .option('--write-scores <file>', 'LLR of every clip after 4 s of speech (first channel)')
    .addOption(
      new Option('--score-format <name>', 'of --write-scores')
        .choices(SCORE_FORMATS)
        .default('plain'),
    )
    .addOption(
      new Option(
        '--scores <file>',
        'figures of this score file instead; no detector, no corpus',
      ).conflicts(OF_A_DETECTOR),
    )
    .option('--labels <file>', 'labels or protocol for --scores, where it has none itself')
    .option('--json', 'figures as JSON')
    .action(async (options: EvaluateOptions) => {
      exit(await evaluate(options, context));
    });
}

async function evaluate(options: EvaluateOptions, context: CliContext): Promise<ExitCode> {
  const { scores, labels, json } = options;
  if (scores !== undefined) {
    return evaluateScores(
      { scores, ...(labels === undefined ? {} : { labels }), json: json === true },
      context,
    );
  }
  if (labels !== undefined) throw new CliError('--labels needs --scores', EXIT.configuration);
  return evaluateCorpus(options, context);
}

async function evaluateCorpus(options: EvaluateOptions, context: CliContext): Promise<ExitCode> {
  const channels = channelsOf(options.channels);
  const detector = await loadDetector(options.detector);
  const other = options.compare === undefined ? null : await loadDetector(options.compare);
  const all = readChosenCorpus(options, context);
  const split = options.split ?? evaluationSplitOf(all);
  const clips = all.filter((clip) => clip.split === split);
  if (clips.length === 0) throw new CorpusError(`${options.corpus} has no split ${split}`);
  // Before the work: a folder that cannot be made should not cost an hour.
  for (const path of [options.report, options.writeScores]) {
    if (path !== undefined) mkdirSync(dirname(path), { recursive: true });
  }
  const scoreWith = (chosen: Detector) =>
    scoreCorpus({ detector: chosen, clips, channels, cacheFolder: options.cache });
  const seenFamilies = seenFamiliesOf(detector.manifest, trainingFamilies(all));
  const channelsScored = await scoreWith(detector);
  const { unreadable } = channelsScored[0]!;
  const line = tellUnreadable(unreadable, clips.length);
  if (line !== null) warnOn(context)(line);
  const judgements = channelsScored.map(({ channel, scored }) =>
    judgeChannel(scored, { split, channel, ...decisionOf(detector), seenFamilies }),
  );
  const comparison =
    other === null ? [] : compareChannels(judgements, other, await scoreWith(other), seenFamilies);
  const seeds = await judgeSeeds(options, judgements, scoreWith);
  if (options.writeScores !== undefined) writeScores(options, judgements[0]!);
  const evaluated = { judgements, comparison, seeds, unreadable };
  if (options.report !== undefined) writeReport(options, detector, evaluated);
  writeFigures(options, evaluated, context);
  return comparison.some(({ verdict }) => verdict === 'worse') ? EXIT.worse : EXIT.ok;
}

function decisionOf({ manifest }: Detector) {
  return { decision: manifest, rules: manifest.decision, hopMs: manifest.frontEnd.hopMs };
}

function compareChannels(
  judgements: readonly ChannelJudgement[],
  other: Detector,
  scoredByOther: readonly ScoredChannel[],
  seenFamilies: ReadonlySet<string> | null,
): SliceComparison[] {
  const { decision, hopMs } = decisionOf(other);
  return scoredByOther.flatMap(({ channel, scored }, index) =>
    compareSlices(
      slicesOf(judgements[index]!.trials, seenFamilies),
      judgedTrials(scored, decision, hopMs),
      channel,
    ),
  );
}

/** The page-macro EERs of this detector and of its siblings from other seeds. */
async function judgeSeeds(
  { seeds }: EvaluateOptions,
  own: readonly ChannelJudgement[],
  scoreWith: (detector: Detector) => Promise<readonly ScoredChannel[]>,
): Promise<SeedFigures[]> {
  if (seeds === undefined) return [];
  const eers = own.map(({ figures }) => [figures.pageMacroEer['4 s']!]);
  for (const folder of seeds.split(',')) {
    const sibling = await loadDetector(folder);
    for (const [at, { channel, scored }] of (await scoreWith(sibling)).entries()) {
      const { decision, hopMs } = decisionOf(sibling);
      const names = { split: own[at]!.figures.split, channel };
      eers[at]!.push(judgeSplit(scored, names, decision, hopMs).pageMacroEer['4 s']!);
    }
  }
  return own.map(({ figures: { split, channel } }, at) => ({
    split,
    channel,
    ...spreadOf(eers[at]!),
  }));
}

function writeScores(options: EvaluateOptions, { trials }: ChannelJudgement): void {
  const paths = trials.map(({ clip }) => clip.path);
  const names = trialNames(paths, options.corpus);
  writeScoreFile(
    options.writeScores!,
    options.scoreFormat,
    trials.map(({ clip, score }, at) => ({
      name: names[at]!,
      score,
      label: clip.label,
      source: clip.system,
    })),
  );
}

function writeReport(
  options: EvaluateOptions,
  { id, manifest }: Detector,
  { judgements, comparison, unreadable }: Evaluated,
): void {
  const path = options.report!;
  const { log } = manifest.training;
  const html = renderEvaluationReport({
    title: `${id} on ${basename(resolve(options.corpus))}`,
    about: [
      ...(options.compare === undefined
        ? []
        : [`Compared with the detector in ${options.compare}.`]),
      ...unreadableNotes(unreadable),
    ],
    judgements,
    comparison,
    log: Array.isArray(log) ? log : [],
  });
  writeFileSync(path, html);
  const figures = {
    ...{ detector: id, channels: judgements.map(judgementJson), comparison },
    unreadable: unreadableJson(unreadable),
  };
  writeFileSync(jsonBeside(path), `${JSON.stringify(figures, null, 1)}\n`);
}

interface Evaluated {
  readonly judgements: readonly ChannelJudgement[];
  readonly comparison: readonly SliceComparison[];
  readonly seeds: readonly SeedFigures[];
  readonly unreadable: readonly UnreadableClip[];
}

function writeFigures(
  options: EvaluateOptions,
  { judgements, comparison, seeds, unreadable }: Evaluated,
  { stdout }: CliContext,
): void {
  if (options.json) {
    const channels = judgements.map(judgementJson);
    const left = unreadableJson(unreadable);
    stdout.write(`${JSON.stringify({ channels, comparison, seeds, unreadable: left })}\n`);
    return;
  }
  const rows = judgements.map(({ figures, durations }) => ({
    channel: figures.channel,
    durations,
  }));
  stdout.write(`${renderFigures(judgements.map(({ figures }) => figures))}\n`);
  if (seeds.length > 0) stdout.write(`${renderSeeds(seeds)}\n`);
  stdout.write(`${renderDurations(rows)}\n`);
  stdout.write(`${renderRunning(judgements)}\n`);
  stdout.write(`${renderSlices(judgements.flatMap(({ slices }) => slices))}\n`);
  if (comparison.length > 0) stdout.write(`${renderComparison(comparison)}\n`);
}

function channelsOf(list: string): ChannelName[] {
  return list.split(',').map((name) => {
    const found = CHANNEL_NAMES.find((known) => known === name);
    if (found === undefined) {
      throw new CliError(
        `--channels must be of ${CHANNEL_NAMES.join(', ')}, got ${name}`,
        EXIT.configuration,
      );
    }
    return found;
  });
}
