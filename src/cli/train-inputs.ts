import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { SingleBar } from 'cli-progress';
import { type Detector, loadDetector } from '../model/detector.ts';
import { type AssignOptions, assignSplits } from '../train/assign-splits.ts';
import { type Baseline, readBaseline } from '../train/baseline.ts';
import { requireWorkable } from '../train/check-recipe.ts';
import { ClipAudio } from '../train/clip-audio.ts';
import type { Clip } from '../train/corpora/clip.ts';
import type { CorpusKind } from '../train/corpora/detect-corpus.ts';
import { readExtraClips, requireTrainingSplits } from '../train/corpus.ts';
import { dataKey } from '../train/data-key.ts';
import type { FeatureStore } from '../train/features.ts';
import { keepLicences, readPageLicences } from '../train/licences.ts';
import { channelsAtHand, type PrepareAllOptions, prepareAll } from '../train/prepare.ts';
import { type Recipe, readRecipe, readRecipeFields, withEpochsAsSteps } from '../train/recipe.ts';
import { hasCheckpoint, RunFolder, type RunIdentity } from '../train/run-folder.ts';
import { joinStores, selectClips, splitTakes } from '../train/store-parts.ts';
import { indicesOf, type TransferSource } from '../train/train-run.ts';
import { transferFrom } from '../train/transfer.ts';
import { leaveOut, tellUnreadable, type UnreadableClip } from '../train/unreadable.ts';
import { type CliContext, CliError, EXIT, warnOn } from './context.ts';
import { readChosenCorpus } from './corpus-options.ts';

/** Of the run folder: splits that were made for a corpus that lacks some. */
const SPLIT_FILE = 'splits.json';

const QUICK_RECIPE = fileURLToPath(new URL('../../recipes/quick.yaml', import.meta.url));

export type TrainInputOptions = Readonly<{
  corpus: string;
  corpusKind?: CorpusKind;
  recipe?: string;
  cache: string;
  run: string;
  seed?: number;
  quick?: boolean;
  from?: string;
  licences?: string;
  splits?: string;
  extra?: string;
  baseline?: string;
  teachers?: string;
  /** Without the recipe's further takes: nothing is drawn from them. */
  firstTakesOnly?: boolean;
  /**
   * What of the run folder's checkpoint: one that learnt from other data is refused (default), the
   * recipe must have one as well, or it does not matter.
   */
  checkpoint?: 'same-data' | 'needed' | 'ignored';
}>;

/** What training and exporting begin with. */
export interface TrainInputs {
  readonly recipe: Recipe;
  readonly clips: readonly Clip[];
  /** So many of the clips are the corpus's own; those of `--extra` follow them. */
  readonly corpusClips: number;
  readonly stores: readonly FeatureStore[];
  readonly furtherTakes: readonly FeatureStore[];
  /** What was decoded on the way; the caller clears it when all features are there. */
  readonly audio: ClipAudio;
  /** None = the labels are all that is learnt. */
  readonly teachers: readonly Detector[];
  /** The detector that a transfer goes on from. */
  readonly from?: TransferSource;
  readonly baseline?: Baseline | undefined;
  /** Clips that were asked for and are left out. */
  readonly unreadable: readonly UnreadableClip[];
  /** Key of all that was asked for; absent = no clip was left out. */
  readonly askedData?: string;
}

/** The recipe that the options ask for, and what a transfer begins with. */
async function chooseRecipe(
  options: TrainInputOptions,
): Promise<Pick<TrainInputs, 'recipe' | 'from'>> {
  const path = options.quick ? QUICK_RECIPE : (options.recipe ?? null);
  const seeded = (recipe: Recipe) => {
    requireWorkable(recipe, path ?? recipe.name);
    return options.seed === undefined ? recipe : { ...recipe, seed: options.seed };
  };
  if (options.from === undefined) {
    const recipe = readRecipe(path);
    if (recipe.isTransfer) {
      throw new CliError(
        `${path} is for a transfer: --from <detector> gives its front end and network`,
        EXIT.configuration,
      );
    }
    return { recipe: seeded(recipe) };
  }
  const detector = await loadDetector(options.from);
  const { recipe, source } = transferFrom(detector, readRecipeFields(path), path ?? undefined);
  return { recipe: seeded(recipe), from: source };
}

