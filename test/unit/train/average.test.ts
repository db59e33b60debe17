import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { type Detector, loadDetector } from '../../../src/model/detector.ts';
import { averageDetectors } from '../../../src/train/average.ts';
import { CorpusError } from '../../../src/train/corpora/clip.ts';
import { type Recipe, recipeSchema } from '../../../src/train/recipe.ts';

const model = (name: string) =>
  loadDetector(fileURLToPath(new URL(`../../../models/${name}`, import.meta.url)));
const telephone = await model('telephone-8k');
const recipe = recipeSchema.parse(telephone.manifest.training['recipe']);

/** The same detector with all weights moved by this much. */
function moved(by: number): Detector {
  return {
    ...telephone,
    weights: () =>
      new Map(
        [...telephone.weights()].map(([name, { shape, values }]) => [
          name,
          { shape, values: values.map((value) => value + by) },
        ]),
      ),
  };
}

it('gives the mean of the weights, with the normalisation of all', () => {
  const { weights, mean } = averageDetectors([moved(0.25), moved(-0.5), moved(0.25)], recipe);
  for (const [name, { values }] of telephone.weights()) {
    const averaged = weights.get(name)!.values;
    expect(averaged).toHaveLength(values.length);
    expect(averaged.every((value, at) => Math.abs(value - values[at]!) < 1e-6)).toBe(true);
  }
  const { normalisation } = telephone.manifest.frontEnd;
  expect(normalisation.kind === 'global' ? normalisation.mean : null).toEqual(mean);
});

it('refuses detectors that differ', async () => {
  const wideband = await model('wideband-16k');
  expect(() => averageDetectors([telephone, wideband], recipe)).toThrow(CorpusError);
  expect(() => averageDetectors([], recipe)).toThrow(CorpusError);
});

it.each([
  ['front end', { frontEnd: { ...recipe.frontEnd, scale: 'mel' } }],
  ['network', { network: { ...recipe.network, units: [32, 32] } }],
] satisfies [string, Partial<Recipe>][])(
  'refuses a recipe of another %s: features and card would be its',
  (_, changes) => {
    const average = () => averageDetectors([telephone, telephone], { ...recipe, ...changes });
    expect(average).toThrow(CorpusError);
    expect(average).toThrow(`${telephone.id} has another front end or network than the recipe`);
  },
);

it('takes a recipe of other frames a step, which do not change the weights', () => {
  const network = { ...recipe.network, framesPerStep: 32, dropout: 0.3 };
  expect(averageDetectors([telephone], { ...recipe, network }).spec.framesPerStep).toBe(16);
});
