import type { Tensor } from '@tensorflow/tfjs';
import type { TensorFlow } from './engines/tensorflow.ts';

/** What of the native backend the fused ops need; tfjs-node does not export its type. */
export interface NativeBackend {
  readonly binding: {
    readonly TF_ATTR_TYPE: number;
    readonly TF_ATTR_BOOL: number;
    readonly TF_ATTR_FLOAT: number;
    readonly TF_ATTR_STRING: number;
    readonly TF_FLOAT: number;
    readonly TF_INT32: number;
    readonly TF_INT64: number;
    createTensor(shape: readonly number[], dtype: number, buffer: Int32Array): number;
  };
  executeSingleOutput(
    name: string,
    attributes: readonly object[],
    inputs: readonly Tensor[],
  ): Tensor;
  executeMultipleOutputs(
    name: string,
    attributes: readonly object[],
    inputs: readonly Tensor[],
    outputCount: number,
  ): Tensor[];
  createOutputTensor(metadata: { id: number; shape: readonly number[]; dtype: number }): Tensor;
}

/** True when TensorFlow's own fused operations are there. */
export function isNative(tf: TensorFlow): boolean {
  return tf.getBackend() === 'tensorflow';
}

/** The backend in its native form; only where `isNative`. */
export function nativeBackend(tf: TensorFlow): NativeBackend {
  return tf.backend() as unknown as NativeBackend;
}
