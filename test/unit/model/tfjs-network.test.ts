import type { Scalar, Tensor, Tensor2D, Tensor3D, Variable } from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadTensorflow, type TensorFlow } from '../../../src/model/engines/tensorflow.ts';
import { planNetwork } from '../../../src/model/network.ts';
import { forwardSequences, type TensorMap } from '../../../src/model/tfjs-network.ts';
import { initialWeights } from '../../../src/model/weights.ts';
import { createRandom } from '../../../src/random.ts';
import { tinyNetworkSpec } from '../../support/tiny-detector.ts';

const plan = planNetwork(tinyNetworkSpec('cnn-lstm'));
const ROWS = 2;
const FRAMES = 16;
let tf: TensorFlow;

beforeAll(async () => {
  // Not wasm: it has no gradient of a convolution.
  ({ tf } = await loadTensorflow('cpu'));
});

function inputs(): Tensor3D {
  const random = createRandom(1);
  const values = Float32Array.from({ length: ROWS * FRAMES * 20 }, () => 2 + random.gaussian());
  return tf.tensor3d(values, [ROWS, FRAMES, 20]);
}

function tensorsOf(seed: number): Map<string, Tensor> {
  return new Map(
    [...initialWeights(plan, createRandom(seed))].map(([name, { shape, values }]) => [
      name,
      tf.tensor(values, [...shape]),
    ]),
  );
}

function trainingLogits(tensors: TensorMap, dropoutSeed: number): number[] {
  return tf.tidy(() => {
    const run = { features: inputs(), training: true, dropoutSeed };
    return [...forward(tensors, run).dataSync()];
  });
}

/** Logits only: the batch's moments are the caller's to dispose of. */
function forward(tensors: TensorMap, run: Parameters<typeof forwardSequences>[3]): Tensor2D {
  const { logits, moments } = forwardSequences(tf, plan, tensors, run);
  for (const { mean, variance } of moments) tf.dispose([mean, variance]);
  return logits;
}

describe('forwardSequences in training', () => {
  it('normalises by the statistics of the batch, and hands them over', () => {
    tf.tidy(() => {
      const run = { features: inputs(), training: true, dropoutSeed: 1 };
      const { logits, moments } = forwardSequences(tf, plan, tensorsOf(3), run);
      expect(logits.shape).toEqual([ROWS, FRAMES / plan.timeStride]);
      expect(moments.map(({ name }) => name)).toEqual(['conv0', 'conv1']);
      for (const [index, { mean, variance }] of moments.entries()) {
        const channels = plan.convolutions[index]!.outChannels;
        expect([mean.shape, variance.shape]).toEqual([[channels], [channels]]);
        expect(Math.min(...variance.dataSync())).toBeGreaterThan(0);
      }
      // What they are makes no difference to training: the running averages are not read.
      const other = tensorsOf(3);
      other.set('conv0/mean', tf.fill([4], 9));
      expect([...forward(other, run).dataSync()]).toEqual([...logits.dataSync()]);
    });
  });

  it('drops out by its seed', () => {
    const tensors = tensorsOf(3);
    const first = trainingLogits(tensors, 7);
    expect(trainingLogits(tensors, 7)).toEqual(first);
    expect(trainingLogits(tensors, 8)).not.toEqual(first);
  });

  it('reaches every trained tensor with a gradient', () => {
    const variables = new Map<string, Variable>(
      [...tensorsOf(3)].map(([name, tensor]) => {
        const trainable = !/\/(mean|variance)$/.test(name);
        return [name, tf.variable(tensor, trainable)];
      }),
    );
    const trained = [...variables.values()].filter(({ trainable }) => trainable);
    const { numTensors } = tf.memory();
    const sizes = tf.tidy(() => {
      const run = { features: inputs(), training: true, dropoutSeed: 1 };
      const { grads } = tf.variableGrads(
        () => tf.mean(tf.softplus(forward(variables, run))) as Scalar,
        trained,
      );
      return Object.values(grads).map((gradient) => tf.sum(tf.abs(gradient)).dataSync()[0]!);
    });
    expect(sizes).toHaveLength(trained.length);
    expect(Math.min(...sizes)).toBeGreaterThan(0);
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('names a tensor that is not there', () => {
    const tensors = tensorsOf(3);
    tensors.delete('dense/kernel');
    expect(() => trainingLogits(tensors, 1)).toThrow('the tensors must have dense/kernel');
  });
});
