import onnxProto from 'onnx-proto';
import type { ConvolutionPlan, LstmPlan, NetworkPlan, ProjectionPlan } from './network.ts';
import { OnnxGraph } from './onnx-graph.ts';
import { addIntegerConvolutions, withBinsFirst } from './onnx-integer.ts';
import { type NetworkWeights, weightOf } from './weights.ts';

/** Gate order of the weights (i, f, c, o) read in ONNX's order (i, o, f, c). */
const ONNX_GATES = [0, 3, 1, 2] as const;

/**
 * Writes a network as ONNX (opset 17, IR 8): `features [N, T, F]`, `state [N, S]` → `logits [N, T']`,
 * `state_out [N, S]`, N free. A network with `quantisation` has its convolutions in onnxruntime's own
 * `QLinearConv`. Takes weights with the batch norm folded. Allocates.
 */
export function writeOnnx(plan: NetworkPlan, given: NetworkWeights): Uint8Array {
  const graph = new OnnxGraph();
  const { signature } = plan;
  const { framesPerStep, featureCount, stateSize, outputsPerStep } = signature;
  graph.input('features', ['N', framesPerStep, featureCount]);
  graph.input('state', ['N', stateSize]);
  const statesOut: string[] = [];
  const isInteger = plan.spec.quantisation !== undefined;
  const weights = isInteger ? withBinsFirst(plan, given) : given;
  let sequence = isInteger
    ? addIntegerConvolutions(graph, plan, weights, statesOut)
    : addConvolutions(graph, plan, weights, statesOut);
  if (plan.projection !== null) sequence = addProjection(graph, plan.projection, weights, sequence);
  const outputs: string[] = [];
  for (const lstm of plan.lstms) {
    sequence = addLstm(graph, lstm, weights, { sequence, statesOut });
    outputs.push(sequence);
  }
  const top = plan.spec.skip ? graph.node('Concat', outputs, { axis: 2 }) : outputs.at(-1)!;
  const kernel = graph.constant([plan.denseInputSize, 1], weightOf(weights, 'dense/kernel').values);
  const bias = graph.constant([1], weightOf(weights, 'dense/bias').values);
  const dense = graph.node('Add', [graph.node('MatMul', [top, kernel]), bias]);
  const flat = graph.node('Squeeze', [dense, graph.ints([2])]);
  graph.node('Transpose', [flat], { perm: [1, 0] }, 'logits');
  graph.node('Concat', statesOut, { axis: 1 }, 'state_out');
  graph.output('logits', ['N', outputsPerStep]);
  graph.output('state_out', ['N', stateSize]);
  return onnxProto.onnx.ModelProto.encode(graph.model(plan.spec.architecture)).finish();
}

/** @returns the sequence [T', N, channels · bins] */
function addConvolutions(
  graph: OnnxGraph,
  plan: NetworkPlan,
  weights: NetworkWeights,
  statesOut: string[],
): string {
  const { framesPerStep, featureCount } = plan.signature;
  let image = graph.reshape('features', [0, 1, framesPerStep, featureCount]);
  for (const convolution of plan.convolutions) {
    image = addConvolution(graph, convolution, weights, { image, statesOut });
  }
  // [N, C, T', bins] → [T', N, C · bins]
  return graph.reshape(graph.node('Transpose', [image], { perm: [2, 0, 1, 3] }), [0, 0, -1]);
}

/** Context ++ block → convolution → ReLU; the newest frames become the next context. */
function addConvolution(
  graph: OnnxGraph,
  plan: ConvolutionPlan,
  weights: NetworkWeights,
  flow: { readonly image: string; readonly statesOut: string[] },
): string {
  const { name, inChannels, outChannels, timeKernel, frequencyKernel } = plan;
  const joined = plan.contextFrames === 0 ? flow.image : addContext(graph, plan, flow);
  const kernel = toChannelsFirst(weightOf(weights, `${name}/kernel`).values, plan);
  const convolved = graph.node(
    'Conv',
    [
      joined,
      graph.constant([outChannels, inChannels, timeKernel, frequencyKernel], kernel),
      graph.constant([outChannels], weightOf(weights, `${name}/bias`).values),
    ],
    {
      kernel_shape: [timeKernel, frequencyKernel],
      strides: [plan.timeStride, plan.frequencyStride],
      pads: [0, plan.padLowBins, 0, plan.padHighBins],
    },
  );
  return graph.node('Relu', [convolved]);
}

