import { readFileSync } from 'node:fs';
import { parse, YAMLParseError } from 'yaml';
import { z } from 'zod';
import { CHANNEL_NAMES, TELEPHONE_CHANNELS } from './channels.ts';

const recipeFields = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/)
    .default('telephone-8k'),
  version: z.string().default('0.1.0'),
  description: z.string().default(''),
  /** What the recordings of the corpus are and where their labels come from, for the card. */
  recordings: z.string().default(''),
  /** Front end and network are those of the detector that it goes on from: refused without `--from`. */
  isTransfer: z.boolean().default(false),
  /** Of the first weights, the order of the batches and dropout. */
  seed: z.number().int().min(0).default(1),
  /** Of the channels' dice: runs that differ in `seed` alone share prepared features. */
  channelSeed: z.number().int().min(0).default(1),
  frontEnd: z
    .strictObject({
      sampleRateHz: z.number().int().default(8000),
      windowMs: z.number().default(25),
      hopMs: z.number().default(10),
      fftSize: z.number().int().default(256),
      window: z.enum(['hann', 'hamming']).default('hann'),
      preEmphasis: z.number().min(0).max(1).default(0),
      scale: z.enum(['mel', 'linear']).default('linear'),
      bands: z.number().int().default(60),
      lowHz: z.number().default(100),
      highHz: z.number().default(3900),
      logFloor: z.number().default(1e-9),
      cepstra: z.number().int().nullable().default(null),
      deltaOrder: z.union([z.literal(0), z.literal(1), z.literal(2)]).default(0),
    })
    .prefault({}),
  /** Only frames near speech reach the network, in training as when serving; part of the front end. */
  voiceActivity: z
    .strictObject({
      lookBackMs: z.number().default(50),
      hangoverMs: z.number().default(50),
      /** Over the background. */
      thresholdDb: z.number().default(9),
      minimumDbfs: z.number().default(-62),
    })
    .prefault({}),
  network: z
    .strictObject({
      architecture: z.enum(['lstm', 'cnn-lstm']).default('cnn-lstm'),
      channels: z.array(z.number().int()).default([16, 24, 32, 48]),
      units: z.array(z.number().int()).default([64, 64]),
      dropout: z.number().min(0).max(0.9).default(0.1),
      framesPerStep: z.number().int().default(16),
      /** Convolutions in 8-bit integers when served. */
      integers: z.boolean().default(true),
    })
    .prefault({}),
  channels: z
    .array(z.enum(CHANNEL_NAMES))
    .min(1)
    .default([...TELEPHONE_CHANNELS]),
  /** Of the channels: prepared once more, with other dice, each time they are named; for batches alone. */
  furtherTakes: z.array(z.enum(CHANNEL_NAMES)).default([]),
  steps: z.number().int().min(1).default(3000),
  /** Passes over the training clips; counted in steps they take the place of `steps`. */
  epochs: z.number().gt(0).nullable().default(null),
  batchSize: z.number().int().min(2).default(64),
  framesPerClip: z.number().int().min(8).default(256),
  pairShare: z.number().min(0).max(1).default(0.5),
  /** Of the pairs: those whose synthetic clip is one of `--extra`. null = drawn like the others. */
  extraShare: z.number().min(0).max(1).nullable().default(null),
  learningRate: z.number().gt(0).default(2e-3),
  schedule: z.enum(['one-cycle', 'constant']).default('one-cycle'),
  warmUpShare: z.number().gt(0).lt(1).default(0.25),
  weightDecay: z.number().min(0).default(1e-2),
  perStepLossWeight: z.number().min(0).default(0.3),
  /** Of the rows of a class in the loss; the batches are balanced already. */
  classWeights: z
    .strictObject({ bonafide: z.number().gt(0).default(1), spoof: z.number().gt(0).default(1) })
    .prefault({}),
  labelSmoothing: z.number().min(0).max(0.4).default(0.05),
  /** Batch norm stays on its running averages: for transfer from a detector. */
  frozenNorm: z.boolean().default(false),
  gradientNorm: z.number().gt(0).default(5),
  gainSpread: z.number().min(0).default(1.5),
  equaliserSpread: z.number().min(0).default(0.6),
  /** Widest mask over bands, and how many a row. */
  maskBands: z.number().int().min(0).default(10),
  bandMasks: z.number().int().min(0).max(8).default(1),
  /** Longest mask over frames, and how many a row. */
  maskFrames: z.number().int().min(0).default(20),
  timeMasks: z.number().int().min(0).max(8).default(0),
  /** Half the rows are stretched along frequency by up to this share (vocal tract length). */
  warpSpread: z.number().min(0).max(0.3).default(0),
  /** Share of the pairs that take over statistics per band of another recording, partly (MixStyle). */
  statisticsMix: z.number().min(0).max(1).default(0),
  /** Shares of the pairs that get noise, and a room, in their bands, drawn anew for every batch. */
  bandNoise: z.number().min(0).max(1).default(0),
  bandRoom: z.number().min(0).max(1).default(0),
  /** Detectors whose opinion of the training clips stands beside the labels (`--teachers`). */
  teachers: z.array(z.string()).default([]),
  /** With teachers: how much of a label is their opinion. */
  teacherShare: z.number().min(0).max(1).default(0.7),
  evaluateEvery: z.number().int().min(1).default(500),
  checkpointEvery: z.number().int().min(1).default(200),
  earlyStoppingEvaluations: z.number().int().min(1).nullable().default(null),
});

/**
 * Everything that makes a training run, with defaults: the YAML file of `bonafide train` and what is
 * written into the manifest as provenance.
 */
export const recipeSchema = recipeFields.refine(
  ({ channels, furtherTakes }) => furtherTakes.every((name) => channels.includes(name)),
  { message: 'further takes are of channels that the recipe names', path: ['furtherTakes'] },
);

export type Recipe = z.infer<typeof recipeSchema>;

/** The recipe is wrong; every problem is named. */
export class RecipeError extends Error {
  override readonly name = 'RecipeError';
}

/** The recipe with its epochs, if it has any, as steps over so many training clips. */
export function withEpochsAsSteps(recipe: Recipe, trainingClips: number): Recipe {
  const { epochs, batchSize } = recipe;
  if (epochs === null) return recipe;
  return { ...recipe, steps: Math.max(1, Math.ceil((epochs * trainingClips) / batchSize)) };
}

/** Reads a recipe from YAML, or the defaults. @throws RecipeError */
export function readRecipe(path: string | null): Recipe {
  return checkRecipe(readRecipeFields(path), String(path));
}

/** A recipe of these fields and defaults. @throws RecipeError that begins with where they come from */
export function checkRecipe(fields: unknown, where: string): Recipe {
  const parsed = recipeSchema.safeParse(fields);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    ({ path: at, message }) => `${at.join('.')}: ${message}`,
  );
  throw new RecipeError(`${where}:\n${problems.join('\n')}`);
}

/** What a recipe file says, without defaults and unchecked. @throws RecipeError when it is no YAML */
export function readRecipeFields(path: string | null): Readonly<Record<string, unknown>> {
  if (path === null) return {};
  try {
    return (parse(readFileSync(path, 'utf8')) ?? {}) as Record<string, unknown>;
  } catch (error) {
    if (error instanceof YAMLParseError) throw new RecipeError(`${path}: ${error.message}`);
    throw error;
  }
}
