import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { createOnnxEngine } from '../model/engines/onnx-engine.ts';
import { type LoadedTensorFlow, loadTensorflow } from '../model/engines/tensorflow.ts';
import { type NetworkPlan, planNetwork } from '../model/network.ts';
import type { NetworkSpec } from '../model/network-spec.ts';
import { writeOnnx } from '../model/onnx-writer.ts';
import { foldBatchNorm, type NetworkWeights } from '../model/weights.ts';
import { createRandom, type Random } from '../random.ts';
import { BatchSampler } from './batches.ts';
import { meanLogitAfter } from './calibrate.ts';
import type { Clip, Split } from './corpora/clip.ts';
import { type FeatureStore, measureNormalisation } from './features.ts';
import { Fitter, fitSteps, rateAt } from './fit.ts';
import { eerOrNaN } from './metrics/eer.ts';
import { pageMacroEer } from './metrics/page-macro.ts';
import { splitScores } from './metrics/trials.ts';
import { frontEndOf } from './prepare.ts';
import type { Recipe } from './recipe.ts';
import { RunEvaluations } from './run-evaluations.ts';
import { hasCheckpoint, RunFolder, type RunIdentity } from './run-folder.ts';
import { scoreStore } from './score-store.ts';
import { EventFileWriter } from './tensorboard.ts';

const EVENT_EVERY_STEPS = 20;

export interface TrainRunOptions {
  readonly recipe: Recipe;
  readonly clips: readonly Clip[];
  /** So many of the clips are the corpus's own; extra ones follow them. Default: all. */
  readonly corpusClips?: number;
  /** One a channel of the recipe. */
  readonly stores: readonly FeatureStore[];
  /** The recipe's further takes: batches are drawn from these as well. Default: none. */
  readonly furtherTakes?: readonly FeatureStore[];
  /** Checkpoints and the log go here. */
  readonly runFolder: string;
  /** Of all clips that were asked for, where some could not be read. Default: they are `clips`. */
  readonly askedData?: string;
  /** A detector to go on from instead of fresh weights: transfer to other recordings. */
  readonly from?: TransferSource;
  /** What teachers make of each clip's label, 0 … 1; default: the labels. */
  readonly targets?: Float32Array | undefined;
  readonly clock: Clock;
  readonly say: (line: string) => void;
}

/** What a transfer keeps of the detector that it begins with. */
export interface TransferSource {
  /** Its id, and those of the detectors that it went on from itself, newest first. */
  readonly ancestors: readonly string[];
  /** With batch norm, as training has them. */
  readonly weights: NetworkWeights;
  readonly mean: readonly number[];
  readonly scale: readonly number[];
}

export interface TrainedNetwork {
  readonly spec: NetworkSpec;
  readonly plan: NetworkPlan;
  /** Batch norm folded. */
  readonly weights: NetworkWeights;
  readonly mean: readonly number[];
  readonly scale: readonly number[];
  readonly backend: string;
  /** Detectors whose weights were averaged; absent = of one training. */
  readonly meanOf?: readonly string[];
}

/** The network that a recipe asks for. */
export function networkOf(recipe: Recipe): NetworkSpec {
  const { architecture, channels, units, dropout, framesPerStep } = recipe.network;
  const { bands, cepstra, deltaOrder } = recipe.frontEnd;
  const convolutional = architecture === 'cnn-lstm';
  return {
    architecture,
    inputSize: (cepstra ?? bands) * (1 + deltaOrder),
    framesPerStep,
    // Time strides 1, 2, 1, 2 …: four frames become one step.
    convolutions: convolutional
      ? channels.map((count, index) => ({
          channels: count,
          timeStride: index % 2 === 1 ? 2 : 1,
          frequencyStride: 2,
        }))
      : [],
    units,
    skip: convolutional,
    dropout,
  };
}

/**
 * Fits a recipe, going on from its checkpoint when there is one. Every `evaluateEvery` steps the
 * page-macro EER on `val` goes to the log.
 */
export async function trainNetwork(options: TrainRunOptions): Promise<TrainedNetwork> {
  const { recipe, clips, stores, runFolder, say, clock } = options;
  mkdirSync(runFolder, { recursive: true });
  const spec = networkOf(recipe);
  const plan = planNetwork(spec);
  const tensorflow = await loadTensorflow();
  warnIfSlow(tensorflow, spec, say);
  say(
    `${plan.parameterCount} parameters, ${(plan.flopsPerFrame / 1e6).toFixed(3)} MFLOP a frame, ` +
      `state ${plan.signature.stateSize * 4} bytes; TensorFlow.js: ${tensorflow.reason}`,
  );
  const { mean, scale } = options.from ?? measureNormalisation(stores, indicesOf(clips, 'train'));
  const run = new RunFolder(options);
  const checkpoint = run.checkpoint();
  if (checkpoint === null) {
    if (hasCheckpoint(runFolder))
      say(`${runFolder} has a checkpoint of another recipe: training anew`);
    run.clear();
  }
  const random = createRandom(checkpoint?.randomState ?? recipe.seed);
  const sampler = createSampler(options, { mean, scale }, random);
  const fitter = new Fitter(tensorflow, plan, recipe, options.from?.weights);
  if (checkpoint !== null) {
    await fitter.restore(checkpoint.state);
    say(`going on from step ${fitter.step}`);
  }
  const folded = () => foldBatchNorm(plan, fitter.weights());
  const events = new EventFileWriter(join(runFolder, 'events'), String(fitter.step), clock);
  const evaluations = new RunEvaluations({
    ...{ run, recipe, events, clock, say, folded, firstStep: fitter.step },
    losses: checkpoint?.losses,
    eerOf: (weights) => macroEer(plan, weights, { ...options, mean, scale, split: 'val' }),
  });
  if (evaluations.isOwed(fitter.step)) await evaluations.at(fitter.step);
  const onStep = async (step: number, loss: number) => {
    evaluations.hear(loss);
    if (step % EVENT_EVERY_STEPS === 0) {
      events.scalars(step, { 'train/loss': loss, 'train/rate': rateAt(step, recipe) });
    }
    if (step % recipe.checkpointEvery === 0 || step === recipe.steps) {
      run.save({
        randomState: sampler.randomState,
        state: await fitter.state(),
        losses: evaluations.losses,
        normalisation: { mean, scale },
      });
    }
    if (evaluations.isAt(step)) await evaluations.at(step);
    return !evaluations.isEnough;
  };
  if (!evaluations.isEnough) await fitSteps(fitter, sampler, recipe, onStep);
  const weights = run.best() ?? folded();
  fitter.dispose();
  return { spec, plan, weights, mean, scale, backend: tensorflow.backendName };
}

