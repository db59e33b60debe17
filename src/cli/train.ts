import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { loadDetector } from '../model/detector.ts';
import { renderAudit, renderAuditHtml } from '../train/audit/render-audit.ts';
import { runAudit } from '../train/audit/run-audit.ts';
import type { AuditReport } from '../train/audit/shortcut-audit.ts';
import { requireCalibratable } from '../train/call-thresholds.ts';
import { renderFigures } from '../train/card.ts';
import type { InProcessChannel } from '../train/channels.ts';
import type { Clip } from '../train/corpora/clip.ts';
import { readCorpus } from '../train/corpus.ts';
import { DECISION, finishDetector } from '../train/finish-detector.ts';
import { guardTransfer } from '../train/guard.ts';
import type { Recipe } from '../train/recipe.ts';
import { nameOf, renderComparison } from '../train/render-slices.ts';
import { RunFolder } from '../train/run-folder.ts';
import { teach } from '../train/teachers.ts';
import { trainNetwork } from '../train/train-run.ts';
import { type CliContext, CliError, EXIT, type ExitCode, warnOn } from './context.ts';
import { corpusKindOption, corpusOption } from './corpus-options.ts';
import { wholeNumber } from './options.ts';
import {
  folderOf,
  readTrainInputs,
  type TrainInputOptions,
  type TrainInputs,
} from './train-inputs.ts';

export interface TrainCliOptions extends TrainInputOptions {
  readonly out: string;
  readonly prepareOnly?: boolean;
  readonly auditOnly?: boolean;
  readonly allowShortcuts?: boolean;
  readonly guard?: string;
}

/** `bonafide train`: corpus → features → fit → calibrate → evaluate → detector folder. */
export function addTrainCommand(
  program: Command,
  context: CliContext,
  exit: (code: ExitCode) => void,
): void {
  const command = program
    .command('train')
    .description('train a detector from a corpus; goes on from the run folder’s checkpoint');
  addRunOptions(command)
    .addOption(
      new Option('--quick', 'a usable detector in minutes: recipes/quick.yaml').conflicts('recipe'),
    )
    .option('--from <folder>', 'go on from this detector: transfer to other recordings')
    .option(
      '--guard <folder>',
      `with --from: the corpus of the old evaluation; exit code ${EXIT.worse} when a slice of it became worse`,
    )
    .addOption(
      new Option('--prepare-only', 'stop when the features are prepared').conflicts('auditOnly'),
    )
    .option('--audit-only', 'stop after the shortcut audit; exit code 4 when it fails')
    .option('--allow-shortcuts', 'train although the audit fails; the card will say so')
    .action(async (options: TrainCliOptions) => {
      exit(await train(options, context));
    });
}

/** Options that `train` and `export` share: the data, the recipe, and the folders of a run. */
export function addRunOptions(command: Command): Command {
  return command
    .addOption(corpusOption('folder with manifest.csv and its clips'))
    .addOption(corpusKindOption())
    .option('--recipe <yaml>', 'recipe; default: the built-in one (see recipes/)')
    .option('--out <folder>', 'detector folder to write', 'runs/detector')
    .option('--run <folder>', 'checkpoints and log', 'runs/train')
    .option('--cache <folder>', 'prepared features', '.cache/features')
    .option('--seed <number>', 'overrides the recipe’s seed', wholeNumber(0, 4_294_967_295))
    .option('--splits <file>', 'splits to use instead of the corpus’s own (corpus --make-splits)')
    .option('--licences <names>', 'train only on pages that state one of these, comma-separated')
    .option(
      '--extra <folder>',
      'more training clips, in the manifest format (corpus --copy-synthesis)',
    )
    .option(
      '--teachers <folders>',
      'detectors whose opinion of the training clips stands beside the labels, comma-separated',
    )
    .option('--baseline <folder>', 'detector whose figures stand beside in card and report');
}

/** Page and figures of the audit in the run folder. */
const AUDIT_PAGE = 'audit.html';
export const AUDIT_FILE = 'audit.json';

/** The first channel that needs no ffmpeg. */
function auditedChannel({ channels }: Recipe): InProcessChannel {
  return channels.find((name) => name !== 'coded') ?? 'clean';
}

