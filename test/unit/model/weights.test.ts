import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { loadTensorflow } from '../../../src/model/engines/tensorflow.ts';
import { type NetworkPlan, planNetwork, tensorShapes } from '../../../src/model/network.ts';
import { forwardSequences, forwardStep } from '../../../src/model/tfjs-network.ts';
import {
  foldBatchNorm,
  initialWeights,
  type NetworkWeights,
  weightOf,
  weightsFromFile,
  weightsToFile,
} from '../../../src/model/weights.ts';
import { createRandom } from '../../../src/random.ts';
import { tinyNetworkSpec } from '../../support/tiny-detector.ts';

const plan = planNetwork(tinyNetworkSpec('cnn-lstm'));

/** Weights whose batch norm does something. */
function trainedLike(network: NetworkPlan, seed: number): NetworkWeights {
  const random = createRandom(seed);
  const weights = initialWeights(network, random);
  for (const [name, { values }] of weights) {
    for (let index = 0; index < values.length; index++) {
      if (name.endsWith('gamma') || name.endsWith('variance')) {
        values[index] = 0.3 + 2 * random.uniform();
      } else if (name.startsWith('conv') && !name.endsWith('kernel')) {
        values[index] = random.gaussian();
      }
    }
  }
  return weights;
}

describe('initialWeights', () => {
  it('has every tensor of the training form, in its shape', () => {
    const weights = initialWeights(plan, createRandom(1));
    const found = [...weights].map(([name, { shape }]) => ({ name, shape }));
    expect(found).toEqual(tensorShapes(plan, 'training'));
    for (const { shape, values } of weights.values()) {
      expect(values).toHaveLength(shape.reduce((product, size) => product * size, 1));
    }
  });

  it('is the same for the same seed and another for another', () => {
    const kernel = (seed: number) =>
      weightOf(initialWeights(plan, createRandom(seed)), 'lstm0/kernel').values;
    expect(kernel(5)).toEqual(kernel(5));
    expect(kernel(5)).not.toEqual(kernel(6));
  });

  it('makes each gate of the recurrent matrix orthogonal, forget bias 1, batch norm identity', () => {
    const weights = initialWeights(plan, createRandom(2));
    const { values } = weightOf(weights, 'lstm0/recurrent');
    const units = 8;
    for (let gate = 0; gate < 4; gate++) {
      for (let left = 0; left < units; left++) {
        for (let right = 0; right < units; right++) {
          let product = 0;
          for (let column = 0; column < units; column++) {
            const at = gate * units + column;
            product += values[left * 4 * units + at]! * values[right * 4 * units + at]!;
          }
          expect(product).toBeCloseTo(left === right ? 1 : 0, 5);
        }
      }
    }
    const bias = [...weightOf(weights, 'lstm1/bias').values];
    expect(bias).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect([...weightOf(weights, 'conv0/gamma').values]).toEqual([1, 1, 1, 1]);
    expect([...weightOf(weights, 'conv0/variance').values]).toEqual([1, 1, 1, 1]);
    expect([...weightOf(weights, 'conv0/mean').values]).toEqual([0, 0, 0, 0]);
  });
});

