import type { StepSignature } from './engine.ts';

/** One causal convolution over time and frequency, with batch norm (folded at export) and ReLU. */
export interface ConvolutionSpec {
  readonly channels: number;
  readonly timeStride: number;
  readonly frequencyStride: number;
}

/**
 * The one description of a network; it is part of the manifest. Convolutions (none for the plain
 * LSTM), then a stack of LSTMs, then one logit a step, positive = synthetic.
 */
export interface NetworkSpec {
  readonly architecture: 'lstm' | 'cnn-lstm';
  /** F: numbers of one frame. */
  readonly inputSize: number;
  /** T: frames of one step; a multiple of the product of the time strides. */
  readonly framesPerStep: number;
  readonly convolutions: readonly ConvolutionSpec[];
  /** Units of each LSTM layer. */
  readonly units: readonly number[];
  /** True = the last dense layer sees the outputs of all LSTM layers, not only the last. */
  readonly skip: boolean;
  /** Dropout after every LSTM layer, in training only. */
  readonly dropout: number;
}

/** Kernel of every convolution, in time and in frequency. */
export const KERNEL = 3;

/** Shapes of one convolution. The context is what it remembers of its input: [in, frames, bins]. */
export interface ConvolutionPlan {
  readonly name: string;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly inBins: number;
  readonly outBins: number;
  readonly timeStride: number;
  readonly frequencyStride: number;
  /** Frames of left context: kernel − stride, so that every block gives whole outputs. */
  readonly contextFrames: number;
  readonly padLowBins: number;
  readonly padHighBins: number;
  readonly stateOffset: number;
  readonly stateSize: number;
}

export interface LstmPlan {
  readonly name: string;
  readonly inputSize: number;
  readonly units: number;
  /** h then c, `units` floats each. */
  readonly stateOffset: number;
}

export interface NetworkPlan {
  readonly spec: NetworkSpec;
  readonly signature: StepSignature;
  readonly convolutions: readonly ConvolutionPlan[];
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
  checkSpec(spec);
  let stateOffset = 0;
  let inChannels = 1;
  let inBins = spec.inputSize;
  const convolutions = spec.convolutions.map((convolution, index): ConvolutionPlan => {
    const outBins = Math.ceil(inBins / convolution.frequencyStride);
    const padding = Math.max(0, (outBins - 1) * convolution.frequencyStride + KERNEL - inBins);
    const contextFrames = KERNEL - convolution.timeStride;
    const plan = {
      name: `conv${index}`,
      inChannels,
      outChannels: convolution.channels,
      inBins,
      outBins,
      timeStride: convolution.timeStride,
      frequencyStride: convolution.frequencyStride,
      contextFrames,
      padLowBins: Math.floor(padding / 2),
      padHighBins: padding - Math.floor(padding / 2),
      stateOffset,
      stateSize: inChannels * contextFrames * inBins,
    };
    stateOffset += plan.stateSize;
    inChannels = convolution.channels;
    inBins = outBins;
    return plan;
  });
  let inputSize = inChannels * inBins;
  const lstms = spec.units.map((units, index): LstmPlan => {
    const plan = { name: `lstm${index}`, inputSize, units, stateOffset };
    stateOffset += 2 * units;
    inputSize = units;
    return plan;
  });
  const timeStride = spec.convolutions.reduce((product, { timeStride: s }) => product * s, 1);
  const denseInputSize = spec.skip
    ? spec.units.reduce((sum, units) => sum + units, 0)
    : spec.units.at(-1)!;
  return {
    spec,
    signature: {
      framesPerStep: spec.framesPerStep,
      featureCount: spec.inputSize,
      stateSize: stateOffset,
      outputsPerStep: spec.framesPerStep / timeStride,
    },
    convolutions,
    lstms,
    denseInputSize,
    timeStride,
    ...costOf(convolutions, lstms, denseInputSize),
  };
}

/** Names and shapes of a network's trained tensors, in order. Batch norm is there before folding. */
export function tensorShapes(
  plan: NetworkPlan,
  form: 'training' | 'serving',
): readonly { readonly name: string; readonly shape: readonly number[] }[] {
  const shapes: { name: string; shape: number[] }[] = [];
  for (const { name, inChannels, outChannels } of plan.convolutions) {
    shapes.push({ name: `${name}/kernel`, shape: [KERNEL, KERNEL, inChannels, outChannels] });
    shapes.push({ name: `${name}/bias`, shape: [outChannels] });
    if (form === 'training') {
      for (const part of ['gamma', 'mean', 'variance']) {
        shapes.push({ name: `${name}/${part}`, shape: [outChannels] });
      }
    }
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
  convolutions: readonly ConvolutionPlan[],
  lstms: readonly LstmPlan[],
  denseInputSize: number,
): { parameterCount: number; flopsPerFrame: number } {
  let parameterCount = denseInputSize + 1;
  let flopsPerFrame = 0;
  // Each stride makes the following layers run on fewer frames.
  let share = 1;
  for (const { inChannels, outChannels, outBins, timeStride } of convolutions) {
    const kernel = KERNEL * KERNEL * inChannels * outChannels;
    parameterCount += kernel + outChannels;
    share /= timeStride;
    flopsPerFrame += 2 * kernel * outBins * share;
  }
  for (const { inputSize, units } of lstms) {
    const weights = 4 * units * (inputSize + units);
    parameterCount += weights + 4 * units;
    flopsPerFrame += 2 * weights * share;
  }
  return { parameterCount, flopsPerFrame: flopsPerFrame + 2 * denseInputSize * share };
}

function checkSpec(spec: NetworkSpec): void {
  const { architecture, inputSize, framesPerStep, convolutions, units, dropout } = spec;
  const isCount = (value: number) => Number.isInteger(value) && value > 0;
  if (!isCount(inputSize)) throw new RangeError(`inputSize must be >= 1, got ${inputSize}`);
  if (units.length === 0 || !units.every(isCount)) {
    throw new RangeError(`units must be a list of whole numbers >= 1, got [${units.join(', ')}]`);
  }
  if (!(dropout >= 0 && dropout < 1)) {
    throw new RangeError(`dropout must be >= 0 and < 1, got ${dropout}`);
  }
  if ((architecture === 'lstm') !== (convolutions.length === 0)) {
    throw new RangeError(`${architecture} must ${architecture === 'lstm' ? 'not ' : ''}have convolutions`);
  }
  let stride = 1;
  for (const { channels, timeStride, frequencyStride } of convolutions) {
    if (!isCount(channels)) throw new RangeError(`channels must be >= 1, got ${channels}`);
    for (const value of [timeStride, frequencyStride]) {
      if (value !== 1 && value !== 2) throw new RangeError(`strides must be 1 or 2, got ${value}`);
    }
    stride *= timeStride;
  }
  if (!isCount(framesPerStep) || framesPerStep % stride !== 0) {
    throw new RangeError(
      `framesPerStep must be a multiple of the time strides' product (${stride}), got ${framesPerStep}`,
    );
  }
}
