import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStepBatch, type Engine } from '../../../src/model/engine.ts';
import { createOnnxEngine } from '../../../src/model/engines/onnx-engine.ts';
import {
  type BackendChoice,
  type LoadedTensorFlow,
  loadTensorflow,
} from '../../../src/model/engines/tensorflow.ts';
import { createTfjsEngine } from '../../../src/model/engines/tfjs-engine.ts';
import { planNetwork } from '../../../src/model/network.ts';
import { writeOnnx } from '../../../src/model/onnx-writer.ts';
import { forwardSequences } from '../../../src/model/tfjs-network.ts';
import { foldBatchNorm, initialWeights } from '../../../src/model/weights.ts';
import { createRandom } from '../../../src/random.ts';
import { randomWeights, tinyIntegerSpec, tinyNetworkSpec } from '../../support/tiny-detector.ts';

const STEPS = 1000;

// cpu is always there; the best one is native, with the fused LSTM, where that is installed.
const backends: readonly (readonly [string, BackendChoice | undefined])[] = [
  ['cpu', 'cpu'],
  ['the best one', undefined],
];
const specs = [
  ['lstm', tinyNetworkSpec('lstm')],
  ['cnn-lstm', tinyNetworkSpec('cnn-lstm')],
  ['cnn-lstm in integers', tinyIntegerSpec()],
] as const;
const cases = specs.flatMap(([name, spec]) =>
  backends.map(([backendName, backend]) => [name, backendName, spec, backend] as const),
);
const floatCases = cases.filter(([, , spec]) => spec.quantisation === undefined);

function largestDifference(left: ArrayLike<number>, right: ArrayLike<number>): number {
  expect(left.length).toBe(right.length);
  let worst = 0;
  for (let index = 0; index < left.length; index++) {
    // NaN counts as worst.
    const difference = Math.abs(left[index]! - right[index]!);
    if (!(difference <= worst)) worst = difference;
  }
  return worst;
}

describe.each(cases)('%s on onnxruntime and TensorFlow.js, backend %s', (_, _name, spec, only) => {
  const plan = planNetwork(spec);
  let loaded: LoadedTensorFlow;
  let onnx: Engine;
  let tfjs: Engine;

  beforeAll(async () => {
    const weights = randomWeights(spec, 31);
    loaded = await loadTensorflow(only);
    onnx = await createOnnxEngine(writeOnnx(plan, weights), plan.signature);
    tfjs = createTfjsEngine(loaded, plan, weights);
  });
  afterAll(() => {
    onnx.dispose();
    tfjs.dispose();
  });

  it('agree over 1,000 steps with the state carried, no tensor kept', async () => {
    const random = createRandom(32);
    const left = createStepBatch(onnx.signature, 1);
    const right = createStepBatch(tfjs.signature, 1);
    left.rows = 1;
    right.rows = 1;
    let worst = 0;
    let seen = 0;
    const tensors = new Set<number>();
    for (let step = 0; step < STEPS; step++) {
      for (let index = 0; index < left.features.length; index++) {
        left.features[index] = 2 * random.gaussian();
      }
      right.features.set(left.features);
      await onnx.run(left);
      await tfjs.run(right);
      worst = Math.max(worst, largestDifference(left.logits, right.logits));
      worst = Math.max(worst, largestDifference(left.stateOut, right.stateOut));
      seen = Math.max(seen, ...left.logits.map(Math.abs));
      left.state.set(left.stateOut);
      right.state.set(right.stateOut);
      tensors.add(loaded.tf.memory().numTensors);
    }
    expect(worst).toBeLessThan(1e-4);
    expect(seen).toBeGreaterThan(0.01);
    expect(tensors.size).toBe(1);
  });

  it('give the tensors back', async () => {
    const batch = createStepBatch(plan.signature, 2);
    batch.rows = 2;
    // What a backend makes once and keeps is there from now on.
    await tfjs.run(batch);
    const before = loaded.tf.memory().numTensors;
    const engine = createTfjsEngine(loaded, plan, randomWeights(spec, 35));
    expect(loaded.tf.memory().numTensors).toBeGreaterThan(before);
    await engine.run(batch);
    engine.dispose();
    expect(loaded.tf.memory().numTensors).toBe(before);
  });
});

describe.each(floatCases)('%s, backend %s', (_, _name, spec, only) => {
  const plan = planNetwork(spec);

  it('score blocks as the trainer scores the whole sequence', async () => {
    const loaded = await loadTensorflow(only);
    const { tf } = loaded;
    const trained = initialWeights(plan, createRandom(33));
    const { framesPerStep, featureCount, outputsPerStep } = plan.signature;
    const blocks = 10;
    const random = createRandom(34);
    const blockSize = framesPerStep * featureCount;
    const features = Float32Array.from({ length: blocks * blockSize }, () => random.gaussian());
    const whole = tf.tidy(() => {
      const tensors = new Map(
        [...trained].map(([name, { shape, values }]) => [name, tf.tensor(values, [...shape])]),
      );
      const input = tf.tensor3d(features, [1, blocks * framesPerStep, featureCount]);
      const run = { features: input, training: false, dropoutSeed: 0 };
      return forwardSequences(tf, plan, tensors, run).logits.dataSync<'float32'>().slice();
    });
    const folded = foldBatchNorm(plan, trained);
    const engines = [
      createTfjsEngine(loaded, plan, folded),
      await createOnnxEngine(writeOnnx(plan, folded), plan.signature),
    ];
    for (const engine of engines) {
      const batch = createStepBatch(engine.signature, 1);
      batch.rows = 1;
      const streamed = new Float32Array(blocks * outputsPerStep);
      for (let block = 0; block < blocks; block++) {
        batch.features.set(features.subarray(block * blockSize, (block + 1) * blockSize));
        await engine.run(batch);
        batch.state.set(batch.stateOut);
        streamed.set(batch.logits, block * outputsPerStep);
      }
      expect(largestDifference(streamed, whole)).toBeLessThan(1e-5);
      engine.dispose();
    }
  });
});
