import { beforeAll, describe, expect, it } from 'vitest';
import { type LoadedTensorFlow, loadTensorflow } from '../../../src/model/engines/tensorflow.ts';
import { planNetwork } from '../../../src/model/network.ts';
import { createRandom } from '../../../src/random.ts';
import { Fitter, rateAt } from '../../../src/train/fit.ts';
import { networkOf } from '../../../src/train/train-run.ts';
import { separableBatch, toyRecipe } from './toy-corpus.ts';

const recipe = toyRecipe();
const plan = planNetwork(networkOf(recipe));
const batches = Array.from({ length: recipe.steps }, (_, step) =>
  separableBatch(recipe, createRandom(100 + step)),
);

describe('rateAt', () => {
  const long = toyRecipe({ steps: 1000, learningRate: 0.01, warmUpShare: 0.25 });

  it('begins low, peaks where the warm-up ends, and ends near nothing', () => {
    expect(rateAt(0, long)).toBeCloseTo(4e-4, 12);
    expect(rateAt(250, long)).toBeCloseTo(0.01, 12);
    expect(rateAt(1000, long)).toBeCloseTo(1e-6, 12);
  });

  it('only rises before and only falls after', () => {
    for (let step = 1; step < 1000; step++) {
      const change = rateAt(step, long) - rateAt(step - 1, long);
      expect(Math.sign(change)).toBe(step <= 250 ? 1 : -1);
    }
  });

  it('stays where it is when the schedule is constant', () => {
    const constant = toyRecipe({ steps: 1000, learningRate: 0.01, schedule: 'constant' });
    expect([0, 1, 500, 1000].map((step) => rateAt(step, constant))).toEqual([
      0.01, 0.01, 0.01, 0.01,
    ]);
  });
});

describe.each(['wasm', 'cpu'] as const)('Fitter on %s', (backend) => {
  let tensorflow: LoadedTensorFlow;

  beforeAll(async () => {
    tensorflow = await loadTensorflow(backend);
  });

  it('lowers the loss on classes that can be told apart', () => {
    const fitter = new Fitter(tensorflow, plan, recipe);
    const losses = batches.map((batch) => fitter.train(batch));
    expect(fitter.step).toBe(20);
    expect(losses.at(-1)!).toBeLessThan(0.6 * losses[0]!);
    const { features } = batches[0]!;
    const logits = fitter.predict(features, recipe.batchSize, recipe.framesPerClip);
    const steps = logits.length / recipe.batchSize;
    for (let row = 0; row < recipe.batchSize; row++) {
      expect(Math.sign(logits[(row + 1) * steps - 1]!)).toBe(row % 2 === 0 ? -1 : 1);
    }
    fitter.dispose();
  });

  it('a heavier class pulls the logits to its side', () => {
    const meanLogit = (spoof: number) => {
      const weighted = toyRecipe({ classWeights: { bonafide: 1, spoof } });
      const fitter = new Fitter(tensorflow, plan, weighted);
      for (const batch of batches.slice(0, 6)) fitter.train(batch);
      const logits = fitter.predict(batches[0]!.features, recipe.batchSize, recipe.framesPerClip);
      fitter.dispose();
      return logits.reduce((sum, logit) => sum + logit, 0) / logits.length;
    };
    expect(meanLogit(8)).toBeGreaterThan(meanLogit(1) + 0.05);
  });

  it('learns the targets, not the labels', () => {
    const doubted = batches.map((batch) => ({
      ...batch,
      targets: batch.labels.map((label) => 1 - label),
    }));
    const fitter = new Fitter(tensorflow, plan, recipe);
    for (const batch of doubted) fitter.train(batch);
    const { features } = batches[0]!;
    const logits = fitter.predict(features, recipe.batchSize, recipe.framesPerClip);
    const steps = logits.length / recipe.batchSize;
    for (let row = 0; row < recipe.batchSize; row++) {
      expect(Math.sign(logits[(row + 1) * steps - 1]!)).toBe(row % 2 === 0 ? 1 : -1);
    }
    fitter.dispose();
  });

  it('keeps the number of tensors, and disposes all', () => {
    const before = tensorflow.tf.memory().numTensors;
    const fitter = new Fitter(tensorflow, plan, recipe);
    fitter.train(batches[0]!);
    const { numTensors } = tensorflow.tf.memory();
    for (const batch of batches.slice(1, 5)) {
      fitter.train(batch);
      expect(tensorflow.tf.memory().numTensors).toBe(numTensors);
    }
    fitter.dispose();
    expect(tensorflow.tf.memory().numTensors).toBe(before);
  });

  it('goes on from a saved state with exactly the same losses and weights', async () => {
    const whole = new Fitter(tensorflow, plan, recipe);
    const first = new Fitter(tensorflow, plan, recipe);
    const losses = batches.map((batch) => whole.train(batch));
    const begun = batches.slice(0, 7).map((batch) => first.train(batch));
    const state = structuredClone(await first.state());
    first.dispose();
    const second = new Fitter(tensorflow, plan, recipe);
    await second.restore(state);
    expect(second.step).toBe(7);
    const ended = batches.slice(7).map((batch) => second.train(batch));
    expect([...begun, ...ended]).toEqual(losses);
    expect(second.weights()).toEqual(whole.weights());
    whole.dispose();
    second.dispose();
  });

  it('leaks no tensors when a state is saved and restored', async () => {
    const before = tensorflow.tf.memory().numTensors;
    const fitter = new Fitter(tensorflow, plan, recipe);
    fitter.train(batches[0]!);
    const state = await fitter.state();
    fitter.dispose();
    const second = new Fitter(tensorflow, plan, recipe);
    await second.restore(state);
    second.train(batches[1]!);
    second.dispose();
    expect(tensorflow.tf.memory().numTensors).toBe(before);
  });

  it('gives the same losses for a seed and others for another', () => {
    const lossesOf = (seed: number) => {
      const fitter = new Fitter(tensorflow, plan, toyRecipe({ seed }));
      const losses = batches.slice(0, 2).map((batch) => fitter.train(batch));
      fitter.dispose();
      return losses;
    };
    expect(lossesOf(3)).toEqual(lossesOf(3));
    expect(lossesOf(3)).not.toEqual(lossesOf(4));
  });
});
