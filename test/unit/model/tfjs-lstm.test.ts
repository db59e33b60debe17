import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadTensorflow, type TensorFlow } from '../../../src/model/engines/tensorflow.ts';
import {
  type LstmTensors,
  runLstm,
  runLstmSequence,
  stepwiseLstm,
} from '../../../src/model/tfjs-lstm.ts';
import { isNative } from '../../../src/model/tfjs-native.ts';
import { createRandom } from '../../../src/random.ts';

const STEPS = 6;
const ROWS = 3;
const INPUTS = 6;
const UNITS = 4;

interface Case {
  readonly x: Float32Array;
  readonly kernel: Float32Array;
  readonly recurrent: Float32Array;
  readonly bias: Float32Array;
  readonly h: Float32Array;
  readonly c: Float32Array;
}

function randomCase(seed: number): Case {
  const random = createRandom(seed);
  const floats = (size: number) =>
    Float32Array.from({ length: size }, () => 0.7 * random.gaussian());
  return {
    x: floats(STEPS * ROWS * INPUTS),
    kernel: floats(INPUTS * 4 * UNITS),
    recurrent: floats(UNITS * 4 * UNITS),
    bias: floats(4 * UNITS),
    h: floats(ROWS * UNITS),
    c: floats(ROWS * UNITS),
  };
}

const sigmoid = (value: number) => 1 / (1 + Math.exp(-value));

/** The LSTM as the textbooks have it, in double precision. @returns outputs [T, N, H], h and c */
function textbookLstm(all: Case): { outputs: number[]; h: number[]; c: number[] } {
  const h = [...all.h];
  const c = [...all.c];
  const outputs: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    for (let row = 0; row < ROWS; row++) {
      const before = h.slice(row * UNITS, (row + 1) * UNITS);
      const gate = (number: number, unit: number) => {
        const column = number * UNITS + unit;
        let sum = all.bias[column]!;
        for (let input = 0; input < INPUTS; input++) {
          const value = all.x[(step * ROWS + row) * INPUTS + input]!;
          sum += value * all.kernel[input * 4 * UNITS + column]!;
        }
        before.forEach((value, from) => {
          sum += value * all.recurrent[from * 4 * UNITS + column]!;
        });
        return sum;
      };
      for (let unit = 0; unit < UNITS; unit++) {
        const at = row * UNITS + unit;
        const kept = sigmoid(gate(1, unit)) * c[at]!;
        c[at] = kept + sigmoid(gate(0, unit)) * Math.tanh(gate(2, unit));
        h[at] = sigmoid(gate(3, unit)) * Math.tanh(c[at]!);
      }
    }
    outputs.push(...h);
  }
  return { outputs, h, c };
}

function tensorsOf(tf: TensorFlow, all: Case): LstmTensors {
  return {
    kernel: tf.tensor2d(all.kernel, [INPUTS, 4 * UNITS]),
    recurrent: tf.tensor2d(all.recurrent, [UNITS, 4 * UNITS]),
    bias: tf.tensor1d(all.bias),
  };
}

const inputOf = (tf: TensorFlow, all: Case): Tensor3D => tf.tensor3d(all.x, [STEPS, ROWS, INPUTS]);

const stateOf = (tf: TensorFlow, all: Case): { h: Tensor2D; c: Tensor2D } => ({
  h: tf.tensor2d(all.h, [ROWS, UNITS]),
  c: tf.tensor2d(all.c, [ROWS, UNITS]),
});

function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>, most: number): void {
  expect(found.length).toBe(expected.length);
  let worst = 0;
  for (let index = 0; index < found.length; index++) {
    worst = Math.max(worst, Math.abs(found[index]! - expected[index]!));
  }
  expect(worst).toBeLessThan(most);
}

/** Loss Σ outputs · weights, the weights fixed, so that every output has a gradient of its own. */
function lossOf(tf: TensorFlow, outputs: Tensor): Tensor {
  const size = STEPS * ROWS * UNITS;
  const weights = Float32Array.from({ length: size }, (_, index) => Math.sin(1 + index));
  return tf.sum(tf.mul(outputs, tf.tensor3d(weights, [STEPS, ROWS, UNITS])));
}

/** Gradients of the loss of `run` by x, kernel, recurrent and bias. */
function gradientsOf(
  tf: TensorFlow,
  all: Case,
  run: (x: Tensor3D, tensors: LstmTensors) => Tensor3D,
): Float32Array[] {
  return tf.tidy(() => {
    const { kernel, recurrent, bias } = tensorsOf(tf, all);
    const gradient = tf.grads((x, k, r, b) => {
      const tensors = { kernel: k as Tensor2D, recurrent: r as Tensor2D, bias: b! };
      return lossOf(tf, run(x as Tensor3D, tensors));
    });
    const parts = gradient([inputOf(tf, all), kernel, recurrent, bias]);
    return parts.map((part) => part.dataSync<'float32'>().slice());
  });
}

