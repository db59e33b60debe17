import type { Clock } from '../clock.ts';
import type { NetworkWeights } from '../model/weights.ts';
import type { LossesSoFar } from './checkpoint.ts';
import { EarlyStopping } from './early-stopping.ts';
import type { Recipe } from './recipe.ts';
import type { RunFolder } from './run-folder.ts';
import type { EventFileWriter } from './tensorboard.ts';

export interface RunEvaluationsParts {
  readonly run: RunFolder;
  readonly recipe: Recipe;
  readonly events: EventFileWriter;
  readonly clock: Clock;
  readonly say: (line: string) => void;
  /** The weights of this moment, batch norm folded. */
  readonly folded: () => NetworkWeights;
  /** Page-macro EER of weights on `val`. */
  readonly eerOf: (weights: NetworkWeights) => Promise<number>;
  /** Where the run, or its going on, begins. */
  readonly firstStep: number;
  /** Of the checkpoint that it goes on from. */
  readonly losses?: LossesSoFar | undefined;
}

/** The evaluations of a run while it trains: into the log, the event file and early stopping. */
export class RunEvaluations {
  readonly #parts: RunEvaluationsParts;
  readonly #stopping: EarlyStopping;
  readonly #startedAtMs: number;
  #lossSum = 0;
  #losses = 0;

  constructor(parts: RunEvaluationsParts) {
    this.#parts = parts;
    const { run, recipe, clock, firstStep } = parts;
    this.#stopping = new EarlyStopping(
      recipe.earlyStoppingEvaluations,
      run.evaluationsUntil(firstStep),
    );
    const { losses } = parts;
    // Those before an evaluation at this very step, which the checkpoint does not know of, are told.
    const isTold = run.evaluationsUntil(firstStep).some(({ step }) => step === firstStep);
    if (losses !== undefined && !isTold) {
      this.#lossSum = losses.sum;
      this.#losses = losses.count;
    }
    this.#startedAtMs = clock.nowMs();
  }

  /** True when early stopping ends the run. */
  get isEnough(): boolean {
    return this.#stopping.isDue;
  }

  isAt(step: number): boolean {
    const { evaluateEvery, steps } = this.#parts.recipe;
    return step % evaluateEvery === 0 || step === steps;
  }

  /** True when the run was killed between the checkpoint of this step and its evaluation. */
  isOwed(step: number): boolean {
    const done = this.#parts.run.evaluationsUntil(step);
    return step > 0 && this.isAt(step) && !done.some((evaluation) => evaluation.step === step);
  }

  /** Training losses since the last evaluation, for the checkpoint. */
  get losses(): LossesSoFar {
    return { sum: this.#lossSum, count: this.#losses };
  }

  /** Takes the training loss of a step. */
  hear(loss: number): void {
    this.#lossSum += loss;
    this.#losses++;
  }

  /** Judges the weights of this step, and notes what came of it. */
  async at(step: number): Promise<void> {
    const { run, recipe, events, clock, say, folded, eerOf, firstStep } = this.#parts;
    const valPageMacroEer = await eerOf(folded());
    const seconds = (clock.nowMs() - this.#startedAtMs) / 1000;
    const secondsPerStep = seconds / Math.max(1, step - firstStep);
    const entry = {
      step,
      loss: this.#lossSum / this.#losses,
      valPageMacroEer,
      secondsPerStep,
      minutesLeft: ((recipe.steps - step) * secondsPerStep) / 60,
    };
    if (this.#stopping.note(entry)) run.saveBest(folded());
    run.log(entry);
    events.scalars(step, { 'train/mean-loss': entry.loss, 'val/page-macro-eer': valPageMacroEer });
    say(JSON.stringify(entry));
    this.#lossSum = 0;
    this.#losses = 0;
  }
}
