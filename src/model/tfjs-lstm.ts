import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import type { TensorFlow } from './engines/tensorflow.ts';
import { isNative, type NativeBackend, nativeBackend } from './tfjs-native.ts';

/** Trained tensors of one LSTM layer; gate order i, f, c, o. */
export interface LstmTensors {
  /** [in, 4H] */
  readonly kernel: Tensor2D;
  /** [H, 4H] */
  readonly recurrent: Tensor2D;
  /** [4H] */
  readonly bias: Tensor;
}

/** A layer's output over time, [T, N, H], and its state after the last step, [N, H] each. */
export interface LstmRun {
  readonly outputs: Tensor3D;
  readonly h: Tensor2D;
  readonly c: Tensor2D;
}

/**
 * An LSTM over a sequence, time first, from the zero state: the form that training differentiates.
 * On a native backend it is the fused `BlockLSTMV2` op with its gradient op, else one step of core
 * operations after another. Call it inside `tf.tidy`. @param x [T, N, in] @returns [T, N, H]
 */
export function runLstmSequence(tf: TensorFlow, x: Tensor3D, tensors: LstmTensors): Tensor3D {
  if (isNative(tf)) return fusedSequence(tf, x, tensors);
  const zeros = tf.zeros([x.shape[1], tensors.recurrent.shape[0]!]) as Tensor2D;
  return stepwiseLstm(tf, x, tensors, { h: zeros, c: zeros }).outputs;
}

/**
 * An LSTM over a block, time first, with explicit state in and out, [N, H] each. On a native backend
 * it is the fused op, which no gradient goes through. Call it inside `tf.tidy`; the caller owns what
 * it returns.
 */
export function runLstm(
  tf: TensorFlow,
  x: Tensor3D,
  tensors: LstmTensors,
  state: { readonly h: Tensor2D; readonly c: Tensor2D },
): LstmRun {
  return isNative(tf) ? fusedStep(tf, x, tensors, state) : stepwiseLstm(tf, x, tensors, state);
}

/** The same with core operations only; it runs on every backend and can be differentiated. */
export function stepwiseLstm(
  tf: TensorFlow,
  x: Tensor3D,
  { kernel, recurrent, bias }: LstmTensors,
  state: { readonly h: Tensor2D; readonly c: Tensor2D },
): LstmRun {
  const [steps, rows, inputSize] = x.shape;
  const units = recurrent.shape[0]!;
  const projected = tf
    .add(tf.matMul(tf.reshape(x, [steps * rows, inputSize]) as Tensor2D, kernel), bias)
    .reshape([steps, rows, 4 * units]);
  let { h, c } = state;
  const outputs: Tensor2D[] = [];
  for (const gatesIn of tf.unstack(projected) as Tensor2D[]) {
    const gates = tf.add(gatesIn, tf.matMul(h, recurrent));
    const [i, f, g, o] = tf.split(gates, 4, 1) as [Tensor2D, Tensor2D, Tensor2D, Tensor2D];
    c = tf.add(tf.mul(tf.sigmoid(f), c), tf.mul(tf.sigmoid(i), tf.tanh(g))) as Tensor2D;
    h = tf.mul(tf.sigmoid(o), tf.tanh(c)) as Tensor2D;
    outputs.push(h);
  }
  return { outputs: tf.stack(outputs) as Tensor3D, h, c };
}

// A fresh Int64Scalar a call leaks one native tensor unseen by tf.memory(): one a length, kept.
const lengthTensors = new WeakMap<NativeBackend, Map<number, Tensor>>();

function lengthTensor(tf: TensorFlow, backend: NativeBackend, length: number): Tensor {
  const byLength = lengthTensors.get(backend) ?? new Map<number, Tensor>();
  lengthTensors.set(backend, byLength);
  let tensor = byLength.get(length);
  if (tensor === undefined) {
    const { binding } = backend;
    const id = binding.createTensor([], binding.TF_INT64, Int32Array.of(length, 0));
    // Wrapped as int32: tfjs-node warns of int64, and only the native tensor's own type counts.
    tensor = tf.keep(backend.createOutputTensor({ id, shape: [], dtype: binding.TF_INT32 }));
    byLength.set(length, tensor);
  }
  return tensor;
}

