import type { ConvolutionPlan, NetworkPlan } from './network.ts';
import { type NetworkWeights, weightOf } from './weights.ts';

/** A value is scale × (code − zero), codes 0 … 255. */
export interface Codes {
  readonly scale: number;
  readonly zero: number;
}

/** One convolution in integers, all of its numbers as both engines use them. */
export interface IntegerConvolution {
  readonly plan: ConvolutionPlan;
  readonly input: Codes;
  /** After the ReLU: zero is code 0. */
  readonly output: Codes;
  /** [kt, kf, in, out], −63 … 63. */
  readonly kernel: Int8Array;
  /** What one step of the kernel is worth, by output channel. */
  readonly kernelScales: Float32Array;
  /** In steps of input scale × kernel scale. */
  readonly bias: Int32Array;
}

/**
 * Seven bits: a pair of products 255 × 63 + 255 × 63 stays below 2^15, where processors without
 * 8-bit dot products add pairs in 16 bits with saturation. Sums are then exact on every machine.
 */
const KERNEL_LIMIT = 63;

/**
 * Steps of a bias. Training lets a channel's weights die while its bias lives: counted in steps of
 * such weights the bias would not fit 32 bits. Up to here the floats of TensorFlow.js hold it exactly.
 */
const BIAS_LIMIT = 2 ** 23;

/**
 * The convolutions of a network with `quantisation`, first to last, from its float weights (batch
 * norm folded). Symmetric kernels, one scale an output channel (Jacob et al. 2018). Allocates.
 */
export function integerConvolutions(
  { convolutions, spec }: NetworkPlan,
  weights: NetworkWeights,
): readonly IntegerConvolution[] {
  const { quantisation } = spec;
  if (quantisation === undefined) throw new RangeError('the network must have a quantisation');
  let input: Codes = { ...quantisation.input, scale: Math.fround(quantisation.input.scale) };
  return convolutions.map((plan, index) => {
    const output = { scale: Math.fround(quantisation.outputScales[index]!), zero: 0 };
    const convolution = { plan, input, output, ...integerKernel(plan, weights, input.scale) };
    input = output;
    return convolution;
  });
}

function integerKernel(
  { name, outChannels }: ConvolutionPlan,
  weights: NetworkWeights,
  inputScale: number,
): Pick<IntegerConvolution, 'kernel' | 'kernelScales' | 'bias'> {
  const { values } = weightOf(weights, `${name}/kernel`);
  const { values: biases } = weightOf(weights, `${name}/bias`);
  const kernelScales = new Float32Array(outChannels);
  for (let index = 0; index < values.length; index++) {
    const channel = index % outChannels;
    kernelScales[channel] = Math.max(kernelScales[channel]!, Math.abs(values[index]!));
  }
  for (let channel = 0; channel < outChannels; channel++) {
    // A channel of zeros has zero codes at any scale.
    const ofKernel = (kernelScales[channel]! || 1) / KERNEL_LIMIT;
    kernelScales[channel] = Math.max(
      ofKernel,
      Math.abs(biases[channel]!) / inputScale / BIAS_LIMIT,
    );
  }
  const kernel = Int8Array.from(values, (value, index) =>
    Math.round(value / kernelScales[index % outChannels]!),
  );
  const bias = Int32Array.from(biases, (value, channel) =>
    Math.round(value / (inputScale * kernelScales[channel]!)),
  );
  return { kernel, kernelScales, bias };
}
