/** One causal convolution over time and frequency, with batch norm (folded at export) and ReLU. */
export interface ConvolutionSpec {
  readonly channels: number;
  /** Frames of the kernel; 3 when absent. */
  readonly timeKernel?: number;
  /** Bins of the kernel; 3 when absent. */
  readonly frequencyKernel?: number;
  readonly timeStride: number;
  readonly frequencyStride: number;
}

/**
 * The one description of a network; it is part of the manifest. Convolutions (none for the plain
 * LSTM), an optional dense projection, then a stack of LSTMs, then one logit a step, positive =
 * synthetic.
 */
export interface NetworkSpec {
  readonly architecture: 'lstm' | 'cnn-lstm';
  /** F: numbers of one frame. */
  readonly inputSize: number;
  /** T: frames of one step; a multiple of the product of the time strides. */
  readonly framesPerStep: number;
  readonly convolutions: readonly ConvolutionSpec[];
  /** Units of a dense layer with ReLU before the LSTMs; absent = none. */
  readonly projection?: number;
  /** Units of each LSTM layer. */
  readonly units: readonly number[];
  /** True = the last dense layer sees the outputs of all LSTM layers, not only the last. */
  readonly skip: boolean;
  /** Dropout after every LSTM layer, in training only. */
  readonly dropout: number;
  /** Convolutions in 8-bit integers when served; absent = in floats. */
  readonly quantisation?: Quantisation;
}

/** What the codes 0 … `MOST_CODE` of the convolutions' inputs and outputs are worth. */
export interface Quantisation {
  /** A feature is scale × (code − zero). */
  readonly input: { readonly scale: number; readonly zero: number };
  /** The output of a convolution, after its ReLU, is its scale × code. */
  readonly outputScales: readonly number[];
}

/** Of 8 bits, the least being 0. */
export const MOST_CODE = 255;
export const DEFAULT_KERNEL = 3;
const MAX_KERNEL = 15;

/** @throws RangeError when the description does not fit */
export function checkNetwork(spec: NetworkSpec): void {
  const { architecture, inputSize, framesPerStep, convolutions, units, dropout } = spec;
  const { projection = 1 } = spec;
  if (!isCount(inputSize)) throw new RangeError(`inputSize must be >= 1, got ${inputSize}`);
  if (!isCount(projection)) throw new RangeError(`projection must be >= 1, got ${projection}`);
  if (units.length === 0 || !units.every(isCount)) {
    throw new RangeError(`units must be a list of whole numbers >= 1, got [${units.join(', ')}]`);
  }
  if (!(dropout >= 0 && dropout < 1)) {
    throw new RangeError(`dropout must be >= 0 and < 1, got ${dropout}`);
  }
  if ((architecture === 'lstm') !== (convolutions.length === 0)) {
    const expected = architecture === 'lstm' ? 'no' : 'at least one';
    throw new RangeError(
      `${architecture} must have ${expected} convolution, got ${convolutions.length}`,
    );
  }
  for (const convolution of convolutions) checkConvolution(convolution);
  if (spec.quantisation !== undefined) checkQuantisation(spec.quantisation, convolutions.length);
  const stride = convolutions.reduce((product, { timeStride }) => product * timeStride, 1);
  if (!isCount(framesPerStep) || framesPerStep % stride !== 0) {
    throw new RangeError(
      `framesPerStep must be a multiple of the time strides' product (${stride}), got ${framesPerStep}`,
    );
  }
}

function checkConvolution(convolution: ConvolutionSpec): void {
  const { channels, timeStride, frequencyStride } = convolution;
  const { timeKernel = DEFAULT_KERNEL, frequencyKernel = DEFAULT_KERNEL } = convolution;
  if (!isCount(channels)) throw new RangeError(`channels must be >= 1, got ${channels}`);
  for (const [name, kernel, stride] of [
    ['time', timeKernel, timeStride],
    ['frequency', frequencyKernel, frequencyStride],
  ] as const) {
    if (!isCount(kernel) || kernel > MAX_KERNEL) {
      throw new RangeError(`${name}Kernel must be from 1 to ${MAX_KERNEL}, got ${kernel}`);
    }
    // A longer stride would skip input that no output sees.
    if (!isCount(stride) || stride > kernel) {
      throw new RangeError(`${name}Stride must be from 1 to the kernel (${kernel}), got ${stride}`);
    }
  }
}

function checkQuantisation({ input, outputScales }: Quantisation, convolutions: number): void {
  if (convolutions === 0) throw new RangeError('quantisation must be with convolutions, got none');
  if (outputScales.length !== convolutions) {
    throw new RangeError(
      `outputScales must have one a convolution (${convolutions}), got ${outputScales.length}`,
    );
  }
  for (const scale of [input.scale, ...outputScales]) {
    if (!(Math.fround(scale) > 0 && Number.isFinite(Math.fround(scale)))) {
      throw new RangeError(`scales must be float32 > 0, got ${scale}`);
    }
  }
  if (!Number.isInteger(input.zero) || input.zero < 0 || input.zero > MOST_CODE) {
    throw new RangeError(`zero must be a whole number from 0 to ${MOST_CODE}, got ${input.zero}`);
  }
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value > 0;
}
