import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FrontEnd } from '../../../src/dsp/front-end.ts';
import { planNetwork } from '../../../src/model/network.ts';
import { TELEPHONE_CHANNELS } from '../../../src/train/channels.ts';
import { frontEndOf } from '../../../src/train/prepare.ts';
import { RecipeError, readRecipe, withEpochsAsSteps } from '../../../src/train/recipe.ts';
import { networkOf } from '../../../src/train/train-run.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-recipe-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function recipeFile(text: string): string {
  const path = join(folder, 'recipe.yaml');
  writeFileSync(path, text);
  return path;
}

describe('readRecipe', () => {
  it('has a default for everything', () => {
    const recipe = readRecipe(null);
    expect(recipe.channels).toEqual([...TELEPHONE_CHANNELS]);
    expect(recipe).toMatchObject({ name: 'telephone-8k', seed: 1, pairShare: 0.5 });
    expect(readRecipe(recipeFile(''))).toEqual(recipe);
    expect(new FrontEnd(frontEndOf(recipe)).featureCount).toBe(networkOf(recipe).inputSize);
  });

  it('names every problem', () => {
    const path = recipeFile(
      'steps: 0\nnetwork: {architecture: transformer}\nchannels: [gsm]\nlearnRate: 1\n',
    );
    const read = () => readRecipe(path);
    expect(read).toThrow(RecipeError);
    for (const problem of [/steps:/, /network\.architecture:/, /channels\.0:/, /learnRate/]) {
      expect(read).toThrow(problem);
    }
  });

  it('takes further takes of its own channels only', () => {
    const path = recipeFile('channels: [mulaw, noise]\nfurtherTakes: [noise, noise]\n');
    expect(readRecipe(path).furtherTakes).toEqual(['noise', 'noise']);
    const read = () => readRecipe(recipeFile('channels: [mulaw]\nfurtherTakes: [room]\n'));
    expect(read).toThrow(/furtherTakes: further takes are of channels that the recipe names/);
  });

  it('says of a file that is no YAML that the recipe is wrong', () => {
    expect(() => readRecipe(recipeFile('steps: [1, 2'))).toThrow(RecipeError);
  });

  it('reads the recipe of the embedded detector', () => {
    const path = fileURLToPath(new URL('../../../recipes/telephone-8k.yaml', import.meta.url));
    const recipe = readRecipe(path);
    expect(recipe.name).toBe('telephone-8k');
    const plan = planNetwork(networkOf(recipe));
    expect(recipe.framesPerClip % plan.spec.framesPerStep).toBe(0);
    expect(plan.parameterCount).toBeGreaterThan(10_000);
  });
});

describe('networkOf', () => {
  it('gives an LSTM no convolutions and the front end’s features', () => {
    const recipe = readRecipe(
      recipeFile(
        'network: {architecture: lstm, units: [8, 4]}\nfrontEnd: {cepstra: 20, deltaOrder: 2}\n',
      ),
    );
    expect(networkOf(recipe)).toMatchObject({ convolutions: [], units: [8, 4], inputSize: 60 });
    expect(new FrontEnd(frontEndOf(recipe)).featureCount).toBe(60);
  });
});

it('epochs become steps over the training clips; without them steps stay', () => {
  const recipe = readRecipe(recipeFile('epochs: 2.5\nbatchSize: 64\n'));
  expect(withEpochsAsSteps(recipe, 1000).steps).toBe(40);
  expect(withEpochsAsSteps(recipe, 1).steps).toBe(1);
  const steps = readRecipe(recipeFile('steps: 70\n'));
  expect(withEpochsAsSteps(steps, 1000)).toEqual(steps);
});
