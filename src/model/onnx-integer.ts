import type { ConvolutionPlan, NetworkPlan } from './network.ts';
import type { OnnxGraph } from './onnx-graph.ts';
import { type Codes, type IntegerConvolution, integerConvolutions } from './quantise.ts';
import { type NetworkWeights, weightOf } from './weights.ts';

/** Measured with 1 … 30 of 30: 179 µs for 1, 88 for 5, 87 for 10, 134 for 30 (10 rows). */
const MOST_BINS_AT_ONCE = 6;

/**
 * The convolutions of a network with `quantisation` in 8-bit integers, channels last. Contexts go
 * through the state as floats, which code to the same integers again.
 * @returns the sequence [T', N, bins · channels], floats
 */
export function addIntegerConvolutions(
  graph: OnnxGraph,
  plan: NetworkPlan,
  weights: NetworkWeights,
  statesOut: string[],
): string {
  const { framesPerStep, featureCount } = plan.signature;
  const convolutions = integerConvolutions(plan, weights);
  let image = encode(
    graph,
    graph.reshape('features', [0, framesPerStep, featureCount, 1]),
    convolutions[0]!.input,
  );
  const contexts = splitContexts(graph, plan);
  for (const [index, convolution] of convolutions.entries()) {
    const flow = { image, context: contexts[index]!, statesOut };
    image = convolve(graph, convolution, addContext(graph, convolution, flow));
  }
  const floats = decode(graph, image, convolutions.at(-1)!.output);
  return graph.reshape(graph.node('Transpose', [floats], { perm: [1, 0, 2, 3] }), [0, 0, -1]);
}

/**
 * Each convolution's part of the state; '' where it has none. One Split, because onnxruntime moves a
 * QuantizeLinear from behind a Slice to before it, and would code the whole state for every part.
 */
function splitContexts(graph: OnnxGraph, { convolutions, lstms }: NetworkPlan): readonly string[] {
  const sizes = convolutions.map(({ stateSize }) => stateSize).filter((size) => size > 0);
  const rest = lstms.reduce((sum, { units }) => sum + 2 * units, 0);
  const split = ['state', graph.ints([...sizes, rest])];
  const parts = graph.nodeWithOutputs('Split', split, { axis: 1 }, sizes.length + 1).values();
  return convolutions.map(({ stateSize }) => (stateSize > 0 ? parts.next().value! : ''));
}

function addContext(
  graph: OnnxGraph,
  { plan, input }: IntegerConvolution,
  flow: { readonly image: string; readonly context: string; readonly statesOut: string[] },
): string {
  const { inChannels, inBins, contextFrames, stateSize } = plan;
  if (contextFrames === 0) return flow.image;
  const context = graph.reshape(encode(graph, flow.context, input), [
    0,
    contextFrames,
    inBins,
    inChannels,
  ]);
  const joined = graph.node('Concat', [context, flow.image], { axis: 1 });
  const next = graph.slice(joined, 1, -contextFrames, Number.MAX_SAFE_INTEGER);
  flow.statesOut.push(decode(graph, graph.reshape(next, [0, stateSize]), input));
  return joined;
}

function convolve(graph: OnnxGraph, convolution: IntegerConvolution, image: string): string {
  const { plan, input, output } = convolution;
  const { inChannels, outChannels, outBins, timeKernel, timeStride, frequencyStride } = plan;
  const width = inChannels === 1 ? binsAtOnce(outBins) : 1;
  const bins = widerBins(plan, width);
  const outputs = width * outChannels;
  const convolved = graph.node(
    'com.microsoft.QLinearConv',
    [
      image,
      scaleOf(graph, input),
      zeroOf(graph, input),
      graph.constant([outputs, inChannels, timeKernel, bins], widenKernel(convolution, width)),
      graph.constant([outputs], new Float32Array(outputs).map(repeat(convolution.kernelScales))),
      graph.constant([outputs], new Int8Array(outputs)),
      scaleOf(graph, output),
      zeroOf(graph, output),
      graph.constant([outputs], new Int32Array(outputs).map(repeat(convolution.bias))),
    ],
    {
      channels_last: 1,
      kernel_shape: [timeKernel, bins],
      strides: [timeStride, width * frequencyStride],
      pads: [0, plan.padLowBins, 0, plan.padHighBins],
    },
  );
  return width === 1 ? convolved : graph.reshape(convolved, [0, -1, outBins, outChannels]);
}

/**
 * Bins of the output that one place of the kernel gives: with one input channel the products are too
 * few to pay for the walk, though a wider kernel is mostly zeros.
 */
function binsAtOnce(outBins: number): number {
  let width = MOST_BINS_AT_ONCE;
  while (outBins % width !== 0) width--;
  return width;
}

function widerBins({ frequencyKernel, frequencyStride }: ConvolutionPlan, width: number): number {
  return frequencyKernel + (width - 1) * frequencyStride;
}

function repeat(values: ArrayLike<number>): (_: number, index: number) => number {
  return (_, index) => values[index % values.length]!;
}

/** [kt, kf, in, out] → [width · out, in, kt, wider kf], each copy moved on by a stride. */
function widenKernel({ plan, kernel }: IntegerConvolution, width: number): Int8Array {
  const { inChannels, outChannels, timeKernel, frequencyKernel, frequencyStride } = plan;
  const bins = widerBins(plan, width);
  const result = new Int8Array(width * outChannels * inChannels * timeKernel * bins);
  for (let at = 0; at < width; at++) {
    for (let index = 0; index < kernel.length; index++) {
      const output = index % outChannels;
      const input = Math.floor(index / outChannels) % inChannels;
      const place = Math.floor(index / (outChannels * inChannels));
      const bin = (place % frequencyKernel) + at * frequencyStride;
      const frame = Math.floor(place / frequencyKernel);
      const row = (at * outChannels + output) * inChannels + input;
      result[(row * timeKernel + frame) * bins + bin] = kernel[index]!;
    }
  }
  return result;
}

/**
 * The weights with the first layer above the convolutions reading [bins · channels] in place of
 * [channels · bins]. Allocates.
 */
export function withBinsFirst(plan: NetworkPlan, weights: NetworkWeights): NetworkWeights {
  const { outChannels, outBins } = plan.convolutions.at(-1)!;
  const name = `${(plan.projection ?? plan.lstms[0]!).name}/kernel`;
  const { shape, values } = weightOf(weights, name);
  const columns = shape[1]!;
  const moved = new Float32Array(values.length);
  for (let bin = 0; bin < outBins; bin++) {
    for (let channel = 0; channel < outChannels; channel++) {
      const from = (channel * outBins + bin) * columns;
      moved.set(values.subarray(from, from + columns), (bin * outChannels + channel) * columns);
    }
  }
  return new Map([...weights, [name, { shape, values: moved }]]);
}

function encode(graph: OnnxGraph, floats: string, codes: Codes): string {
  return graph.node('QuantizeLinear', [floats, scaleOf(graph, codes), zeroOf(graph, codes)]);
}

function decode(graph: OnnxGraph, integers: string, codes: Codes): string {
  return graph.node('DequantizeLinear', [integers, scaleOf(graph, codes), zeroOf(graph, codes)]);
}

function scaleOf(graph: OnnxGraph, { scale }: Codes): string {
  return graph.constant([], Float32Array.of(scale));
}

function zeroOf(graph: OnnxGraph, { zero }: Codes): string {
  return graph.constant([], Uint8Array.of(zero));
}
