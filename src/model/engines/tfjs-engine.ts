import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import type { Engine, StepBatch, StepSignature } from '../engine.ts';
import type { NetworkPlan } from '../network.ts';
import { TfjsIntegerConvolutions } from '../tfjs-integer.ts';
import { forwardStep, type TensorMap } from '../tfjs-network.ts';
import type { NetworkWeights } from '../weights.ts';
import type { LoadedTensorFlow, TensorFlow } from './tensorflow.ts';

/**
 * The reference engine, written with core operations. It owns its weight tensors until `dispose`.
 * @param weights with the batch norm folded
 */
export function createTfjsEngine(
  { tf, backendName }: LoadedTensorFlow,
  plan: NetworkPlan,
  weights: NetworkWeights,
): Engine {
  const tensors = new Map<string, Tensor>(
    [...weights].map(([name, { shape, values }]) => [name, tf.tensor(values, [...shape])]),
  );
  const integers =
    plan.spec.quantisation === undefined
      ? undefined
      : new TfjsIntegerConvolutions(tf, plan, weights);
  return new TfjsEngine(tf, `tfjs ${backendName}`, { plan, tensors, integers });
}

interface LoadedNetwork {
  readonly plan: NetworkPlan;
  readonly tensors: TensorMap;
  readonly integers: TfjsIntegerConvolutions | undefined;
}

class TfjsEngine implements Engine {
  readonly name: string;
  readonly signature: StepSignature;
  readonly #tf: TensorFlow;
  readonly #network: LoadedNetwork;

  constructor(tf: TensorFlow, name: string, network: LoadedNetwork) {
    this.#tf = tf;
    this.name = name;
    this.#network = network;
    this.signature = network.plan.signature;
  }

  async run(batch: StepBatch): Promise<void> {
    const { rows } = batch;
    if (rows === 0) return;
    const { framesPerStep, featureCount, stateSize } = this.signature;
    const tf = this.#tf;
    const { plan, tensors, integers } = this.#network;
    const output = tf.tidy(() =>
      forwardStep(tf, plan, tensors, {
        features: tf.tensor(batch.features.slice(0, rows * framesPerStep * featureCount), [
          rows,
          framesPerStep,
          featureCount,
        ]) as Tensor3D,
        state: tf.tensor(batch.state.slice(0, rows * stateSize), [rows, stateSize]) as Tensor2D,
        integers,
      }),
    );
    batch.logits.set(output.logits.dataSync());
    batch.stateOut.set(output.state.dataSync());
    tf.dispose(output);
  }

  dispose(): void {
    for (const tensor of this.#network.tensors.values()) tensor.dispose();
    this.#network.integers?.dispose();
  }
}