function addContext(
  graph: OnnxGraph,
  plan: ConvolutionPlan,
  flow: { readonly image: string; readonly statesOut: string[] },
): string {
  const { inChannels, inBins, contextFrames, stateOffset, stateSize } = plan;
  const packed = graph.slice('state', 1, stateOffset, stateOffset + stateSize);
  const context = graph.reshape(packed, [0, inChannels, contextFrames, inBins]);
  const joined = graph.node('Concat', [context, flow.image], { axis: 2 });
  const next = graph.slice(joined, 2, -contextFrames, Number.MAX_SAFE_INTEGER);
  flow.statesOut.push(graph.reshape(next, [0, stateSize]));
  return joined;
}

/** [kt, kf, in, out] → [out, in, kt, kf]. */
function toChannelsFirst(kernel: Float32Array, plan: ConvolutionPlan): Float32Array {
  const { inChannels, outChannels, timeKernel, frequencyKernel } = plan;
  const result = new Float32Array(kernel.length);
  const area = timeKernel * frequencyKernel;
  for (let place = 0; place < area; place++) {
    for (let input = 0; input < inChannels; input++) {
      for (let output = 0; output < outChannels; output++) {
        result[(output * inChannels + input) * area + place] =
          kernel[(place * inChannels + input) * outChannels + output]!;
      }
    }
  }
  return result;
}

function addProjection(
  graph: OnnxGraph,
  { name, inputSize, units }: ProjectionPlan,
  weights: NetworkWeights,
  sequence: string,
): string {
  const kernel = graph.constant([inputSize, units], weightOf(weights, `${name}/kernel`).values);
  const bias = graph.constant([units], weightOf(weights, `${name}/bias`).values);
  return graph.node('Relu', [graph.node('Add', [graph.node('MatMul', [sequence, kernel]), bias])]);
}

function addLstm(
  graph: OnnxGraph,
  { name, inputSize, units, stateOffset }: LstmPlan,
  weights: NetworkWeights,
  flow: { readonly sequence: string; readonly statesOut: string[] },
): string {
  const part = (offset: number) =>
    graph.node('Unsqueeze', [
      graph.slice('state', 1, stateOffset + offset, stateOffset + offset + units),
      graph.ints([0]),
    ]);
  const tensor = (suffix: string) => weightOf(weights, `${name}/${suffix}`).values;
  const bias = new Float32Array(8 * units);
  bias.set(toOnnxGates(tensor('bias'), 1, units));
  const [y, h, c] = graph.nodeWithOutputs(
    'LSTM',
    [
      flow.sequence,
      graph.constant([1, 4 * units, inputSize], toOnnxGates(tensor('kernel'), inputSize, units)),
      graph.constant([1, 4 * units, units], toOnnxGates(tensor('recurrent'), units, units)),
      graph.constant([1, 8 * units], bias),
      '',
      part(0),
      part(units),
    ],
    { hidden_size: units },
    3,
  );
  for (const state of [h!, c!]) {
    flow.statesOut.push(graph.node('Squeeze', [state, graph.ints([0])]));
  }
  return graph.node('Squeeze', [y!, graph.ints([1])]);
}

/** [rows, 4H] in gate order i, f, c, o → [4H, rows] in gate order i, o, f, c. */
function toOnnxGates(values: Float32Array, rows: number, units: number): Float32Array {
  const result = new Float32Array(values.length);
  ONNX_GATES.forEach((gate, place) => {
    for (let unit = 0; unit < units; unit++) {
      for (let row = 0; row < rows; row++) {
        result[(place * units + unit) * rows + row] =
          values[row * 4 * units + gate * units + unit]!;
      }
    }
  });
  return result;
}
