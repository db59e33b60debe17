import type { Optimizer, Scalar, Tensor, Tensor2D, Tensor3D, Variable } from '@tensorflow/tfjs';
import type { LoadedTensorFlow, TensorFlow } from '../model/engines/tensorflow.ts';
import { type NetworkPlan, tensorShapes } from '../model/network.ts';
import { type BatchMoments, forwardSequences } from '../model/tfjs-network.ts';
import { initialWeights, type NetworkWeights, type WeightTensor } from '../model/weights.ts';
import { createRandom } from '../random.ts';
import type { Batch, BatchSampler } from './batches.ts';
import type { Recipe } from './recipe.ts';

const BATCH_NORM_MOMENTUM = 0.98;
const ADAM = { beta1: 0.9, beta2: 0.99, epsilon: 1e-7 } as const;
/** Share of the top learning rate at the first and the last step. */
const FIRST_RATE_SHARE = 0.04;
const LAST_RATE_SHARE = 1e-4;

/**
 * Learning rate of a step: the same throughout, or one cycle: cosine up over `warmUpShare`, cosine
 * down after.
 */
export function rateAt(step: number, recipe: Recipe): number {
  const { steps, learningRate, warmUpShare } = recipe;
  if (recipe.schedule === 'constant') return learningRate;
  const turn = steps * warmUpShare;
  const cosine = (from: number, to: number, share: number) =>
    to + ((from - to) * (1 + Math.cos(Math.PI * share))) / 2;
  return step < turn
    ? cosine(FIRST_RATE_SHARE * learningRate, learningRate, step / turn)
    : cosine(learningRate, LAST_RATE_SHARE * learningRate, (step - turn) / (steps - turn));
}

interface BatchTensors {
  /** [N, T, F] */
  readonly features: Tensor3D;
  /** [N, 1], 0 or 1. */
  readonly labels: Tensor2D;
  /** [N, 1], smoothed. */
  readonly targets: Tensor2D;
  /** [N, T'] */
  readonly weights: Tensor2D;
}

/** Everything that a later process needs to go on exactly where this one stopped. */
export interface FitState {
  readonly step: number;
  readonly weights: NetworkWeights;
  readonly optimizer: readonly WeightTensor[];
}

/**
 * Trains a network on batches: AdamW with a one-cycle rate, clipped gradients, cross-entropy of the
 * mean logit of a row plus a share of the per-step cross-entropy. Owns its variables until `dispose`.
 */
export class Fitter {
  readonly #tf: TensorFlow;
  readonly #plan: NetworkPlan;
  readonly #recipe: Recipe;
  readonly #variables: Map<string, Variable>;
  readonly #trainable: Variable[];
  readonly #optimizer: Optimizer;
  #step = 0;

