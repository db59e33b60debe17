import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import type { TensorFlow } from './engines/tensorflow.ts';

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
 * An LSTM over a sequence, time first, with explicit state. On a native backend it is the fused
 * `BlockLSTMV2` op with its gradient op, else one step of core operations after another. Call it
 * inside `tf.tidy`; the caller owns what it returns.
 */
export function runLstm(
  tf: TensorFlow,
  x: Tensor3D,
  tensors: LstmTensors,
  state: { readonly h: Tensor2D; readonly c: Tensor2D },
): LstmRun {
  return isNative(tf) ? fusedLstm(tf, x, tensors, state) : stepwiseLstm(tf, x, tensors, state);
}

/** True when the fused op is there. */
export function isNative(tf: TensorFlow): boolean {
  return tf.getBackend() === 'tensorflow';
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

/** What of the native backend the fused op needs; tfjs-node does not export its type. */
interface NativeBackend {
  readonly binding: {
    readonly TF_ATTR_TYPE: number;
    readonly TF_ATTR_BOOL: number;
    readonly TF_ATTR_FLOAT: number;
    readonly TF_FLOAT: number;
    readonly TF_INT64: number;
    createTensor(shape: readonly number[], dtype: number, buffer: Int32Array): number;
  };
  executeMultipleOutputs(
    name: string,
    attributes: readonly object[],
    inputs: readonly Tensor[],
    outputCount: number,
  ): Tensor[];
  createOutputTensor(metadata: { id: number; shape: readonly number[]; dtype: number }): Tensor;
}

// A fresh Int64Scalar a call leaks one native tensor unseen by tf.memory(): one a length, kept.
const lengthTensors = new Map<number, Tensor>();

function lengthTensor(tf: TensorFlow, backend: NativeBackend, length: number): Tensor {
  const known = lengthTensors.get(length);
  if (known !== undefined) return known;
  const { binding } = backend;
  const id = binding.createTensor([], binding.TF_INT64, Int32Array.of(length, 0));
  const tensor = tf.keep(backend.createOutputTensor({ id, shape: [], dtype: binding.TF_INT64 }));
  lengthTensors.set(length, tensor);
  return tensor;
}

function fusedLstm(
  tf: TensorFlow,
  x: Tensor3D,
  { kernel, recurrent, bias }: LstmTensors,
  state: { readonly h: Tensor2D; readonly c: Tensor2D },
): LstmRun {
  const backend = tf.backend() as unknown as NativeBackend;
  const { binding } = backend;
  const attributes = [
    { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
    { name: 'use_peephole', type: binding.TF_ATTR_BOOL, value: false },
  ];
  const length = lengthTensor(tf, backend, x.shape[0]);
  const units = recurrent.shape[0]!;
  const { h: h0, c: c0 } = state;
  let lastCell: Tensor | null = null;
  const run = tf.customGrad((...parts: unknown[]) => {
    const [xIn, w, b] = parts as [Tensor, Tensor, Tensor];
    const save = parts[3] as (tensors: Tensor[]) => void;
    const peephole = tf.zeros([units]);
    const inputs = [length, xIn, c0, h0, w, peephole, peephole, peephole, b];
    const outputs = backend.executeMultipleOutputs(
      'BlockLSTMV2',
      [...attributes, { name: 'cell_clip', type: binding.TF_ATTR_FLOAT, value: 0 }],
      inputs,
      7,
    );
    lastCell = outputs[1]!;
    save([xIn, w, b, ...outputs]);
    return {
      value: outputs[6]!,
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [xSaved, wSaved, bSaved, ...forward] = saved as [Tensor, Tensor, Tensor, ...Tensor[]];
        const zeros = tf.zeros([units]);
        const gradients = backend.executeMultipleOutputs(
          'BlockLSTMGradV2',
          attributes,
          [
            length,
            xSaved,
            c0,
            h0,
            wSaved,
            zeros,
            zeros,
            zeros,
            bSaved,
            ...forward,
            tf.zerosLike(forward[1]!),
            dy,
          ],
          8,
        );
        return [gradients[0]!, gradients[3]!, gradients[7]!];
      },
    };
  });
  const weights = tf.concat([kernel, recurrent], 0);
  const outputs = run(x, weights, bias) as Tensor3D;
  const last = <T extends Tensor>(sequence: Tensor) =>
    tf.squeeze(tf.slice(sequence, [x.shape[0] - 1, 0, 0], [1, -1, -1]), [0]) as unknown as T;
  return { outputs, h: last<Tensor2D>(outputs), c: last<Tensor2D>(lastCell ?? outputs) };
}
