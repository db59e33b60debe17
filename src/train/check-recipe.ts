import { validateFrontEndConfig } from '../dsp/front-end-validate.ts';
import { planNetwork } from '../model/network.ts';
import { frontEndOf } from './prepare.ts';
import { type Recipe, RecipeError } from './recipe.ts';
import { networkOf } from './train-run.ts';

/**
 * Refuses a recipe whose numbers do not go together, before hours go into its features.
 * @param where the recipe file, for the message
 * @throws RecipeError that names every part that cannot work
 */
export function requireWorkable(recipe: Recipe, where: string): void {
  const problems = [
    problemOf(() => validateFrontEndConfig(frontEndOf(recipe))),
    problemOf(() => requireWholeSteps(recipe)),
  ].filter((problem) => problem !== null);
  if (problems.length > 0) throw new RecipeError(`${where}:\n${problems.join('\n')}`);
}

function requireWholeSteps(recipe: Recipe): void {
  const { timeStride } = planNetwork(networkOf(recipe));
  if (recipe.framesPerClip % timeStride === 0) return;
  throw new RangeError(
    `framesPerClip must be a multiple of the time strides' product (${timeStride}), got ${recipe.framesPerClip}`,
  );
}

function problemOf(check: () => unknown): string | null {
  try {
    check();
    return null;
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) return error.message;
    throw error;
  }
}