/** Batches of the training split, as the recipe wants them. */
function createSampler(
  { recipe, clips, corpusClips, targets, ...options }: TrainRunOptions,
  normalisation: { readonly mean: readonly number[]; readonly scale: readonly number[] },
  random: Random,
): BatchSampler {
  const stores = [...options.stores, ...(options.furtherTakes ?? [])];
  return new BatchSampler(
    {
      ...{ clips, indices: indicesOf(clips, 'train'), stores, ...normalisation, targets },
      firstExtra: corpusClips ?? clips.length,
    },
    {
      batchSize: recipe.batchSize,
      frames: recipe.framesPerClip,
      pairShare: recipe.pairShare,
      extraShare: recipe.extraShare,
      gainSpread: recipe.gainSpread,
      equaliserSpread: recipe.equaliserSpread,
      maskBands: recipe.maskBands,
      bandMasks: recipe.bandMasks,
      maskFrames: recipe.maskFrames,
      timeMasks: recipe.timeMasks,
      warpSpread: recipe.warpSpread,
      statisticsMix: recipe.statisticsMix,
      bandNoise: recipe.bandNoise,
      bandRoom: recipe.bandRoom,
      hopMs: recipe.frontEnd.hopMs,
      spectral: recipe.frontEnd.cepstra === null,
    },
    random,
  );
}

/** The network of a run's last checkpoint, or null when there is none of this recipe. */
export function loadTrained(
  options: RunIdentity & Pick<TrainRunOptions, 'stores'>,
): TrainedNetwork | null {
  const { recipe, clips, stores } = options;
  const run = new RunFolder(options);
  const checkpoint = run.checkpoint();
  if (checkpoint === null) return null;
  const spec = networkOf(recipe);
  const plan = planNetwork(spec);
  return {
    spec,
    plan,
    weights: run.best() ?? foldBatchNorm(plan, checkpoint.state.weights),
    ...(checkpoint.normalisation ?? measureNormalisation(stores, indicesOf(clips, 'train'))),
    backend: 'checkpoint',
  };
}

export function indicesOf(clips: readonly Clip[], split: Split): number[] {
  return clips.flatMap((clip, index) => (clip.split === split ? [index] : []));
}

/**
 * Page-macro EER of a split through mu-law, at 4 s of speech; of all pages together when none has
 * enough clips of both labels, and NaN when a label has none with speech.
 */
async function macroEer(
  plan: NetworkPlan,
  weights: NetworkWeights,
  options: TrainRunOptions & {
    readonly mean: readonly number[];
    readonly scale: readonly number[];
    readonly split: Split;
  },
): Promise<number> {
  const { stores, clips, split, mean, scale, recipe } = options;
  const store = stores.find(({ channel }) => channel === 'mulaw') ?? stores[0]!;
  const engine = await createOnnxEngine(writeOnnx(plan, weights), plan.signature);
  const indices = indicesOf(clips, split);
  const scored = await scoreStore({ engine, store, clips, indices, mean, scale });
  engine.dispose();
  const frames = 4000 / frontEndOf(recipe).hopMs;
  const trials = scored.flatMap((clip) => {
    const logit = meanLogitAfter(clip, frames);
    return Number.isFinite(logit)
      ? [{ page: clip.page, isSpoof: clip.isSpoof, score: -logit }]
      : [];
  });
  const { eer, pages } = pageMacroEer(trials);
  return pages > 0 ? eer : eerOrNaN(splitScores(trials));
}

function warnIfSlow(
  { backendName }: LoadedTensorFlow,
  spec: NetworkSpec,
  say: (line: string) => void,
): void {
  if (backendName === 'gpu' || backendName === 'native') return;
  if (spec.architecture === 'cnn-lstm') {
    throw new RangeError(
      `the ${backendName} backend cannot train convolutions; run \`npm run setup:tensorflow\`, or choose architecture lstm`,
    );
  }
  say(
    `training on the ${backendName} backend is slow; \`npm run setup:tensorflow\` brings the native one`,
  );
}
