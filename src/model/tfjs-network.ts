import type { Tensor, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs';
import { createRandom } from '../random.ts';
import type { TensorFlow } from './engines/tensorflow.ts';
import type { ConvolutionPlan, NetworkPlan } from './network.ts';
import { batchNormRelu, batchNormReluOfBatch } from './tfjs-batch-norm.ts';
import type { TfjsIntegerConvolutions } from './tfjs-integer.ts';
import { type LstmTensors, runLstm, runLstmSequence } from './tfjs-lstm.ts';

/** A network's tensors (or variables) by name. */
export type TensorMap = ReadonlyMap<string, Tensor>;

/** Batch statistics of one convolution, for the running averages of batch norm. */
export interface BatchMoments {
  readonly name: string;
  readonly mean: Tensor;
  readonly variance: Tensor;
}

export interface TrainingRun {
  /** [N, T'] */
  readonly logits: Tensor2D;
  /** Kept out of `tf.tidy`: the caller disposes of them. */
  readonly moments: readonly BatchMoments[];
}

/**
 * Whole sequences from the zero state, as training sees them: batch norm on the batch's own
 * statistics and dropout when `training`, on the running averages and without dropout otherwise.
 * Call it inside `tf.tidy`. @param features [N, T, F]
 */
export function forwardSequences(
  tf: TensorFlow,
  plan: NetworkPlan,
  tensors: TensorMap,
  run: {
    readonly features: Tensor3D;
    readonly training: boolean;
    readonly dropoutSeed: number;
    /** Batch norm on its running averages in training too. Default false. */
    readonly frozenNorm?: boolean;
  },
): TrainingRun {
  const { features, training, dropoutSeed } = run;
  const ownMoments = training && run.frozenNorm !== true;
  const moments: BatchMoments[] = [];
  let image: Tensor4D = tf.expandDims(features, 3);
  for (const convolution of plan.convolutions) {
    const { contextFrames, inBins, inChannels } = convolution;
    const context = tf.zeros([features.shape[0], contextFrames, inBins, inChannels]) as Tensor4D;
    const joined = contextFrames === 0 ? image : tf.concat([context, image], 1);
    const raw = convolve(tf, convolution, tensors, joined);
    image = normalise(tf, convolution, tensors, { raw, ownMoments, moments });
  }
  const outputs: Tensor3D[] = [];
  let sequence = toSequence(tf, plan, tensors, image);
  for (const [index, { name }] of plan.lstms.entries()) {
    sequence = runLstmSequence(tf, sequence, lstmTensors(tensors, name));
    if (training && plan.spec.dropout > 0) {
      const dropout = { share: plan.spec.dropout, seed: dropoutSeed + index };
      sequence = dropUnits(tf, sequence, dropout);
    }
    outputs.push(sequence);
  }
  return { logits: toLogits(tf, plan, tensors, outputs), moments };
}

/**
 * One step of serving on folded weights: features [N, T, F] and packed state [N, S] in and out.
 * @param input.integers the convolutions of a network with `quantisation`
 */
export function forwardStep(
  tf: TensorFlow,
  plan: NetworkPlan,
  tensors: TensorMap,
  input: {
    readonly features: Tensor3D;
    readonly state: Tensor2D;
    readonly integers?: TfjsIntegerConvolutions | undefined;
  },
): { readonly logits: Tensor2D; readonly state: Tensor2D } {
  const { features, state, integers } = input;
  const frames: Tensor4D = tf.expandDims(features, 3);
  const { image, contexts } =
    integers === undefined
      ? convolveStep(tf, plan, tensors, { image: frames, state })
      : integers.step(frames, state);
  const stateOut = [...contexts];
  const outputs: Tensor3D[] = [];
  let sequence = toSequence(tf, plan, tensors, image);
  for (const { name, units, stateOffset } of plan.lstms) {
    const part = (offset: number) =>
      tf.slice(state, [0, stateOffset + offset], [-1, units]) as Tensor2D;
    const run = runLstm(tf, sequence, lstmTensors(tensors, name), { h: part(0), c: part(units) });
    sequence = run.outputs;
    outputs.push(sequence);
    stateOut.push(run.h, run.c);
  }
  return { logits: toLogits(tf, plan, tensors, outputs), state: tf.concat(stateOut, 1) };
}

/** The convolutions of one step in floats, and each one's next context. */
function convolveStep(
  tf: TensorFlow,
  plan: NetworkPlan,
  tensors: TensorMap,
  input: { readonly image: Tensor4D; readonly state: Tensor2D },
): { readonly image: Tensor4D; readonly contexts: readonly Tensor2D[] } {
  const contexts: Tensor2D[] = [];
  let { image } = input;
  for (const convolution of plan.convolutions) {
    let joined = image;
    if (convolution.contextFrames > 0) {
      const run = addContext(tf, convolution, input.state, image);
      joined = run.joined;
      contexts.push(run.stateOut);
    }
    const raw = convolve(tf, convolution, tensors, joined);
    image = tf.relu(tf.add(raw, tensorOf(tensors, `${convolution.name}/bias`))) as Tensor4D;
  }
  return { image, contexts };
}

/** The packed state holds contexts channels-first, [in, frames, bins], as the ONNX graph keeps them. */
function addContext(
  tf: TensorFlow,
  plan: ConvolutionPlan,
  state: Tensor2D,
  image: Tensor4D,
): { joined: Tensor4D; stateOut: Tensor2D } {
  const { inChannels, inBins, contextFrames, stateOffset, stateSize } = plan;
  const packed = tf.slice(state, [0, stateOffset], [-1, stateSize]);
  const channelsFirst = tf.reshape(packed, [-1, inChannels, contextFrames, inBins]);
  const joined = tf.concat([tf.transpose(channelsFirst, [0, 2, 3, 1]) as Tensor4D, image], 1);
  const next = tf.slice(joined, [0, joined.shape[1] - contextFrames, 0, 0]);
  const stateOut = tf.reshape(tf.transpose(next, [0, 3, 1, 2]), [-1, stateSize]) as Tensor2D;
  return { joined, stateOut };
}

function convolve(
  tf: TensorFlow,
  plan: ConvolutionPlan,
  tensors: TensorMap,
  image: Tensor4D,
): Tensor4D {
  const { name, padLowBins, padHighBins, timeStride, frequencyStride } = plan;
  const padded = tf.pad(image, [
    [0, 0],
    [0, 0],
    [padLowBins, padHighBins],
    [0, 0],
  ]);
  const kernel = tensorOf(tensors, `${name}/kernel`) as Tensor4D;
  return tf.conv2d(padded, kernel, [timeStride, frequencyStride], 'valid');
}

/** Batch norm and ReLU on the batch's own moments when training, on the running averages otherwise. */
function normalise(
  tf: TensorFlow,
  { name }: ConvolutionPlan,
  tensors: TensorMap,
  run: { raw: Tensor4D; ownMoments: boolean; moments: BatchMoments[] },
): Tensor4D {
  const trained = {
    gamma: tensorOf(tensors, `${name}/gamma`),
    bias: tensorOf(tensors, `${name}/bias`),
  };
  if (!run.ownMoments) {
    const mean = tensorOf(tensors, `${name}/mean`);
    const variance = tensorOf(tensors, `${name}/variance`);
    return batchNormRelu(tf, run.raw, trained, { mean, variance });
  }
  const { image, moments } = batchNormReluOfBatch(tf, run.raw, trained);
  run.moments.push({ name, ...moments });
  return image;
}

/**
 * Dropout of whole units: one mask a row over all its steps (Gal and Ghahramani 2016), which costs
 * next to nothing and leaves the recurrence a steady input.
 */
function dropUnits(
  tf: TensorFlow,
  sequence: Tensor3D,
  dropout: { readonly share: number; readonly seed: number },
): Tensor3D {
  const [, rows, units] = sequence.shape;
  const random = createRandom(dropout.seed);
  const kept = 1 / (1 - dropout.share);
  const mask = new Float32Array(rows * units);
  for (let index = 0; index < mask.length; index++) {
    mask[index] = random.uniform() < dropout.share ? 0 : kept;
  }
  return tf.mul(sequence, tf.tensor(mask, [1, rows, units]));
}

/** [N, T', bins, channels] → [T', N, channels · bins], through the projection if there is one. */
function toSequence(
  tf: TensorFlow,
  plan: NetworkPlan,
  tensors: TensorMap,
  image: Tensor4D,
): Tensor3D {
  const [rows, steps, bins, channels] = image.shape;
  const size = channels * bins;
  const timeFirst = tf.transpose(image, [1, 0, 3, 2]);
  if (plan.projection === null) return tf.reshape(timeFirst, [steps, rows, size]);
  const { name, units } = plan.projection;
  const flat = tf.reshape(timeFirst, [steps * rows, size]) as Tensor2D;
  const product = tf.matMul(flat, tensorOf(tensors, `${name}/kernel`) as Tensor2D);
  const projected = tf.relu(tf.add(product, tensorOf(tensors, `${name}/bias`)));
  return tf.reshape(projected, [steps, rows, units]);
}

function toLogits(
  tf: TensorFlow,
  plan: NetworkPlan,
  tensors: TensorMap,
  outputs: readonly Tensor3D[],
): Tensor2D {
  const top = plan.spec.skip ? (tf.concat([...outputs], 2) as Tensor3D) : outputs.at(-1)!;
  const [steps, rows, size] = top.shape;
  const flat = tf.reshape(top, [steps * rows, size]) as Tensor2D;
  const dense = tf.add(
    tf.matMul(flat, tensorOf(tensors, 'dense/kernel') as Tensor2D),
    tensorOf(tensors, 'dense/bias'),
  );
  return tf.transpose(tf.reshape(dense, [steps, rows])) as Tensor2D;
}

function lstmTensors(tensors: TensorMap, name: string): LstmTensors {
  return {
    kernel: tensorOf(tensors, `${name}/kernel`) as Tensor2D,
    recurrent: tensorOf(tensors, `${name}/recurrent`) as Tensor2D,
    bias: tensorOf(tensors, `${name}/bias`),
  };
}

function tensorOf(tensors: TensorMap, name: string): Tensor {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new RangeError(`the tensors must have ${name}`);
  return tensor;
}
