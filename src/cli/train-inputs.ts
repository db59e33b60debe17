import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SingleBar } from 'cli-progress';
import { type Detector, loadDetector } from '../model/detector.ts';
import { type AssignOptions, assignSplits } from '../train/assign-splits.ts';
import { type Baseline, readBaseline } from '../train/baseline.ts';
import { requireWorkable } from '../train/check-recipe.ts';
import { ClipAudio } from '../train/clip-audio.ts';
import type { Clip } from '../train/corpora/clip.ts';
import type { CorpusKind } from '../train/corpora/detect-corpus.ts';
import { readExtraClips, requireTrainingSplits } from '../train/corpus.ts';
import type { FeatureStore } from '../train/features.ts';
import { keepLicences, readPageLicences } from '../train/licences.ts';
import { type PrepareAllOptions, prepareAll } from '../train/prepare.ts';
import { type Recipe, readRecipe, readRecipeFields, withEpochsAsSteps } from '../train/recipe.ts';
import { hasCheckpoint } from '../train/run-folder.ts';
import { joinStores, selectClips, splitTakes } from '../train/store-parts.ts';
import { indicesOf, type TransferSource } from '../train/train-run.ts';
import { transferFrom } from '../train/transfer.ts';
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
  const audio = new ClipAudio(asked.frontEnd.sampleRateHz);
  const takes = options.firstTakesOnly ? [] : asked.furtherTakes;
  const run = {
    ...{ recipe: asked, audio, cacheFolder: options.cache },
    channels: [...asked.channels, ...takes],
  };
  const main = keepLicensed({ clips, stores: await prepare(clips, run, context) }, options);
  const all = await withExtra(main, extra, (more) => prepare(more, run, context));
  const recipe = withEpochsAsSteps(asked, indicesOf(all.clips, 'train').length);
  const { first: stores, further: furtherTakes } = splitTakes(all.stores);
  // A channel that this machine cannot make is not in the detector's provenance.
  const channels = stores.map(({ channel }) => channel);
  const made = {
    channels,
    furtherTakes: recipe.furtherTakes.filter((name) => channels.includes(name)),
  };
  return {
    recipe: { ...recipe, ...made, teachers: teachers.map(({ id }) => id) },
    clips: all.clips,
    ...{ stores, furtherTakes },
    corpusClips: main.clips.length,
    audio,
    baseline,
    teachers,
    ...(from === undefined ? {} : { from }),
  };
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

type Prepared = Pick<TrainInputs, 'clips' | 'stores'>;

async function prepare(
  clips: readonly Clip[],
  run: Pick<PrepareAllOptions, 'recipe' | 'channels' | 'audio' | 'cacheFolder'>,
  { stderr }: CliContext,
): Promise<readonly FeatureStore[]> {
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
  return stores;
}

// After preparing: a licensed part shares the prepared features of the whole.
function keepLicensed({ clips, stores }: Prepared, options: TrainInputOptions): Prepared {
  if (options.licences === undefined) return { clips, stores };
  const wanted = options.licences.split(',');
  const kept = keepLicences(clips, readPageLicences(options.corpus), wanted);
  const places = new Map(clips.map((clip, index) => [clip, index]));
  const indices = kept.map((clip) => places.get(clip)!);
  return { clips: kept, stores: stores.map((store) => selectClips(store, indices)) };
}

async function withExtra(
  main: Prepared,
  extra: readonly Clip[],
  prepareClips: (clips: readonly Clip[]) => Promise<readonly FeatureStore[]>,
): Promise<Prepared> {
  if (extra.length === 0) return main;
  const stores = await prepareClips(extra);
  return {
    clips: [...main.clips, ...extra],
    stores: main.stores.map((store, channel) => joinStores(store, stores[channel]!)),
  };
}