/** The run that these options name: its recipe, and where its checkpoints lie. */
export async function runOf(
  options: TrainInputOptions,
): Promise<{ readonly recipe: Recipe; readonly runFolder: string }> {
  const { recipe } = await chooseRecipe(options);
  return { recipe, runFolder: folderOf(options, recipe) };
}

/** The folder of a recipe's run. */
export function folderOf({ run }: Pick<TrainInputOptions, 'run'>, { name, seed }: Recipe): string {
  return join(run, `${name}-seed${seed}`);
}

/** Reads recipe and corpora and prepares the features, with a progress bar. */
export async function readTrainInputs(
  options: TrainInputOptions,
  context: CliContext,
): Promise<TrainInputs> {
  const { recipe: asked, from } = await chooseRecipe(options);
  const teachers = await Promise.all((options.teachers?.split(',') ?? []).map(loadDetector));
  requireSameTeachers(asked, teachers);
  const baseline = options.baseline === undefined ? undefined : readBaseline(options.baseline);
  const runFolder = folderOf(options, asked);
  mkdirSync(runFolder, { recursive: true });
  const corpus = readSplitClips(options, context, {
    // Not the seed of the training: its other seeds must hold back the same clips.
    seed: asked.channelSeed,
    splitFile: join(runFolder, SPLIT_FILE),
    isTaken: hasCheckpoint(runFolder),
  });
  requireTrainingSplits(corpus);
  // Before hours go into features.
  const extra = options.extra === undefined ? [] : readExtraClips(options.extra, corpus);
  // The evaluation part of a public corpus is most of it, and training has no use for it.
  const clips = corpus.filter(({ split }) => split !== 'eval');
  const licensed = licensedOf(clips, options);
  const ofRun = { corpusClips: licensed.length, ...(from === undefined ? {} : { from }) };
  const askedFor = { clips: [...licensed, ...extra], ...ofRun };
  const recipe = await recipeAsMade(asked, askedFor.clips, teachers);
  // Before minutes, or hours, go into features as well.
  requireOwnCheckpoint({ ...askedFor, recipe, runFolder }, options);
  const audio = new ClipAudio(asked.frontEnd.sampleRateHz);
  const takes = options.firstTakesOnly ? [] : asked.furtherTakes;
  const run = {
    ...{ recipe: asked, audio, cacheFolder: options.cache },
    channels: [...asked.channels, ...takes],
  };
  const main = keepOf(await prepare(clips, run, context), licensed);
  const all = await withExtra(main, extra, (more) => prepare(more, run, context));
  const { first: stores, further: furtherTakes } = splitTakes(all.stores);
  return {
    ...{ recipe, clips: all.clips, stores, furtherTakes, audio, baseline, teachers },
    ...{ ...ofRun, corpusClips: main.clips.length },
    unreadable: all.unreadable,
    ...(all.unreadable.length === 0 ? {} : { askedData: dataKey(askedFor) }),
  };
}

/** Teachers that a recipe names are no ornament: its training is not the same without them. */
function requireSameTeachers({ teachers: named }: Recipe, given: readonly Detector[]): void {
  const ids = given.map(({ id }) => id);
  if (named.length === 0 || isDeepStrictEqual(new Set(named), new Set(ids))) return;
  const got = ids.length === 0 ? 'none' : ids.join(', ');
  throw new CliError(
    `the recipe names the teachers ${named.join(', ')}, --teachers gives ${got}: give these, or take the field out of the recipe`,
    EXIT.configuration,
  );
}

