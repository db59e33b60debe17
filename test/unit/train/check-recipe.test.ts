import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { requireWorkable } from '../../../src/train/check-recipe.ts';
import { checkRecipe, RecipeError, readRecipe, recipeSchema } from '../../../src/train/recipe.ts';

const check = (fields: object) => () => requireWorkable(recipeSchema.parse(fields), 'mine.yaml');

it('lets the default recipe pass, and a plain LSTM with any length of a row', () => {
  expect(check({})).not.toThrow();
  expect(check({ network: { architecture: 'lstm' }, framesPerClip: 250 + 1 })).not.toThrow();
});

it.each(readdirSync('recipes'))('lets the shipped recipe %s pass', (name) => {
  expect(() => requireWorkable(readRecipe(join('recipes', name)), name)).not.toThrow();
});

it.each([
  [
    { framesPerClip: 250 },
    "framesPerClip must be a multiple of the time strides' product (4), got 250",
  ],
  [{ network: { framesPerStep: 10 } }, 'framesPerStep must be a multiple'],
  [{ network: { units: [] } }, 'units must be a list'],
  [{ network: { channels: [] } }, 'cnn-lstm must have at least one convolution'],
  [{ frontEnd: { lowHz: 3900, highHz: 100 } }, 'front end: '],
  [{ frontEnd: { hopMs: 0 } }, 'front end: '],
])('refuses %j in one go', (fields, problem) => {
  expect(check(fields)).toThrow(RecipeError);
  expect(check(fields)).toThrow(`mine.yaml:\n`);
  expect(check(fields)).toThrow(problem);
});

it('names all that is wrong', () => {
  expect(check({ frontEnd: { hopMs: 0 }, network: { units: [] } })).toThrow(/front end: .*\nunits/);
});

it('wants a channel', () => {
  expect(() => checkRecipe({ channels: [] }, 'mine.yaml')).toThrow(/mine\.yaml:\nchannels: /);
});
