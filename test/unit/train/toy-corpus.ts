import type { Random } from '../../../src/random.ts';
import type { ChannelName } from '../../../src/train/channels.ts';
import type { Clip, ClipLabel, Split } from '../../../src/train/corpora/clip.ts';
import type { FeatureStore } from '../../../src/train/features.ts';
import { type Recipe, recipeSchema } from '../../../src/train/recipe.ts';

export const TOY_FEATURES = 4;

/** When a verdict may be given, as the shipped detectors have it. */
export const VERDICT_RULES = {
  provisionalSpeechMs: 1000,
  firmSpeechMs: 4000,
  hysteresisLlr: 0.5,
  recentWindowMs: 4000,
  recentMinimumSpeechMs: 2000,
  recentMarginLlr: 0.7,
};

export function clipOf(label: ClipLabel, page: string, split: Split = 'train'): Clip {
  return {
    path: `${page}-${label}.wav`,
    label,
    system: label === 'spoof' ? 'vits' : 'human',
    speaker: '',
    language: 'en',
    page,
    split,
    sourceRateHz: 8000,
    seconds: 1,
  };
}

/** A store in memory: the frames of clip `i` hold what `contentOf(i)` says. */
export function storeOf(
  channel: ChannelName,
  lengths: readonly number[],
  contentOf: (clip: number) => number,
): FeatureStore {
  const total = lengths.reduce((sum, frames) => sum + frames, 0);
  const frames = new Int16Array(total * TOY_FEATURES);
  let firstFrame = 0;
  const spans = lengths.map((length, clip) => {
    const start = firstFrame;
    firstFrame += length;
    frames.fill(512 * contentOf(clip), start * TOY_FEATURES, firstFrame * TOY_FEATURES);
    return { firstFrame: start, frames: length };
  });
  return {
    channel,
    featureCount: TOY_FEATURES,
    frames,
    voiced: new Uint8Array(total).fill(1),
    spans,
  };
}

/** A recipe of a tiny LSTM on the toy features. */
export function toyRecipe(changes: Partial<Recipe> = {}): Recipe {
  return {
    ...recipeSchema.parse({
      name: 'toy',
      frontEnd: { bands: TOY_FEATURES },
      network: { architecture: 'lstm', units: [8, 4], dropout: 0.1 },
      steps: 20,
      batchSize: 8,
      framesPerClip: 16,
      learningRate: 0.02,
    }),
    ...changes,
  };
}

/** Features around −1 for bona fide rows and around 1 for spoof rows. */
export function separableBatch(recipe: Recipe, random: Random) {
  const { batchSize, framesPerClip } = recipe;
  const labels = Float32Array.from({ length: batchSize }, (_, row) => row % 2);
  const perRow = framesPerClip * TOY_FEATURES;
  return {
    labels,
    targets: labels.slice(),
    weights: new Float32Array(batchSize * framesPerClip).fill(1),
    features: Float32Array.from(
      { length: batchSize * perRow },
      (_, at) => 2 * labels[Math.floor(at / perRow)]! - 1 + 0.3 * random.gaussian(),
    ),
  };
}
