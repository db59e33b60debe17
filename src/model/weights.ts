import type { Random } from '../random.ts';
import { type NetworkPlan, tensorShapes } from './network.ts';

/** A named tensor of a network, row-major. */
export interface WeightTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export type NetworkWeights = ReadonlyMap<string, WeightTensor>;

export const BATCH_NORM_EPSILON = 1e-3;

/**
 * Fresh weights: Glorot uniform kernels, an orthogonal recurrent matrix for each gate, forget bias 1,
 * batch norm at identity. The same seed gives the same weights. Allocates.
 */
export function initialWeights(plan: NetworkPlan, random: Random): NetworkWeights {
  const weights = new Map<string, WeightTensor>();
  for (const { name, shape } of tensorShapes(plan, 'training')) {
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    const values = new Float32Array(size);
    const part = name.split('/')[1]!;
    if (part === 'kernel') fillGlorot(values, shape, random);
    else if (part === 'recurrent') fillOrthogonal(values, shape[0]!, random);
    else if (part === 'gamma' || part === 'variance') values.fill(1);
    else if (part === 'bias' && name.startsWith('lstm')) fillForgetBias(values);
    weights.set(name, { shape, values });
  }
  return weights;
}

function fillGlorot(values: Float32Array, shape: readonly number[], random: Random): void {
  const receptive = shape.slice(0, -2).reduce((product, dimension) => product * dimension, 1);
  const fans = receptive * (shape.at(-2)! + shape.at(-1)!);
  const limit = Math.sqrt(6 / fans);
  for (let index = 0; index < values.length; index++) {
    values[index] = limit * (2 * random.uniform() - 1);
  }
}

// One orthogonal matrix a gate: the recurrence neither shrinks nor grows what it carries.
function fillOrthogonal(values: Float32Array, units: number, random: Random): void {
  for (let gate = 0; gate < 4; gate++) {
    const rows: Float64Array[] = [];
    for (let row = 0; row < units; row++) {
      const vector = Float64Array.from({ length: units }, () => random.gaussian());
      for (const earlier of rows) subtractProjection(vector, earlier);
      const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
      for (let column = 0; column < units; column++) vector[column] = vector[column]! / norm;
      rows.push(vector);
      values.set(Float32Array.from(vector), row * 4 * units + gate * units);
    }
  }
}

function subtractProjection(vector: Float64Array, unit: Float64Array): void {
  let product = 0;
  for (let index = 0; index < unit.length; index++) product += vector[index]! * unit[index]!;
  for (let index = 0; index < unit.length; index++) {
    vector[index] = vector[index]! - product * unit[index]!;
  }
}

// Gate order i, f, c, o.
function fillForgetBias(bias: Float32Array): void {
  const units = bias.length / 4;
  bias.fill(1, units, 2 * units);
}

/**
 * Weights for serving: batch norm (scale, running mean and variance) goes into the kernel and bias
 * of its convolution. Allocates.
 */
export function foldBatchNorm(plan: NetworkPlan, weights: NetworkWeights): NetworkWeights {
  const folded = new Map<string, WeightTensor>();
  for (const { name, shape } of tensorShapes(plan, 'serving')) {
    const tensor = weightOf(weights, name);
    folded.set(name, { shape, values: Float32Array.from(tensor.values) });
  }
  for (const { name, outChannels } of plan.convolutions) {
    const { values: kernel } = folded.get(`${name}/kernel`)!;
    const { values: bias } = folded.get(`${name}/bias`)!;
    const part = (suffix: string) => weightOf(weights, `${name}/${suffix}`).values;
    const gains = Float32Array.from(
      part('gamma'),
      (gamma, channel) => gamma / Math.sqrt(part('variance')[channel]! + BATCH_NORM_EPSILON),
    );
    for (let index = 0; index < kernel.length; index++) {
      kernel[index] = kernel[index]! * gains[index % outChannels]!;
    }
    for (let channel = 0; channel < outChannels; channel++) {
      bias[channel] = bias[channel]! - part('mean')[channel]! * gains[channel]!;
    }
  }
  return folded;
}

/** A tensor by name. @throws RangeError when the weights do not have it */
export function weightOf(weights: NetworkWeights, name: string): WeightTensor {
  const tensor = weights.get(name);
  if (tensor === undefined) throw new RangeError(`the weights must have ${name}`);
  return tensor;
}

/** The tfjs layout of a weight file: a list of names and shapes, and their bytes in that order. */
export interface WeightFile {
  readonly manifest: readonly {
    readonly paths: readonly string[];
    readonly weights: readonly {
      readonly name: string;
      readonly shape: readonly number[];
      readonly dtype: 'float32';
    }[];
  }[];
  readonly bytes: Uint8Array;
}

/** Weights in the weightsManifest format of TensorFlow.js. */
export function weightsToFile(weights: NetworkWeights): WeightFile {
  const entries = [...weights];
  const total = entries.reduce((sum, [, { values }]) => sum + values.length, 0);
  const all = new Float32Array(total);
  let at = 0;
  for (const [, { values }] of entries) {
    all.set(values, at);
    at += values.length;
  }
  return {
    manifest: [
      {
        paths: ['weights.bin'],
        weights: entries.map(([name, { shape }]) => ({ name, shape, dtype: 'float32' as const })),
      },
    ],
    bytes: new Uint8Array(all.buffer),
  };
}

/** The reverse. @throws RangeError when the bytes are not as many as the shapes need. Allocates. */
export function weightsFromFile(file: WeightFile): NetworkWeights {
  const weights = new Map<string, WeightTensor>();
  const copy = file.bytes.slice();
  const all = new Float32Array(copy.buffer, 0, Math.floor(copy.length / 4));
  let at = 0;
  for (const { name, shape } of file.manifest.flatMap((group) => group.weights)) {
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    weights.set(name, { shape, values: all.slice(at, at + size) });
    at += size;
  }
  if (at * 4 !== copy.length) {
    throw new RangeError(`the weights must hold ${at} floats, got ${copy.length / 4}`);
  }
  return weights;
}

/**
 * Serving weights in the form that training has: batch norm at identity, on running averages that
 * leave its input as it is. Allocates.
 */
export function unfoldBatchNorm(plan: NetworkPlan, folded: NetworkWeights): NetworkWeights {
  const weights = new Map<string, WeightTensor>();
  for (const { name, shape } of tensorShapes(plan, 'training')) {
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    const given = folded.get(name);
    if (given !== undefined) {
      weights.set(name, { shape, values: Float32Array.from(given.values) });
    } else {
      const part = name.split('/')[1]!;
      const value = part === 'gamma' ? 1 : part === 'variance' ? 1 - BATCH_NORM_EPSILON : 0;
      weights.set(name, { shape, values: new Float32Array(size).fill(value) });
    }
  }
  return weights;
}