  /** @param from weights to begin with; fresh ones from the recipe's seed when absent */
  constructor({ tf }: LoadedTensorFlow, plan: NetworkPlan, recipe: Recipe, from?: NetworkWeights) {
    this.#tf = tf;
    this.#plan = plan;
    this.#recipe = recipe;
    const weights = from ?? initialWeights(plan, createRandom(recipe.seed));
    this.#variables = new Map(
      [...weights].map(([name, { shape, values }]) => {
        const trainable = !/\/(mean|variance)$/.test(name);
        return [name, tf.tidy(() => tf.variable(tf.tensor(values, [...shape]), trainable))];
      }),
    );
    this.#trainable = [...this.#variables.values()].filter(({ trainable }) => trainable);
    const { beta1, beta2, epsilon } = ADAM;
    this.#optimizer = tf.train.adam(recipe.learningRate, beta1, beta2, epsilon);
  }

  get step(): number {
    return this.#step;
  }

  /** One step on one batch. @returns the loss */
  train(batch: Batch): number {
    const tf = this.#tf;
    const { recipe, rate } = { recipe: this.#recipe, rate: rateAt(this.#step, this.#recipe) };
    const moments: BatchMoments[] = [];
    const { value, grads } = tf.tidy(() => {
      const tensors = this.#tensorsOf(batch);
      const result = tf.variableGrads(() => {
        const run = forwardSequences(tf, this.#plan, this.#variables, {
          features: tensors.features,
          training: true,
          frozenNorm: recipe.frozenNorm,
          dropoutSeed: recipe.seed * 100_003 + this.#step * 16,
        });
        moments.push(...run.moments);
        return this.#loss(run.logits, tensors);
      }, this.#trainable);
      return { value: result.value, grads: this.#clipped(result.grads) };
    });
    (this.#optimizer as unknown as { learningRate: number }).learningRate = rate;
    this.#optimizer.applyGradients(grads);
    this.#decay(rate);
    this.#updateMoments(moments);
    const loss = value.dataSync()[0]!;
    tf.dispose([value, grads, moments.map(({ mean, variance }) => [mean, variance])] as never);
    this.#step++;
    return loss;
  }

  /** Logits [N, T'] of whole sequences without dropout, on the running averages. */
  predict(features: Float32Array, rows: number, frames: number): Float32Array {
    const tf = this.#tf;
    const { featureCount } = this.#plan.signature;
    const logits = tf.tidy(
      () =>
        forwardSequences(tf, this.#plan, this.#variables, {
          features: tf.tensor(features, [rows, frames, featureCount]) as Tensor3D,
          training: false,
          dropoutSeed: 0,
        }).logits,
    );
    const values = logits.dataSync() as Float32Array;
    logits.dispose();
    return values;
  }

  /** A copy of the weights, batch norm not folded. */
  weights(): NetworkWeights {
    return new Map(
      tensorShapes(this.#plan, 'training').map(({ name, shape }) => {
        const values = Float32Array.from(this.#variables.get(name)!.dataSync());
        return [name, { shape, values }];
      }),
    );
  }

  async state(): Promise<FitState> {
    const slots = await this.#optimizer.getWeights();
    const optimizer = slots.map(({ tensor }) => ({
      shape: tensor.shape,
      values: Float32Array.from(tensor.dataSync()),
    }));
    // The count of steps is a tensor made for this call; the others are the optimiser's own.
    slots[0]?.tensor.dispose();
    return { step: this.#step, weights: this.weights(), optimizer };
  }

  /** Goes on from a saved state. For a fitter that has not trained yet. */
  async restore(state: FitState): Promise<void> {
    const tf = this.#tf;
    this.#step = state.step;
    for (const [name, { shape, values }] of state.weights) {
      tf.tidy(() => this.#variables.get(name)!.assign(tf.tensor(values, [...shape])));
    }
    const slots = state.optimizer.map(({ shape, values }, index) => ({
      name: `slot${index}`,
      tensor: tf.tensor(values, [...shape]),
    }));
    await this.#optimizer.setWeights(slots);
    tf.dispose(slots.map(({ tensor }) => tensor));
    this.#restoreBetaPowers();
  }

  // `setWeights` takes powers of beta where training multiplied step by step in single precision;
  // the last bits would differ, and the run with them.
  #restoreBetaPowers(): void {
    const tf = this.#tf;
    const powers = this.#optimizer as unknown as { accBeta1: Variable; accBeta2: Variable };
    for (const [variable, beta] of [
      [powers.accBeta1, Math.fround(ADAM.beta1)],
      [powers.accBeta2, Math.fround(ADAM.beta2)],
    ] as const) {
      let power = beta;
      for (let step = 0; step < this.#step; step++) power = Math.fround(power * beta);
      tf.tidy(() => variable.assign(tf.scalar(power)));
    }
  }

  dispose(): void {
    for (const variable of this.#variables.values()) variable.dispose();
    this.#optimizer.dispose();
  }

  #tensorsOf(batch: Batch): BatchTensors {
    const tf = this.#tf;
    const { batchSize, framesPerClip, labelSmoothing } = this.#recipe;
    const { featureCount } = this.#plan.signature;
    const smooth = (target: number) => target * (1 - labelSmoothing) + labelSmoothing / 2;
    const column = (values: Float32Array) => tf.tensor(values, [batchSize, 1]) as Tensor2D;
    return {
      features: tf.tensor(batch.features, [batchSize, framesPerClip, featureCount]) as Tensor3D,
      labels: column(batch.labels),
      targets: column(batch.targets.map(smooth)),
      weights: this.#stepWeights(batch.weights),
    };
  }

  /** Voiced frames of each output step, [N, T']. */
  #stepWeights(frameWeights: Float32Array): Tensor2D {
    const { batchSize, framesPerClip } = this.#recipe;
    const { timeStride } = this.#plan;
    const steps = framesPerClip / timeStride;
    const summed = new Float32Array(batchSize * steps);
    for (let index = 0; index < frameWeights.length; index++) {
      const at = Math.floor(index / timeStride);
      summed[at] = summed[at]! + frameWeights[index]!;
    }
    return this.#tf.tensor(summed, [batchSize, steps]) as Tensor2D;
  }

  #loss(logits: Tensor2D, { labels, targets, weights }: BatchTensors): Scalar {
    const tf = this.#tf;
    const crossEntropy = (x: Tensor) => tf.sub(tf.softplus(x), tf.mul(x, targets));
    const totals = tf.add(tf.sum(weights, 1, true), 1e-6);
    const mean = tf.div(tf.sum(tf.mul(logits, weights), 1, true), totals);
    const rows = this.#rowWeights(labels);
    const perRow = tf.div(tf.sum(tf.mul(crossEntropy(mean), rows)), tf.sum(rows));
    const steps = tf.mul(weights, rows);
    const perStep = tf.div(
      tf.sum(tf.mul(crossEntropy(logits), steps)),
      tf.add(tf.sum(steps), 1e-6),
    );
    return tf.add(perRow, tf.mul(perStep, this.#recipe.perStepLossWeight)) as Scalar;
  }

  /** [N, 1]: the weight of each row's class. */
  #rowWeights(labels: Tensor2D): Tensor {
    const tf = this.#tf;
    const { bonafide, spoof } = this.#recipe.classWeights;
    return tf.where(
      tf.greater(labels, 0.5),
      tf.fill(labels.shape, spoof),
      tf.fill(labels.shape, bonafide),
    );
  }

  #clipped(grads: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
    const tf = this.#tf;
    const squares = Object.values(grads).map((grad) => tf.sum(tf.square(grad)));
    const norm = tf.sqrt(tf.addN(squares));
    const factor = tf.minimum(1, tf.div(this.#recipe.gradientNorm, tf.add(norm, 1e-9)));
    return Object.fromEntries(
      Object.entries(grads).map(([name, grad]) => [name, tf.mul(grad, factor)]),
    );
  }

  // Decoupled weight decay (AdamW), of kernels only.
  #decay(rate: number): void {
    const tf = this.#tf;
    const factor = 1 - rate * this.#recipe.weightDecay;
    for (const [name, variable] of this.#variables) {
      if (/\/(kernel|recurrent)$/.test(name)) {
        tf.tidy(() => variable.assign(tf.mul(variable, factor)));
      }
    }
  }

  #updateMoments(moments: readonly BatchMoments[]): void {
    const tf = this.#tf;
    for (const { name, ...batch } of moments) {
      for (const part of ['mean', 'variance'] as const) {
        const variable = this.#variables.get(`${name}/${part}`)!;
        tf.tidy(() => {
          const kept = tf.mul(variable, BATCH_NORM_MOMENTUM);
          variable.assign(tf.add(kept, tf.mul(batch[part], 1 - BATCH_NORM_MOMENTUM)));
        });
      }
    }
  }
}

/** Runs steps until the recipe's end or until `onStep` says stop. */
export async function fitSteps(
  fitter: Fitter,
  sampler: BatchSampler,
  recipe: Recipe,
  onStep: (step: number, loss: number) => Promise<boolean>,
): Promise<void> {
  while (fitter.step < recipe.steps) {
    const loss = fitter.train(sampler.next());
    if (!Number.isFinite(loss)) throw new Error(`the loss became ${loss} at step ${fitter.step}`);
    if (!(await onStep(fitter.step, loss))) return;
  }
}