function textbookLoss(all: Case): number {
  const zeros = new Float32Array(ROWS * UNITS);
  const { outputs } = textbookLstm({ ...all, h: zeros, c: zeros });
  return outputs.reduce((sum, value, index) => sum + value * Math.sin(1 + index), 0);
}

/** Central differences of the double-precision loss. */
function finiteDifferences(all: Case, part: 'x' | 'kernel' | 'recurrent' | 'bias'): number[] {
  return Array.from(all[part], (_, index) => {
    const moved = (by: number) => {
      const values = all[part].slice();
      values[index]! += by;
      // The step that single precision really made.
      return {
        step: values[index]! - all[part][index]!,
        loss: textbookLoss({ ...all, [part]: values }),
      };
    };
    const up = moved(1e-3);
    const down = moved(-1e-3);
    return (up.loss - down.loss) / (up.step - down.step);
  });
}

describe('stepwiseLstm', () => {
  let tf: TensorFlow;
  beforeAll(async () => {
    tf = (await loadTensorflow('cpu')).tf;
  });

  it.each([1, 2, 3])('is the textbook LSTM, state in and out: seed %i', (seed) => {
    const all = randomCase(seed);
    const expected = textbookLstm(all);
    tf.tidy(() => {
      const run = stepwiseLstm(tf, inputOf(tf, all), tensorsOf(tf, all), stateOf(tf, all));
      expect(run.outputs.shape).toEqual([STEPS, ROWS, UNITS]);
      expectClose(run.outputs.dataSync(), expected.outputs, 1e-5);
      expectClose(run.h.dataSync(), expected.h, 1e-5);
      expectClose(run.c.dataSync(), expected.c, 1e-5);
    });
  });

  it('is what runs on a backend without the fused op', () => {
    expect(isNative(tf)).toBe(false);
    const all = { ...randomCase(4), h: new Float32Array(ROWS * UNITS) };
    all.c.fill(0);
    tf.tidy(() => {
      const sequence = runLstmSequence(tf, inputOf(tf, all), tensorsOf(tf, all));
      expectClose(sequence.dataSync(), textbookLstm(all).outputs, 1e-5);
    });
  });

  it('has the gradients of finite differences', () => {
    const all = randomCase(5);
    const found = gradientsOf(tf, all, (x, tensors) => runLstmSequence(tf, x, tensors));
    (['x', 'kernel', 'recurrent', 'bias'] as const).forEach((part, index) => {
      expectClose(found[index]!, finiteDifferences(all, part), 1e-3);
    });
  });
});

describe('the LSTM of the best backend', () => {
  it('equals the stepwise one in outputs, state, blocks and gradients, and keeps no tensor', async () => {
    // Where the native backend is there this is the fused op, else the stepwise one once more.
    const { tf } = await loadTensorflow();
    const all = randomCase(6);
    const check = () => {
      tf.tidy(() => {
        const x = inputOf(tf, all);
        const run = runLstm(tf, x, tensorsOf(tf, all), stateOf(tf, all));
        const expected = textbookLstm(all);
        expectClose(run.outputs.dataSync(), expected.outputs, 1e-5);
        expectClose(run.h.dataSync(), expected.h, 1e-5);
        expectClose(run.c.dataSync(), expected.c, 1e-5);
        const half = STEPS / 2;
        const first = tf.slice(x, [0, 0, 0], [half, ROWS, INPUTS]);
        const second = tf.slice(x, [half, 0, 0], [half, ROWS, INPUTS]);
        const between = runLstm(tf, first, tensorsOf(tf, all), stateOf(tf, all));
        const after = runLstm(tf, second, tensorsOf(tf, all), between);
        expectClose(after.h.dataSync(), expected.h, 1e-5);
        expectClose(after.c.dataSync(), expected.c, 1e-5);
      });
      const found = gradientsOf(tf, all, (x, tensors) => runLstmSequence(tf, x, tensors));
      const stepwise = gradientsOf(tf, all, (x, tensors) => {
        const zeros = tf.zeros([ROWS, UNITS]) as Tensor2D;
        return stepwiseLstm(tf, x, tensors, { h: zeros, c: zeros }).outputs;
      });
      found.forEach((gradient, index) => {
        expectClose(gradient, stepwise[index]!, 1e-4);
      });
    };
    check();
    const { numTensors } = tf.memory();
    for (let turn = 0; turn < 20; turn++) check();
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});
