import type { Tensor, Tensor4D } from '@tensorflow/tfjs';
import type { TensorFlow } from './engines/tensorflow.ts';
import { isNative, type NativeBackend, nativeBackend } from './tfjs-native.ts';
import { BATCH_NORM_EPSILON } from './weights.ts';

/** Trained numbers of one batch norm, [channels] each. */
export interface BatchNormTensors {
  readonly gamma: Tensor;
  readonly bias: Tensor;
}

/** Mean and variance of a batch norm's input, [channels] each. */
export interface Moments {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/**
 * Batch norm and ReLU with given moments: relu((raw − mean) · gamma / √(variance + ε) + bias), with
 * all that is one number a channel worked out first: two passes over the image instead of three.
 */
export function batchNormRelu(
  tf: TensorFlow,
  raw: Tensor4D,
  { gamma, bias }: BatchNormTensors,
  { mean, variance }: Moments,
): Tensor4D {
  const gain = tf.div(gamma, tf.sqrt(tf.add(variance, BATCH_NORM_EPSILON)));
  const shift = tf.sub(bias, tf.mul(mean, gain));
  return tf.relu(tf.add(tf.mul(raw, gain), shift)) as Tensor4D;
}

/**
 * The same on the batch's own moments, which it returns and the caller disposes of: the form that training differentiates. On a
 * native backend it is TensorFlow's fused batch norm and its gradient (half the time of a training
 * step went into the separate operations), else core operations. Call it inside `tf.tidy`.
 */
export function batchNormReluOfBatch(
  tf: TensorFlow,
  raw: Tensor4D,
  tensors: BatchNormTensors,
): { readonly image: Tensor4D; readonly moments: Moments } {
  if (isNative(tf)) return fused(tf, raw, tensors);
  const { mean, variance } = tf.moments(raw, [0, 1, 2]);
  const moments = { mean: tf.keep(mean), variance: tf.keep(variance) };
  return { image: batchNormRelu(tf, raw, tensors, moments), moments };
}

function fused(tf: TensorFlow, raw: Tensor4D, { gamma, bias }: BatchNormTensors) {
  const backend = nativeBackend(tf);
  const attributes = batchNormAttributes(backend);
  let moments: Moments | null = null;
  const run = tf.customGrad((...parts: unknown[]) => {
    const [x, scale, offset, save] = parts as [Tensor, Tensor, Tensor, (tensors: Tensor[]) => void];
    const none = tf.tensor1d([]);
    const [y, mean, variance, ...reserved] = backend.executeMultipleOutputs(
      'FusedBatchNormV3',
      [
        ...attributes,
        { name: 'exponential_avg_factor', type: backend.binding.TF_ATTR_FLOAT, value: 1 },
      ],
      [x, scale, offset, none, none],
      6,
    );
    // Kept, or the end of this function would dispose of them.
    moments = { mean: tf.keep(mean!), variance: tf.keep(variance!) };
    const image = tf.relu(y!);
    save([x, scale, image, ...reserved]);
    return {
      value: image,
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [xSaved, scaleSaved, imageSaved, ...reservedSaved] = saved;
        const type = { name: 'T', type: backend.binding.TF_ATTR_TYPE, value: floatType(backend) };
        const dNorm = backend.executeSingleOutput('ReluGrad', [type], [dy, imageSaved!]);
        return backend
          .executeMultipleOutputs(
            'FusedBatchNormGradV3',
            attributes,
            [dNorm, xSaved!, scaleSaved!, ...reservedSaved],
            5,
          )
          .slice(0, 3);
      },
    };
  });
  const image = run(raw, gamma, bias) as Tensor4D;
  return { image, moments: moments! as Moments };
}

function batchNormAttributes(backend: NativeBackend): readonly object[] {
  const { TF_ATTR_TYPE, TF_ATTR_FLOAT, TF_ATTR_STRING, TF_ATTR_BOOL } = backend.binding;
  return [
    { name: 'T', type: TF_ATTR_TYPE, value: floatType(backend) },
    { name: 'U', type: TF_ATTR_TYPE, value: floatType(backend) },
    { name: 'epsilon', type: TF_ATTR_FLOAT, value: BATCH_NORM_EPSILON },
    { name: 'data_format', type: TF_ATTR_STRING, value: 'NHWC' },
    { name: 'is_training', type: TF_ATTR_BOOL, value: true },
  ];
}

function floatType(backend: NativeBackend): number {
  return backend.binding.TF_FLOAT;
}
