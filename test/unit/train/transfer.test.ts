import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Detector, loadDetector } from '../../../src/model/detector.ts';
import { planNetwork } from '../../../src/model/network.ts';
import { foldBatchNorm } from '../../../src/model/weights.ts';
import { frontEndOf } from '../../../src/train/prepare.ts';
import {
  RecipeError,
  readRecipe,
  readRecipeFields,
  withEpochsAsSteps,
} from '../../../src/train/recipe.ts';
import { transferFrom } from '../../../src/train/transfer.ts';
import { writeTinyDetector } from '../../support/tiny-detector.ts';

let folder: string;
let tiny: Detector;
const recipe = {
  name: 'tiny',
  frontEnd: { bands: 20 },
  network: { channels: [4, 8], units: [8, 8] },
  steps: 9000,
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bonafide-transfer-'));
  await writeTinyDetector(folder);
  tiny = await loadDetector(folder);
});

afterAll(() => rm(folder, { recursive: true }));

/** The tiny detector as one that was trained: with its recipe, and a global normalisation. */
function trained(): Detector {
  const { manifest } = tiny;
  const size = manifest.network.inputSize;
  const normalisation = {
    kind: 'global' as const,
    mean: Array.from({ length: size }, () => -3),
    scale: Array.from({ length: size }, () => 0.5),
  };
  return {
    ...tiny,
    manifest: {
      ...manifest,
      training: { recipe },
      frontEnd: { ...manifest.frontEnd, normalisation },
    },
  };
}

it('begins with the weights and normalisation of the detector, batch norm frozen', () => {
  const { recipe: tuned, source } = transferFrom(trained(), {});
  expect(tuned).toMatchObject({ name: 'tiny-tuned', frozenNorm: true, steps: 400 });
  expect(tuned.learningRate).toBeLessThan(2e-3);
  expect(source.mean[0]).toBe(-3);
  expect(source.ancestors).toEqual([tiny.id]);
  const folded = foldBatchNorm(planNetwork(tiny.manifest.network), source.weights);
  for (const [name, { values }] of tiny.weights()) {
    const again = folded.get(name)!.values;
    for (const [index, value] of values.entries()) expect(again[index]).toBeCloseTo(value, 5);
  }
});

it('knows what the detector went on from itself', () => {
  const made = trained();
  const later = {
    ...made,
    manifest: { ...made.manifest, training: { recipe, wentOnFrom: ['b@2', 'a@1'] } },
  };
  expect(transferFrom(later, {}).source.ancestors).toEqual([tiny.id, 'b@2', 'a@1']);
});

it('has few steps after a detector that was trained by epochs, unless told of epochs itself', () => {
  const made = trained();
  const byEpochs = {
    ...made,
    manifest: { ...made.manifest, training: { recipe: { ...recipe, epochs: 30 } } },
  };
  const stepsOf = (given: Record<string, unknown>) =>
    withEpochsAsSteps(transferFrom(byEpochs, given).recipe, 6400);
  expect(stepsOf({}).steps).toBe(400);
  expect(stepsOf({ steps: 50 }).steps).toBe(50);
  expect(stepsOf({ epochs: 2 }).steps).toBe(200);
});

it('takes what the recipe file says, but not another network or front end', () => {
  const { recipe: tuned } = transferFrom(trained(), {
    name: 'mine',
    steps: 50,
    network: { channels: [64] },
    frontEnd: { bands: 7 },
  });
  expect([tuned.name, tuned.steps, tuned.frontEnd.bands]).toEqual(['mine', 50, 20]);
  expect(tuned.network.channels).toEqual([4, 8]);
});

it('is served in integers or floats as the detector, unless the recipe file says otherwise', () => {
  const made = trained();
  const inFloats = { ...recipe, network: { ...recipe.network, integers: false } };
  const floats = { ...made, manifest: { ...made.manifest, training: { recipe: inFloats } } };
  const integersOf = (detector: Detector, network?: unknown) =>
    transferFrom(detector, network === undefined ? {} : { network }).recipe.network.integers;
  expect([integersOf(made), integersOf(floats)]).toEqual([true, false]);
  expect(integersOf(made, { integers: false })).toBe(false);
  expect(integersOf(floats, { integers: true, channels: [64] })).toBe(true);
  expect(integersOf(floats, { channels: [64] })).toBe(false);
  expect(integersOf(floats, null)).toBe(false);
  expect(() => integersOf(made, { integers: 'no' })).toThrow(RecipeError);
});

it('hears as the detector does around speech, unless the recipe file says otherwise', () => {
  const made = trained();
  const wide = { lookBackMs: 200, hangoverMs: 200, thresholdDb: 6, minimumDbfs: -62 };
  expect(transferFrom(made, {}).recipe.voiceActivity).toEqual({
    lookBackMs: 50,
    hangoverMs: 50,
    thresholdDb: 9,
    minimumDbfs: -62,
  });
  const given = { voiceActivity: { lookBackMs: 200, hangoverMs: 200, thresholdDb: 6 } };
  const { recipe: tuned } = transferFrom(made, given);
  expect(tuned.voiceActivity).toEqual(wide);
  expect(frontEndOf(tuned).voiceActivity).toEqual(wide);
  const again = { ...made, manifest: { ...made.manifest, training: { recipe: tuned } } };
  expect(transferFrom(again, {}).recipe.voiceActivity).toEqual(wide);
});

it('names what is wrong in the recipe file, as without a detector', () => {
  const path = join(folder, 'wrong.yaml');
  writeFileSync(path, 'steps: many\n');
  const problems = /wrong\.yaml:\nsteps: .*expected number/;
  const transfer = () => transferFrom(trained(), readRecipeFields(path), path);
  expect(transfer).toThrow(RecipeError);
  expect(transfer).toThrow(problems);
  expect(() => readRecipe(path)).toThrow(problems);
  expect(() => transferFrom(trained(), { steps: 0.5 })).toThrow(RecipeError);
});

it('refuses a detector that does not say how it was made', () => {
  expect(() => transferFrom(tiny, {})).toThrow(RecipeError);
});