/** The recipe as provenance: a channel that this machine cannot make is not in it. */
async function recipeAsMade(
  asked: Recipe,
  clips: readonly Clip[],
  teachers: readonly Detector[],
): Promise<Recipe> {
  const recipe = withEpochsAsSteps(asked, indicesOf(clips, 'train').length);
  const { channels: wanted } = recipe;
  // Preparing tells what is missing.
  const atHand = await channelsAtHand({ recipe, channels: wanted, say() {} });
  const channels = [...new Set(atHand)];
  return {
    ...recipe,
    channels,
    furtherTakes: recipe.furtherTakes.filter((name) => channels.includes(name)),
    teachers: teachers.map(({ id }) => id),
  };
}

/** @throws CliError when a checkpoint is needed and the run has none of this recipe, CorpusError */
function requireOwnCheckpoint(
  run: RunIdentity,
  { checkpoint = 'same-data' }: TrainInputOptions,
): void {
  if (checkpoint === 'ignored' || new RunFolder(run).isAskedFor()) return;
  if (checkpoint === 'needed') throw noCheckpoint(run.runFolder);
}

/** What is said of a run that cannot be exported. */
export function noCheckpoint(runFolder: string): CliError {
  return new CliError(`${runFolder} has no checkpoint of this recipe`, EXIT.configuration);
}

/** The clips of the corpus in its own splits, those of `--splits`, or such as were made for it. */
function readSplitClips(
  options: TrainInputOptions,
  context: CliContext,
  made: Pick<AssignOptions, 'seed' | 'splitFile' | 'isTaken'>,
): readonly Clip[] {
  const clips = readChosenCorpus(options, context);
  if (options.splits !== undefined) return clips;
  return assignSplits(clips, { ...made, folder: options.corpus, say: warnOn(context) });
}

type Prepared = Pick<TrainInputs, 'clips' | 'stores' | 'unreadable'>;

async function prepare(
  clips: readonly Clip[],
  run: Pick<PrepareAllOptions, 'recipe' | 'channels' | 'audio' | 'cacheFolder'>,
  { stderr }: CliContext,
): Promise<Prepared> {
  const bar = stderr.isTTY
    ? new SingleBar({ format: '{channel} [{bar}] {value}/{total} clips, {eta_formatted} left' })
    : null;
  bar?.start(clips.length, 0, { channel: '' });
  const stores = await prepareAll({
    ...run,
    clips,
    onProgress: (channel, done) => bar?.update(done, { channel }),
    say: (line) => stderr.write(`${line}\n`),
  });
  bar?.stop();
  const prepared = leaveOut(clips, stores);
  const line = tellUnreadable(prepared.unreadable, clips.length);
  if (line !== null) stderr.write(`${line}\n`);
  return prepared;
}

/** The clips that `--licences` leaves of these. */
function licensedOf(clips: readonly Clip[], { licences, corpus }: TrainInputOptions) {
  if (licences === undefined) return clips;
  return keepLicences(clips, readPageLicences(corpus), licences.split(','));
}

// After preparing: a licensed part shares the prepared features of the whole.
function keepOf({ clips, stores, unreadable }: Prepared, licensed: readonly Clip[]): Prepared {
  const wanted = new Set(licensed);
  const indices = clips.flatMap((clip, index) => (wanted.has(clip) ? [index] : []));
  if (indices.length === clips.length) return { clips, stores, unreadable };
  return {
    clips: indices.map((index) => clips[index]!),
    stores: stores.map((store) => selectClips(store, indices)),
    unreadable: unreadable.filter(({ clip }) => wanted.has(clip)),
  };
}

async function withExtra(
  main: Prepared,
  extra: readonly Clip[],
  prepareClips: (clips: readonly Clip[]) => Promise<Prepared>,
): Promise<Prepared> {
  if (extra.length === 0) return main;
  const { clips, stores, unreadable } = await prepareClips(extra);
  return {
    clips: [...main.clips, ...clips],
    stores: main.stores.map((store, channel) => joinStores(store, stores[channel]!)),
    unreadable: [...main.unreadable, ...unreadable],
  };
}
