import type { StepSignature } from './engine.ts';
import { checkNetwork, DEFAULT_KERNEL, type NetworkSpec } from './network-spec.ts';

/** Shapes of one convolution. The context is what it remembers of its input. */
export interface ConvolutionPlan {
  readonly name: string;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly inBins: number;
  readonly outBins: number;
  readonly timeKernel: number;
  readonly frequencyKernel: number;
  readonly timeStride: number;
  readonly frequencyStride: number;
  /** Frames of left context: kernel − stride, so that every block gives whole outputs. */
  readonly contextFrames: number;
  readonly padLowBins: number;
  readonly padHighBins: number;
  readonly stateOffset: number;
  readonly stateSize: number;
}

export interface ProjectionPlan {
  readonly name: string;
  readonly inputSize: number;
  readonly units: number;
}

export interface LstmPlan {
  readonly name: string;
  readonly inputSize: number;
  readonly units: number;
  /** h then c, `units` floats each. */
  readonly stateOffset: number;
}

/**
 * A network's layers with their shapes. The packed state of a leg is, in this order: the context of
 * each convolution ([in channels, context frames, bins]; with `quantisation` the channels last), then
 * h [units] and c [units] of each LSTM. All zeros is the state before the first frame.
 */
export interface NetworkPlan {
  readonly spec: NetworkSpec;
  readonly signature: StepSignature;
  readonly convolutions: readonly ConvolutionPlan[];
  readonly projection: ProjectionPlan | null;
  readonly lstms: readonly LstmPlan[];
  readonly denseInputSize: number;
  /** Product of the time strides. */
  readonly timeStride: number;
  readonly parameterCount: number;
  /** Multiply-adds × 2 of one input frame. */
  readonly flopsPerFrame: number;
}

/** The specification's network: LSTM 128 → LSTM 64 → dense 1. */
export function plainLstmSpec(inputSize: number, framesPerStep = 8): NetworkSpec {
  return {
    architecture: 'lstm',
    inputSize,
    framesPerStep,
    convolutions: [],
    units: [128, 64],
    skip: false,
    dropout: 0.2,
  };
}

/** Works out every shape of a network. @throws RangeError when the description does not fit */
export function planNetwork(spec: NetworkSpec): NetworkPlan {
  checkNetwork(spec);
  const convolutions = planConvolutions(spec);
  const top = convolutions.at(-1);
  const flatSize = top === undefined ? spec.inputSize : top.outChannels * top.outBins;
  const projection =
    spec.projection === undefined
      ? null
      : { name: 'projection', inputSize: flatSize, units: spec.projection };
  let stateOffset = top === undefined ? 0 : top.stateOffset + top.stateSize;
  let inputSize = projection?.units ?? flatSize;
  const lstms = spec.units.map((units, index): LstmPlan => {
    const plan = { name: `lstm${index}`, inputSize, units, stateOffset };
    stateOffset += 2 * units;
    inputSize = units;
    return plan;
  });
  const timeStride = spec.convolutions.reduce((product, { timeStride: s }) => product * s, 1);
  const layers = {
    convolutions,
    projection,
    lstms,
    denseInputSize: spec.skip
      ? spec.units.reduce((sum, units) => sum + units, 0)
      : spec.units.at(-1)!,
  };
  return {
    spec,
    signature: {
      framesPerStep: spec.framesPerStep,
      featureCount: spec.inputSize,
      stateSize: stateOffset,
      outputsPerStep: spec.framesPerStep / timeStride,
    },
    ...layers,
    timeStride,
    ...costOf(layers),
  };
}

function planConvolutions(spec: NetworkSpec): ConvolutionPlan[] {
  let stateOffset = 0;
  let inChannels = 1;
  let inBins = spec.inputSize;
  return spec.convolutions.map((convolution, index): ConvolutionPlan => {
    const { channels, timeStride, frequencyStride } = convolution;
    const { timeKernel = DEFAULT_KERNEL, frequencyKernel = DEFAULT_KERNEL } = convolution;
    const outBins = Math.ceil(inBins / frequencyStride);
    const padding = Math.max(0, (outBins - 1) * frequencyStride + frequencyKernel - inBins);
    const contextFrames = timeKernel - timeStride;
    const plan = {
      name: `conv${index}`,
      inChannels,
      outChannels: channels,
      inBins,
      outBins,
      timeKernel,
      frequencyKernel,
      timeStride,
      frequencyStride,
      contextFrames,
      padLowBins: Math.floor(padding / 2),
      padHighBins: padding - Math.floor(padding / 2),
      stateOffset,
      stateSize: inChannels * contextFrames * inBins,
    };
    stateOffset += plan.stateSize;
    inChannels = channels;
    inBins = outBins;
    return plan;
  });
}

/** Names and shapes of a network's trained tensors, in order. Batch norm is there before folding. */
export function tensorShapes(
  plan: NetworkPlan,
  form: 'training' | 'serving',
): readonly { readonly name: string; readonly shape: readonly number[] }[] {
  const shapes: { name: string; shape: number[] }[] = [];
  for (const convolution of plan.convolutions) {
    const { name, timeKernel, frequencyKernel, inChannels, outChannels } = convolution;
    const shape = [timeKernel, frequencyKernel, inChannels, outChannels];
    shapes.push({ name: `${name}/kernel`, shape });
    shapes.push({ name: `${name}/bias`, shape: [outChannels] });
    if (form === 'training') {
      for (const part of ['gamma', 'mean', 'variance']) {
        shapes.push({ name: `${name}/${part}`, shape: [outChannels] });
      }
    }
  }
  if (plan.projection !== null) {
    const { name, inputSize, units } = plan.projection;
    shapes.push({ name: `${name}/kernel`, shape: [inputSize, units] });
    shapes.push({ name: `${name}/bias`, shape: [units] });
  }
  for (const { name, inputSize, units } of plan.lstms) {
    shapes.push({ name: `${name}/kernel`, shape: [inputSize, 4 * units] });
    shapes.push({ name: `${name}/recurrent`, shape: [units, 4 * units] });
    shapes.push({ name: `${name}/bias`, shape: [4 * units] });
  }
  shapes.push({ name: 'dense/kernel', shape: [plan.denseInputSize, 1] });
  shapes.push({ name: 'dense/bias', shape: [1] });
  return shapes;
}

function costOf(
  layers: Pick<NetworkPlan, 'convolutions' | 'projection' | 'lstms' | 'denseInputSize'>,
): { parameterCount: number; flopsPerFrame: number } {
  const { convolutions, projection, lstms, denseInputSize } = layers;
  let parameterCount = denseInputSize + 1;
  let flopsPerFrame = 0;
  // Each stride makes the following layers run on fewer frames.
  let share = 1;
  for (const convolution of convolutions) {
    const { timeKernel, frequencyKernel, inChannels, outChannels, outBins } = convolution;
    const kernel = timeKernel * frequencyKernel * inChannels * outChannels;
    parameterCount += kernel + outChannels;
    share /= convolution.timeStride;
    flopsPerFrame += 2 * kernel * outBins * share;
  }
  if (projection !== null) {
    const weights = projection.inputSize * projection.units;
    parameterCount += weights + projection.units;
    flopsPerFrame += 2 * weights * share;
  }
  for (const { inputSize, units } of lstms) {
    const weights = 4 * units * (inputSize + units);
    parameterCount += weights + 4 * units;
    flopsPerFrame += 2 * weights * share;
  }
  return { parameterCount, flopsPerFrame: flopsPerFrame + 2 * denseInputSize * share };
}
