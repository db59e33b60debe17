import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { NetworkWeights } from '../model/weights.ts';
import {
  type Checkpoint,
  readCheckpoint,
  readSerialized,
  writeCheckpoint,
  writeSerialized,
} from './checkpoint.ts';
import { CorpusError } from './corpora/clip.ts';
import { dataKey } from './data-key.ts';
import type { Evaluation } from './early-stopping.ts';
import { type Recipe, recipeSchema } from './recipe.ts';
import type { TrainRunOptions } from './train-run.ts';

const CHECKPOINT_FILE = 'checkpoint.bin';
const BEST_FILE = 'best.bin';
const LOG_FILE = 'log.jsonl';

/** Which run it is: its recipe, what it learns from, and where it is kept. */
export type RunIdentity = Pick<
  TrainRunOptions,
  'recipe' | 'clips' | 'corpusClips' | 'runFolder' | 'from' | 'askedData'
>;

/** The files of one training: checkpoint, log, and the weights of its best evaluation. */
export class RunFolder {
  readonly #folder: string;
  readonly #recipe: Recipe;
  readonly #data: string;
  readonly #askedData: string | undefined;

  constructor(run: RunIdentity) {
    this.#folder = run.runFolder;
    this.#recipe = run.recipe;
    this.#data = dataKey(run);
    this.#askedData = run.askedData;
  }

  /**
   * The last checkpoint of this recipe, or null.
   * @throws CorpusError when it learnt from other data: its weights would get this run's card
   */
  checkpoint(): Checkpoint | null {
    const checkpoint = readCheckpoint(this.#path(CHECKPOINT_FILE), isSameRecipe(this.#recipe));
    if (checkpoint === null || checkpoint.data === this.#data) return checkpoint;
    throw this.#otherData();
  }

  /**
   * Whether there is a checkpoint of this recipe; for a run whose clips have not been read yet.
   * @throws CorpusError when its training asked for other data
   */
  isAskedFor(): boolean {
    const checkpoint = readCheckpoint(this.#path(CHECKPOINT_FILE), isSameRecipe(this.#recipe));
    if (checkpoint === null) return false;
    if ((checkpoint.askedData ?? checkpoint.data) === this.#data) return true;
    throw this.#otherData();
  }

  #otherData(): CorpusError {
    return new CorpusError(
      `${this.#folder} has a training of this recipe on other data (corpus, splits, --licences, --extra or --from): choose another --run, or remove it`,
    );
  }

  save(checkpoint: Omit<Checkpoint, 'recipe' | 'data' | 'askedData'>): void {
    const asked = this.#askedData === undefined ? {} : { askedData: this.#askedData };
    const belongsTo = { recipe: trainingKey(this.#recipe), data: this.#data, ...asked };
    writeCheckpoint(this.#path(CHECKPOINT_FILE), { ...belongsTo, ...checkpoint });
  }

  /** Forgets log and best weights: they are another recipe's. */
  clear(): void {
    for (const file of [LOG_FILE, BEST_FILE]) rmSync(this.#path(file), { force: true });
  }

  log(entry: Evaluation): void {
    const path = this.#path(LOG_FILE);
    // A last line that was cut must not swallow the next one.
    const isCut = existsSync(path) && !/(^|\n)$/.test(readFileSync(path, 'utf8'));
    appendFileSync(path, `${isCut ? '\n' : ''}${JSON.stringify(entry)}\n`);
  }

  /** The evaluations that an undisturbed run would have behind it at this step. */
  evaluationsUntil(untilStep: number): readonly Evaluation[] {
    return readLog(this.#folder)
      .map(({ step = 0, valPageMacroEer }) => ({
        step,
        // JSON has no NaN: it is null there.
        valPageMacroEer: valPageMacroEer ?? Number.NaN,
      }))
      .filter(({ step }) => step <= untilStep);
  }

  saveBest(weights: NetworkWeights): void {
    writeSerialized(this.#path(BEST_FILE), weights);
  }

  /** Weights of the best evaluation so far: what early stopping gives. Null without it. */
  best(): NetworkWeights | null {
    const path = this.#path(BEST_FILE);
    return this.#recipe.earlyStoppingEvaluations !== null && existsSync(path)
      ? (readSerialized(path) as NetworkWeights)
      : null;
  }

  #path(file: string): string {
    return join(this.#folder, file);
  }
}

/** Whether there is a checkpoint of any recipe. */
export function hasCheckpoint(runFolder: string): boolean {
  return existsSync(join(runFolder, CHECKPOINT_FILE));
}

/** The log of a run so far, one entry an evaluation; a line that a kill or a full disk cut is left out. */
export function readLog(runFolder: string): readonly Readonly<Record<string, number>>[] {
  const path = join(runFolder, LOG_FILE);
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as Record<string, number>];
      } catch {
        return [];
      }
    });
}

/** What of a recipe decides the weights: the rest may change between fitting and exporting. */
function trainingKey(recipe: Recipe): string {
  const { name: _, version: _version, description: _description, ...unnamed } = recipe;
  const { recordings: _recordings, network, ...rest } = unnamed;
  const { framesPerStep: _framesPerStep, integers: _integers, ...layers } = network;
  const { frozenNorm, isTransfer: _isTransfer, ...fitted } = rest;
  // How often a run is kept and looked at may change, unless looking ends it.
  const { checkpointEvery: _checkpointEvery, evaluateEvery, ...decisive } = fitted;
  return JSON.stringify({
    ...decisive,
    network: layers,
    ...(frozenNorm ? { frozenNorm } : {}),
    ...(decisive.earlyStoppingEvaluations === null ? {} : { evaluateEvery }),
  });
}

/** A checkpoint from before a field was there has that field's default. */
function isSameRecipe(recipe: Recipe): (text: string) => boolean {
  return (text) => {
    const before = recipeSchema.safeParse(JSON.parse(text));
    return before.success && trainingKey(before.data) === trainingKey(recipe);
  };
}
