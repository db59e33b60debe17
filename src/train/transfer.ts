import type { Detector } from '../model/detector.ts';
import { planNetwork } from '../model/network.ts';
import { unfoldBatchNorm } from '../model/weights.ts';
import { checkRecipe, type Recipe, RecipeError, recipeSchema } from './recipe.ts';
import type { TransferSource } from './train-run.ts';

/** What a transfer changes of the recipe that the detector was made by, unless told otherwise. */
const TRANSFER_DEFAULTS = {
  steps: 400,
  // They are others.
  recordings: '',
  // Those of the detector's own training would take the place of the steps.
  epochs: null,
  learningRate: 2e-4,
  evaluateEvery: 100,
  furtherTakes: [],
  // They taught that training; this one has those of `--teachers`.
  teachers: [],
};

export interface Transfer {
  readonly recipe: Recipe;
  readonly source: TransferSource;
}

/**
 * A recipe that goes on from a detector: its front end (but for a voice activity that the recipe file
 * gives), network (but for `integers`, likewise) and normalisation stay, batch norm is frozen, and the
 * rate is a tenth. What the given recipe file says wins over the defaults.
 * @param where the recipe file, for messages
 * @throws RecipeError when the detector does not carry its recipe, or normalises otherwise, and when
 * the given fields are wrong
 */
export function transferFrom(
  { id, manifest, weights }: Detector,
  given: Readonly<Record<string, unknown>>,
  where = 'the recipe of the transfer',
): Transfer {
  const made = recipeSchema.safeParse(manifest.training['recipe']);
  const { normalisation } = manifest.frontEnd;
  if (!made.success || normalisation.kind !== 'global') {
    throw new RecipeError(
      `${manifest.name} ${manifest.version} does not carry the recipe that it was made by`,
    );
  }
  // How the network is served is no part of what was learnt.
  const { integers } = (given['network'] ?? {}) as { readonly integers?: unknown };
  const fields = {
    ...made.data,
    name: `${manifest.name}-tuned`,
    version: manifest.version,
    ...TRANSFER_DEFAULTS,
    ...given,
    frontEnd: made.data.frontEnd,
    network: { ...made.data.network, ...(integers === undefined ? {} : { integers }) },
    frozenNorm: true,
  };
  const recipe = checkRecipe(fields, where);
  const plan = planNetwork(manifest.network);
  return {
    recipe,
    source: {
      ancestors: [id, ...ancestorsOf(manifest)],
      weights: unfoldBatchNorm(plan, weights()),
      mean: normalisation.mean,
      scale: normalisation.scale,
    },
  };
}

/** What a detector's manifest says that it went on from; nothing in one that training did not write. */
function ancestorsOf({ training }: Detector['manifest']): readonly string[] {
  const given = training['wentOnFrom'];
  return Array.isArray(given) ? given.filter((id) => typeof id === 'string') : [];
}
