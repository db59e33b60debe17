import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStepBatch, type Engine, type StepBatch } from '../../../../src/model/engine.ts';
import { createOnnxEngine } from '../../../../src/model/engines/onnx-engine.ts';
import { type LoadedTensorFlow, loadTensorflow } from '../../../../src/model/engines/tensorflow.ts';
import { createTfjsEngine } from '../../../../src/model/engines/tfjs-engine.ts';
import { planNetwork } from '../../../../src/model/network.ts';
import type { NetworkSpec } from '../../../../src/model/network-spec.ts';
import { writeOnnx } from '../../../../src/model/onnx-writer.ts';
import { forwardSequences } from '../../../../src/model/tfjs-network.ts';
import { foldBatchNorm, initialWeights } from '../../../../src/model/weights.ts';
import { createRandom, type Random } from '../../../../src/random.ts';
import { randomWeights, tinyIntegerSpec, tinyNetworkSpec } from '../../../support/tiny-detector.ts';

// Kernels, strides and a projection other than the usual, among them a layer without context.
const oddSpec: NetworkSpec = {
  architecture: 'cnn-lstm',
  inputSize: 20,
  framesPerStep: 8,
  convolutions: [
    { channels: 3, timeKernel: 2, frequencyKernel: 5, timeStride: 2, frequencyStride: 3 },
    { channels: 4, timeKernel: 5, frequencyKernel: 1, timeStride: 1, frequencyStride: 1 },
  ],
  projection: 6,
  units: [5, 4, 3],
  skip: true,
  dropout: 0,
};

const specs: readonly (readonly [string, NetworkSpec])[] = [
  ['lstm', tinyNetworkSpec('lstm')],
  ['cnn-lstm', tinyNetworkSpec('cnn-lstm')],
  ['cnn-lstm with odd kernels and a projection', oddSpec],
];

const integerSpecs: readonly (readonly [string, NetworkSpec])[] = [
  ['cnn-lstm', tinyIntegerSpec()],
  [
    'cnn-lstm with odd kernels and a projection',
    {
      ...oddSpec,
      quantisation: { input: { scale: 0.03, zero: 140 }, outputScales: [0.02, 0.04] },
    },
  ],
];
const allSpecs = [
  ...specs,
  ...integerSpecs.map(([name, spec]) => [`${name} in integers`, spec] as const),
];

function fillGaussian(target: Float32Array, random: Random): void {
  for (let index = 0; index < target.length; index++) target[index] = random.gaussian();
}

function largestDifference(left: Float32Array, right: Float32Array): number {
  expect(left.length).toBe(right.length);
  return left.reduce((most, value, at) => Math.max(most, Math.abs(value - right[at]!)), 0);
}

/** One step whose state out is the next step's state in. */
async function advance(engine: Engine, batch: StepBatch): Promise<void> {
  await engine.run(batch);
  batch.state.set(batch.stateOut);
}

/** Logits of `features` [1, frames, F] in blocks of T from the zero state. */
async function stream(engine: Engine, features: Float32Array): Promise<Float32Array> {
  const { framesPerStep, featureCount, outputsPerStep } = engine.signature;
  const blockSize = framesPerStep * featureCount;
  const batch = createStepBatch(engine.signature, 1);
  batch.rows = 1;
  const logits = new Float32Array((features.length / blockSize) * outputsPerStep);
  for (let step = 0; step * blockSize < features.length; step++) {
    batch.features.set(features.subarray(step * blockSize, (step + 1) * blockSize));
    await advance(engine, batch);
    logits.set(batch.logits, step * outputsPerStep);
  }
  return logits;
}

const STEPS = 200;

describe.each(allSpecs)('engines of %s', (_, spec) => {
  const plan = planNetwork(spec);
  const weights = randomWeights(spec, 11);
  let loaded: LoadedTensorFlow;
  let onnx: Engine;
  let tfjs: Engine;

  beforeAll(async () => {
    loaded = await loadTensorflow('wasm');
    onnx = await createOnnxEngine(writeOnnx(plan, weights), plan.signature);
    tfjs = createTfjsEngine(loaded, plan, weights);
  });
  afterAll(() => {
    onnx.dispose();
    tfjs.dispose();
  });

  it('agree on the wasm backend, and TensorFlow.js keeps no tensor', async () => {
    const random = createRandom(2);
    const [left, right] = [onnx, tfjs].map(({ signature }) => createStepBatch(signature, 2));
    left!.rows = 2;
    right!.rows = 2;
    let worst = 0;
    let tensors = 0;
    for (let step = 0; step < STEPS; step++) {
      fillGaussian(left!.features, random);
      right!.features.set(left!.features);
      await advance(onnx, left!);
      await advance(tfjs, right!);
      worst = Math.max(worst, largestDifference(left!.logits, right!.logits));
      if (step === 0) tensors = loaded.tf.memory().numTensors;
    }
    expect(worst).toBeLessThan(1e-4);
    expect(largestDifference(left!.state, right!.state)).toBeLessThan(1e-4);
    expect(loaded.tf.memory().numTensors).toBe(tensors);
  }, 60_000);

  it('score a stream of blocks as the whole sequence', async () => {
    const frames = 64;
    const features = new Float32Array(frames * spec.inputSize);
    fillGaussian(features, createRandom(3));
    const whole = planNetwork({ ...spec, framesPerStep: frames });
    const single = await createOnnxEngine(writeOnnx(whole, weights), whole.signature);
    const expected = await stream(single, features);
    single.dispose();
    expect(largestDifference(await stream(onnx, features), expected)).toBeLessThan(1e-5);
    expect(largestDifference(await stream(tfjs, features), expected)).toBeLessThan(1e-5);
  });
});

describe.each(specs)('engines of %s', (_, spec) => {
  const plan = planNetwork(spec);

  it('score as the trainer does, which has the batch norm apart', async () => {
    const { tf } = await loadTensorflow('wasm');
    const trained = initialWeights(plan, createRandom(5));
    for (const { name } of plan.convolutions) {
      for (const part of ['gamma', 'mean', 'variance', 'bias']) {
        const { values } = trained.get(`${name}/${part}`)!;
        for (let index = 0; index < values.length; index++) values[index]! += 0.1 * (index + 1);
      }
    }
    const frames = 32;
    const features = new Float32Array(frames * spec.inputSize);
    fillGaussian(features, createRandom(6));
    const expected = tf.tidy(() => {
      const tensors = new Map(
        [...trained].map(([name, { shape, values }]) => [name, tf.tensor(values, [...shape])]),
      );
      const input = tf.tensor3d(features, [1, frames, spec.inputSize]);
      const run = { features: input, training: false, dropoutSeed: 0 };
      return forwardSequences(tf, plan, tensors, run).logits.dataSync<'float32'>();
    });
    const served = writeOnnx(plan, foldBatchNorm(plan, trained));
    const engine = await createOnnxEngine(served, plan.signature);
    expect(largestDifference(await stream(engine, features), expected)).toBeLessThan(1e-5);
    engine.dispose();
  });
});