describe('foldBatchNorm', () => {
  it('gives the tensors of the serving form and leaves its input alone', () => {
    const weights = trainedLike(plan, 3);
    const before = [...weights].map(([, { values }]) => values.slice());
    const folded = foldBatchNorm(plan, weights);
    expect([...folded.keys()]).toEqual(tensorShapes(plan, 'serving').map(({ name }) => name));
    expect([...weights].map(([, { values }]) => values)).toEqual(before);
    expect(folded.get('conv0/kernel')!.values).not.toEqual(weights.get('conv0/kernel')!.values);
  });

  it('is the batch norm of the running averages: block after block equals the whole', async () => {
    const { tf } = await loadTensorflow('cpu');
    const weights = trainedLike(plan, 4);
    const tensorsOf = (all: NetworkWeights) =>
      new Map<string, Tensor>(
        [...all].map(([name, { shape, values }]) => [name, tf.tensor(values, [...shape])]),
      );
    const { framesPerStep, featureCount, stateSize } = plan.signature;
    const rows = 2;
    const blocks = 4;
    const random = createRandom(7);
    tf.tidy(() => {
      const shape: [number, number, number] = [rows, blocks * framesPerStep, featureCount];
      const all = Float32Array.from({ length: shape[0] * shape[1] * shape[2] }, () =>
        random.gaussian(),
      );
      const features = tf.tensor3d(all, shape);
      const whole = forwardSequences(tf, plan, tensorsOf(weights), {
        features,
        training: false,
        dropoutSeed: 0,
      }).logits;
      const folded = tensorsOf(foldBatchNorm(plan, weights));
      let state = tf.zeros([rows, stateSize]) as Tensor2D;
      const parts: Tensor2D[] = [];
      for (let block = 0; block < blocks; block++) {
        const from = [0, block * framesPerStep, 0];
        const part = tf.slice(features, from, [rows, framesPerStep, featureCount]) as Tensor3D;
        const step = forwardStep(tf, plan, folded, { features: part, state });
        state = step.state;
        parts.push(step.logits);
      }
      const difference = tf.max(tf.abs(tf.sub(tf.concat(parts, 1), whole))).dataSync()[0]!;
      expect(difference).toBeLessThan(1e-5);
      const spread = tf.moments(whole).variance.dataSync()[0]!;
      expect(spread).toBeGreaterThan(1e-4);
    });
  });

  it('names a tensor that is not there', () => {
    const weights = new Map(initialWeights(plan, createRandom(1)));
    weights.delete('conv1/mean');
    expect(() => foldBatchNorm(plan, weights)).toThrow('the weights must have conv1/mean');
    weights.delete('dense/bias');
    expect(() => foldBatchNorm(plan, weights)).toThrow('the weights must have dense/bias');
  });
});

describe('weight files', () => {
  const folded = foldBatchNorm(plan, trainedLike(plan, 5));

  it('come back bit for bit', () => {
    const { manifest, bytes } = weightsToFile(folded);
    const read = weightsFromFile({ manifest: JSON.parse(JSON.stringify(manifest)), bytes });
    expect([...read]).toEqual([...folded]);
  });

  it('come back from bytes that do not start at a multiple of four', () => {
    const { manifest, bytes } = weightsToFile(folded);
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    const read = weightsFromFile({ manifest, bytes: shifted.subarray(1) });
    expect([...read]).toEqual([...folded]);
  });

  it('follow the TensorFlow.js layout', () => {
    const { manifest, bytes } = weightsToFile(folded);
    expect(manifest).toHaveLength(1);
    expect(manifest[0]!.paths).toEqual(['weights.bin']);
    expect(manifest[0]!.weights.at(-1)).toEqual({
      name: 'dense/bias',
      shape: [1],
      dtype: 'float32',
    });
    expect(bytes).toHaveLength(4 * plan.parameterCount);
  });

  it('are refused with too few or too many bytes', () => {
    const { manifest, bytes } = weightsToFile(folded);
    const count = plan.parameterCount;
    expect(() => weightsFromFile({ manifest, bytes: bytes.subarray(4) })).toThrow(
      new RangeError(`the weights must hold ${count} floats, got ${count - 1}`),
    );
    const longer = new Uint8Array(bytes.length + 8);
    expect(() => weightsFromFile({ manifest, bytes: longer })).toThrow(
      new RangeError(`the weights must hold ${count} floats, got ${count + 2}`),
    );
  });

  it('are refused with bytes that are no whole floats', () => {
    const { manifest, bytes } = weightsToFile(folded);
    const longer = new Uint8Array(bytes.length + 1);
    longer.set(bytes);
    expect(() => weightsFromFile({ manifest, bytes: longer })).toThrow(
      new RangeError(
        `the weights must hold ${plan.parameterCount} floats, got ${plan.parameterCount + 0.25}`,
      ),
    );
  });
});
