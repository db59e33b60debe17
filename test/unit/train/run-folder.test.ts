import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Recipe } from '../../../src/train/recipe.ts';
import { RunFolder } from '../../../src/train/run-folder.ts';
import { clipOf, toyRecipe } from './toy-corpus.ts';

const clips = [clipOf('bonafide', 'one'), clipOf('spoof', 'one')];
let runFolder = '';

beforeEach(() => {
  runFolder = mkdtempSync(join(tmpdir(), 'bonafide-run-'));
});

afterEach(() => {
  rmSync(runFolder, { recursive: true, force: true });
});

const folderOf = (changes: Partial<Recipe>) =>
  new RunFolder({ recipe: toyRecipe(changes), clips, runFolder });

function save(changes: Partial<Recipe> = {}): void {
  const state = { step: 7, weights: new Map(), optimizer: [] };
  folderOf(changes).save({ randomState: 1, state });
}

it('goes on when the network is to be served otherwise, and from a recipe before it could be', () => {
  const { integers: _, ...before } = toyRecipe().network;
  save({ network: before as Recipe['network'] });
  const { network } = toyRecipe();
  for (const changes of [{}, { integers: false }, { framesPerStep: 32 }]) {
    const served = { network: { ...network, ...changes } };
    expect(folderOf(served).checkpoint()?.state.step).toBe(7);
  }
});

it.each([
  ['checkpoints', { checkpointEvery: 5 }],
  ['evaluations', { evaluateEvery: 5 }],
])('goes on when %s are asked for more often, which changes no weight', (_, changes) => {
  save();
  expect(folderOf(changes).checkpoint()?.state.step).toBe(7);
});

it('does not go on when the evaluations that end a run lie elsewhere, or the steps do', () => {
  const stopping = { earlyStoppingEvaluations: 3 };
  save(stopping);
  expect(folderOf(stopping).checkpoint()?.state.step).toBe(7);
  expect(folderOf({ ...stopping, checkpointEvery: 5 }).checkpoint()?.state.step).toBe(7);
  expect(folderOf({ ...stopping, evaluateEvery: 5 }).checkpoint()).toBeNull();
  expect(folderOf({ ...stopping, steps: 21 }).checkpoint()).toBeNull();
});
