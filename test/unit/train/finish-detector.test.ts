import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Detector, loadDetector } from '../../../src/model/detector.ts';
import { planNetwork } from '../../../src/model/network.ts';
import type { Clip } from '../../../src/train/corpora/clip.ts';
import { finishDetector } from '../../../src/train/finish-detector.ts';
import { type Recipe, recipeSchema } from '../../../src/train/recipe.ts';
import { networkOf, type TrainedNetwork } from '../../../src/train/train-run.ts';
import { randomWeights } from '../../support/tiny-detector.ts';
import { clipOf, storeOf, TOY_FEATURES, toyRecipe } from './toy-corpus.ts';

/** Calibration's replicas take seconds on a busy machine. */
const TIMEOUT_MS = 60_000;
const FRAMES = 512;
const clips = (['train', 'val', 'dev'] as const).flatMap((split) =>
  (['bonafide', 'spoof'] as const).flatMap((label) =>
    Array.from({ length: 3 }, (): Clip => clipOf(label, split, split)),
  ),
);
const store = storeOf(
  'mulaw',
  clips.map(() => FRAMES),
  (index) => (clips[index]!.label === 'spoof' ? 1 : -1) + 0.1 * index,
);

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-finish-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function recipeWith(network: Partial<Recipe['network']>): Recipe {
  const { network: fields } = recipeSchema.parse({ network: { channels: [3, 4], units: [4] } });
  return toyRecipe({ network: { ...fields, ...network } });
}

/** The detector that a recipe's untrained network becomes, and its card. */
async function finish(
  name: string,
  recipe: Recipe,
  changes: Partial<TrainedNetwork> = {},
): Promise<{
  readonly detector: Detector;
  readonly card: string;
  readonly trained: TrainedNetwork;
}> {
  const spec = networkOf(recipe);
  const trained = {
    ...{ spec, plan: planNetwork(spec), weights: randomWeights(spec, 3), backend: 'none' },
    mean: new Array<number>(TOY_FEATURES).fill(0),
    scale: new Array<number>(TOY_FEATURES).fill(1),
    ...changes,
  };
  const outFolder = join(folder, name);
  await finishDetector({ recipe, clips, stores: [store], trained, runFolder: folder, outFolder });
  const card = await readFile(join(outFolder, 'README.md'), 'utf8');
  return { detector: await loadDetector(outFolder), card, trained };
}

it(
  'serves convolutions in integers, measured anew, the weights as trained',
  async () => {
    const recipe = recipeWith({});
    // A mean of detectors brings the codes of the first of them.
    const quantised = { input: { scale: 9, zero: 9 }, outputScales: [9, 9] };
    const spec = { ...networkOf(recipe), quantisation: quantised };
    const given = { spec, plan: planNetwork(spec) };
    const { detector, card, trained } = await finish('integers', recipe, given);
    const { quantisation, ...layers } = detector.manifest.network;
    expect(layers).toEqual(networkOf(recipe));
    expect(quantisation!.outputScales).toHaveLength(2);
    // Features from −1.0 to 2.7 in 255 steps, those of `train` to 1.5.
    expect(quantisation!.input.scale * 255).toBeGreaterThan(2);
    expect(quantisation!.input.scale * 255).toBeLessThan(3.8);
    for (const [name, { values }] of detector.weights()) {
      expect(values).toEqual(trained.weights.get(name)!.values);
    }
    expect(card).toContain('8-bit integers');
  },
  TIMEOUT_MS,
);

it.each([
  ['the recipe says so', { integers: false }],
  ['there are none', { architecture: 'lstm' }],
] as const)(
  'serves floats where %s',
  async (_, network) => {
    const { detector, card } = await finish(Object.values(network).join(), recipeWith(network));
    expect(detector.manifest.network.quantisation).toBeUndefined();
    expect(card).not.toContain('8-bit integers');
  },
  TIMEOUT_MS,
);