/** Inputs of the fused op behind the length: x, c, h, kernel over recurrent kernel, bias. */
type FusedInputs = readonly [x: Tensor, c: Tensor, h: Tensor, weights: Tensor, bias: Tensor];

/** @returns i, cs, f, o, ci, co, h, each [T, N, H] */
function blockLstm(tf: TensorFlow, inputs: FusedInputs): Tensor[] {
  const backend = nativeBackend(tf);
  const { attributes, tensors } = fusedArguments(tf, backend, inputs);
  const cellClip = { name: 'cell_clip', type: backend.binding.TF_ATTR_FLOAT, value: 0 };
  return backend.executeMultipleOutputs('BlockLSTMV2', [...attributes, cellClip], tensors, 7);
}

/** @param forward the seven outputs of the op @returns gradients of x, weights and bias */
function blockLstmGradient(
  tf: TensorFlow,
  inputs: FusedInputs,
  forward: readonly Tensor[],
  dy: Tensor,
): Tensor[] {
  const backend = nativeBackend(tf);
  const { attributes, tensors } = fusedArguments(tf, backend, inputs);
  const all = [...tensors, ...forward, tf.zerosLike(forward[1]!), dy];
  const gradients = backend.executeMultipleOutputs('BlockLSTMGradV2', attributes, all, 8);
  return [gradients[0]!, gradients[3]!, gradients[7]!];
}

function fusedArguments(
  tf: TensorFlow,
  backend: NativeBackend,
  [x, c, h, weights, bias]: FusedInputs,
): { attributes: object[]; tensors: Tensor[] } {
  const { binding } = backend;
  const peephole = tf.zeros([h.shape[1]!]);
  return {
    attributes: [
      { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
      { name: 'use_peephole', type: binding.TF_ATTR_BOOL, value: false },
    ],
    tensors: [
      lengthTensor(tf, backend, x.shape[0]!),
      x,
      c,
      h,
      weights,
      peephole,
      peephole,
      peephole,
      bias,
    ],
  };
}

function fusedStep(
  tf: TensorFlow,
  x: Tensor3D,
  { kernel, recurrent, bias }: LstmTensors,
  { h, c }: { readonly h: Tensor2D; readonly c: Tensor2D },
): LstmRun {
  const [, cells, , , , , outputs] = blockLstm(tf, [x, c, h, tf.concat([kernel, recurrent]), bias]);
  const last = (sequence: Tensor) =>
    tf.reshape(tf.slice(sequence, [x.shape[0] - 1, 0, 0], [1, -1, -1]), h.shape) as Tensor2D;
  return { outputs: outputs as Tensor3D, h: last(outputs!), c: last(cells!) };
}

function fusedSequence(
  tf: TensorFlow,
  x: Tensor3D,
  { kernel, recurrent, bias }: LstmTensors,
): Tensor3D {
  const stateShape = [x.shape[1], recurrent.shape[0]!];
  const run = tf.customGrad((...parts: unknown[]) => {
    const [xIn, weights, biasIn, save] = parts as [
      Tensor,
      Tensor,
      Tensor,
      (tensors: Tensor[]) => void,
    ];
    const zeros = tf.zeros(stateShape);
    const outputs = blockLstm(tf, [xIn, zeros, zeros, weights, biasIn]);
    save([xIn, weights, biasIn, ...outputs]);
    return {
      value: outputs[6]!,
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [xSaved, weightsSaved, biasSaved, ...forward] = saved;
        // Made anew: what the forward pass made and did not save is gone by now.
        const start = tf.zeros(stateShape);
        const inputs = [xSaved!, start, start, weightsSaved!, biasSaved!] as const;
        return blockLstmGradient(tf, inputs, forward, dy);
      },
    };
  });
  return run(x, tf.concat([kernel, recurrent]), bias) as Tensor3D;
}
