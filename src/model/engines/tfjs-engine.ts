import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import type { Engine, StepBatch, StepSignature } from '../engine.ts';
import type { NetworkPlan } from '../network.ts';
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
  return new TfjsEngine(tf, `tfjs ${backendName}`, { plan, tensors });
}

class TfjsEngine implements Engine {
  readonly name: string;
  readonly signature: StepSignature;
  readonly #tf: TensorFlow;
  readonly #plan: NetworkPlan;
  readonly #tensors: TensorMap;

  constructor(tf: TensorFlow, name: string, network: { plan: NetworkPlan; tensors: TensorMap }) {
    this.#tf = tf;
    this.name = name;
    this.#plan = network.plan;
    this.#tensors = network.tensors;
    this.signature = network.plan.signature;
  }

  async run(batch: StepBatch): Promise<void> {
    const { rows } = batch;
    if (rows === 0) return;
    const { framesPerStep, featureCount, stateSize } = this.signature;
    const tf = this.#tf;
    const output = tf.tidy(() =>
      forwardStep(tf, this.#plan, this.#tensors, {
        features: tf.tensor(batch.features.slice(0, rows * framesPerStep * featureCount), [
          rows,
          framesPerStep,
          featureCount,
        ]) as Tensor3D,
        state: tf.tensor(batch.state.slice(0, rows * stateSize), [rows, stateSize]) as Tensor2D,
      }),
    );
    batch.logits.set(output.logits.dataSync());
    batch.stateOut.set(output.state.dataSync());
    tf.dispose(output);
  }

  dispose(): void {
    for (const tensor of this.#tensors.values()) tensor.dispose();
  }
}
