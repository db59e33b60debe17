import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SingleBar } from 'cli-progress';
import type { Command } from 'commander';
import { loadDetector } from '../model/detector.ts';
import { assignSplits } from '../train/assign-splits.ts';
import { renderAudit, renderAuditHtml } from '../train/audit/render-audit.ts';
import { runAudit } from '../train/audit/run-audit.ts';
import type { AuditReport } from '../train/audit/shortcut-audit.ts';
import { renderFigures } from '../train/card.ts';
import type { InProcessChannel } from '../train/channels.ts';
import { type Clip, CorpusError } from '../train/corpora/clip.ts';
import { readCorpus, requireTrainingSplits } from '../train/corpus.ts';
import type { FeatureStore } from '../train/features.ts';
import { finishDetector } from '../train/finish-detector.ts';
import { keepLicences, readPageLicences } from '../train/licences.ts';
import { prepareAll } from '../train/prepare.ts';
import { type Recipe, RecipeError, readRecipe, readRecipeFields } from '../train/recipe.ts';
import { type TransferSource, trainNetwork } from '../train/train-run.ts';
import { transferFrom } from '../train/transfer.ts';
import { type CliContext, CliError, EXIT, type ExitCode } from './context.ts';
import { wholeNumber } from './options.ts';

const QUICK_RECIPE = fileURLToPath(new URL('../../recipes/quick.yaml', import.meta.url));

export interface TrainCliOptions {
  readonly corpus: string;
  readonly recipe?: string;
  readonly out: string;
  readonly run: string;
  readonly cache: string;
  readonly seed?: number;
  readonly prepareOnly?: boolean;
  readonly from?: string;
  readonly quick?: boolean;
  readonly licences?: string;
  readonly auditOnly?: boolean;
  readonly allowShortcuts?: boolean;
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
    .option('--seed <number>', 'overrides the recipe’s seed', wholeNumber(0, 4_294_967_295))
    .option('--licences <names>', 'train only on pages that state one of these, comma-separated')
    .option('--quick', 'a usable detector in minutes: recipes/quick.yaml')
    .option('--from <folder>', 'go on from this detector: transfer to other recordings')
    .option('--prepare-only', 'stop when the features are prepared')
    .option('--audit-only', 'stop after the shortcut audit; exit code 4 when it fails')
    .option('--allow-shortcuts', 'train although the audit fails; the card will say so')
    .action(async (options: TrainCliOptions) => {
      exit(await train(options, context));
    });
}

/** Options that `train` and `export` share: the data, the recipe, and the folders of a run. */
export function addRunOptions(command: Command): Command {
  return command
    .option('--corpus <folder>', 'folder with manifest.csv and its clips', '../shared/corpus')
    .option('--recipe <yaml>', 'recipe; default: the built-in one (see recipes/)')
    .option('--out <folder>', 'detector folder to write', 'runs/detector')
    .option('--run <folder>', 'checkpoints and log', 'runs/train')
    .option('--cache <folder>', 'prepared features', '.cache/features');
}

/** What training and exporting begin with. */
export interface TrainInputs {
  readonly recipe: Recipe;
  readonly clips: readonly Clip[];
  readonly stores: readonly FeatureStore[];
  /** The detector that a transfer goes on from. */
  readonly from?: TransferSource;
}

/** The recipe that the options ask for, and what a transfer begins with. */
async function chooseRecipe(
  options: Pick<TrainCliOptions, 'recipe' | 'seed' | 'quick' | 'from'>,
): Promise<Pick<TrainInputs, 'recipe' | 'from'>> {
  const path = options.quick ? QUICK_RECIPE : (options.recipe ?? null);
  const seeded = (recipe: Recipe) =>
    options.seed === undefined ? recipe : { ...recipe, seed: options.seed };
  if (options.from === undefined) return { recipe: seeded(readRecipe(path)) };
  const { recipe, source } = transferFrom(await loadDetector(options.from), readRecipeFields(path));
  return { recipe: seeded(recipe), from: source };
}

/** Reads recipe and corpus and prepares the features, with a progress bar. */
export async function readTrainInputs(
  options: Pick<
    TrainCliOptions,
    'corpus' | 'recipe' | 'cache' | 'run' | 'seed' | 'quick' | 'from' | 'licences'
  >,
  context: CliContext,
): Promise<TrainInputs> {
  try {
    const { recipe, from } = await chooseRecipe(options);
    const all = readCorpus(options.corpus);
    const licensed =
      options.licences === undefined
        ? all
        : keepLicences(all, readPageLicences(options.corpus), options.licences.split(','));
    const runFolder = join(options.run, `${recipe.name}-seed${recipe.seed}`);
    mkdirSync(runFolder, { recursive: true });
    const clips = assignSplits(licensed, {
      folder: options.corpus,
      seed: recipe.seed,
      splitFile: join(runFolder, 'splits.json'),
      say: (line) => context.stderr.write(`${line}\n`),
    });
    requireTrainingSplits(clips);
    const bar = context.stderr.isTTY
      ? new SingleBar({ format: '{channel} [{bar}] {value}/{total} clips, {eta_formatted} left' })
      : null;
    bar?.start(clips.length, 0, { channel: '' });
    const stores = await prepareAll({
      recipe,
      clips,
      channels: recipe.channels,
      cacheFolder: options.cache,
      onProgress: (channel, done) => bar?.update(done, { channel }),
      say: (line) => context.stderr.write(`${line}\n`),
    });
    bar?.stop();
    return { recipe, clips, stores, ...(from === undefined ? {} : { from }) };
  } catch (error) {
    if (error instanceof CorpusError || error instanceof RecipeError) {
      throw new CliError(error.message, EXIT.configuration);
    }
    throw error;
  }
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
  { recipe, clips }: TrainInputs,
  options: { readonly cache: string; readonly runFolder: string },
  context: CliContext,
): Promise<AuditReport> {
  const report = await runAudit({
    clips,
    channel: auditedChannel(recipe),
    sampleRateHz: recipe.frontEnd.sampleRateHz,
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
  const inputs = await readTrainInputs(options, context);
  if (options.prepareOnly) return EXIT.ok;
  const runFolder = join(options.run, `${inputs.recipe.name}-seed${inputs.recipe.seed}`);
  const report = await audit(inputs, { ...options, runFolder }, context);
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
  return EXIT.ok;
}