/** Looks for shortcuts in the clips as the network hears them through the recipe's first channel. */
async function audit(
  { recipe, clips, audio }: TrainInputs,
  options: { readonly cache: string; readonly runFolder: string },
  context: CliContext,
): Promise<AuditReport> {
  const report = await runAudit({
    clips,
    channel: auditedChannel(recipe),
    sampleRateHz: recipe.frontEnd.sampleRateHz,
    audio: audio.passing,
    seed: recipe.channelSeed,
    cacheFolder: options.cache,
  });
  mkdirSync(options.runFolder, { recursive: true });
  writeFileSync(join(options.runFolder, AUDIT_FILE), `${JSON.stringify(report, null, 1)}\n`);
  writeFileSync(join(options.runFolder, AUDIT_PAGE), renderAuditHtml(report));
  context.stdout.write(`${renderAudit(report)}\n`);
  return report;
}

async function train(options: TrainCliOptions, context: CliContext): Promise<ExitCode> {
  const guarded = readGuarded(options, context);
  const inputs = await readTrainInputs(
    options.prepareOnly ? { ...options, checkpoint: 'ignored' } : options,
    context,
  );
  if (options.prepareOnly) return EXIT.ok;
  const runFolder = folderOf(options, inputs.recipe);
  // Refuses other data before the audit of these takes the place of that training's.
  new RunFolder({ ...inputs, runFolder }).checkpoint();
  requireCalibratable(inputs.clips, inputs.stores, {
    ...{ hopMs: inputs.recipe.frontEnd.hopMs, framesPerStep: inputs.recipe.network.framesPerStep },
    provisionalSpeechMs: DECISION.provisionalSpeechMs,
  });
  const report = await audit(inputs, { ...options, runFolder }, context);
  inputs.audio.clear();
  if (options.auditOnly) return report.passed ? EXIT.ok : EXIT.worse;
  if (!report.passed && !options.allowShortcuts) {
    throw new CliError(
      `the shortcut audit failed (${join(runFolder, AUDIT_PAGE)}); --allow-shortcuts trains all the same`,
      EXIT.worse,
    );
  }
  const trained = await trainNetwork({
    ...inputs,
    runFolder,
    targets: await targetsOf(inputs, context),
    clock: context.clock,
    say: (line) => context.stdout.write(`${line}\n`),
  });
  const figures = await finishDetector({
    ...inputs,
    trained,
    runFolder,
    outFolder: options.out,
    audit: report,
  });
  context.stdout.write(`${renderFigures(figures)}\nwritten to ${options.out}\n`);
  return options.from === undefined ? EXIT.ok : guard(options, { ...inputs, guarded }, context);
}

/** The corpus of the old evaluation, before the work: a slip of the pen should not cost a training. */
function readGuarded(
  { guard, from }: TrainCliOptions,
  context: CliContext,
): readonly Clip[] | null {
  if (guard === undefined) return null;
  if (from === undefined) throw new CliError('--guard needs --from', EXIT.configuration);
  return readCorpus(guard, { warn: warnOn(context) });
}

/** What the teachers make of the labels; they hear the recipe's first channel. */
async function targetsOf(
  { recipe, teachers, clips, corpusClips, stores }: TrainInputs,
  { stdout }: CliContext,
): Promise<Float32Array | undefined> {
  if (teachers.length === 0) return undefined;
  stdout.write(`${teachers.length} teachers hear the training clips\n`);
  return teach({ recipe, teachers, clips, corpusClips, store: stores[0]! });
}

/** Whether a transfer made anything of the old evaluation worse. */
async function guard(
  { from, out, cache }: TrainCliOptions,
  { recipe, guarded }: Pick<TrainInputs, 'recipe'> & { readonly guarded: readonly Clip[] | null },
  { stdout, stderr }: CliContext,
): Promise<ExitCode> {
  if (guarded === null) {
    stdout.write('not held against the old evaluation: --guard <its corpus> does that\n');
    return EXIT.ok;
  }
  const rows = await guardTransfer({
    before: await loadDetector(from!),
    after: await loadDetector(out),
    clips: guarded,
    channel: auditedChannel(recipe),
    cacheFolder: cache,
    say: warnOn({ stderr }),
  });
  stdout.write(`${renderComparison(rows)}\n`);
  const worse = rows.filter(({ verdict }) => verdict === 'worse').map(nameOf);
  if (worse.length === 0) return EXIT.ok;
  stdout.write(`worse than ${from} on: ${worse.join(', ')}; do not deploy ${out}\n`);
  return EXIT.worse;
}
