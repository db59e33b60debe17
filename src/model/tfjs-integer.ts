import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs';
import type { TensorFlow } from './engines/tensorflow.ts';
import type { NetworkPlan } from './network.ts';
import { MOST_CODE } from './network-spec.ts';
import { type Codes, type IntegerConvolution, integerConvolutions } from './quantise.ts';
import type { NetworkWeights } from './weights.ts';

/**
 * One integer convolution as tensors: whole numbers in floats, exact below 2^24, which no input can
 * reach with kernels of up to 1,000 weights a channel (3 × 3 on 111 channels) and usual biases.
 */
interface LoadedConvolution extends IntegerConvolution {
  readonly kernelTensor: Tensor4D;
  readonly biasTensor: Tensor;
  /** Sums → codes of the output. */
  readonly multiplierTensor: Tensor;
}

/**
 * The convolutions of a network with `quantisation` as onnxruntime computes them: the same codes,
 * the same sums, the same rounding (half to even). Owns its tensors until `dispose`.
 */
export class TfjsIntegerConvolutions {
  readonly #tf: TensorFlow;
  readonly #convolutions: readonly LoadedConvolution[];

  /** @param weights with the batch norm folded */
  constructor(tf: TensorFlow, plan: NetworkPlan, weights: NetworkWeights) {
    this.#tf = tf;
    this.#convolutions = integerConvolutions(plan, weights).map((convolution) => {
      const { kernel, bias, kernelScales, input, output } = convolution;
      const { timeKernel, frequencyKernel, inChannels, outChannels } = convolution.plan;
      const shape: [number, number, number, number] = [
        timeKernel,
        frequencyKernel,
        inChannels,
        outChannels,
      ];
      const multipliers = kernelScales.map(
        (scale) => Math.fround(input.scale * scale) / output.scale,
      );
      return {
        ...convolution,
        kernelTensor: tf.tensor4d(Float32Array.from(kernel), shape),
        biasTensor: tf.tensor(Float32Array.from(bias)),
        multiplierTensor: tf.tensor(multipliers),
      };
    });
  }

  /**
   * One step; call it inside `tf.tidy`. @param image [N, T, F, 1]
   * @param state the packed state
   * @returns the last output [N, T', bins, channels] and each convolution's next context [N, size]
   */
  step(image: Tensor4D, state: Tensor2D): { image: Tensor4D; contexts: readonly Tensor2D[] } {
    const contexts: Tensor2D[] = [];
    let codes = this.#encode(image, this.#convolutions[0]!.input);
    for (const convolution of this.#convolutions) {
      const { plan, input } = convolution;
      if (plan.contextFrames > 0) {
        codes = this.#withContext(convolution, codes, state);
        const next = this.#tf.slice(codes, [0, codes.shape[1] - plan.contextFrames, 0, 0]);
        const flat = this.#tf.reshape(next, [-1, plan.stateSize]);
        contexts.push(this.#tf.mul(flat, input.scale));
      }
      codes = this.#convolve(convolution, codes);
    }
    return { image: this.#tf.mul(codes, this.#convolutions.at(-1)!.output.scale), contexts };
  }

  dispose(): void {
    for (const { kernelTensor, biasTensor, multiplierTensor } of this.#convolutions) {
      this.#tf.dispose([kernelTensor, biasTensor, multiplierTensor]);
    }
  }

  #withContext({ plan, input }: IntegerConvolution, codes: Tensor4D, state: Tensor2D): Tensor4D {
    const tf = this.#tf;
    const { inChannels, inBins, contextFrames, stateOffset, stateSize } = plan;
    const packed = tf.slice(state, [0, stateOffset], [-1, stateSize]);
    const context = tf.reshape(packed, [-1, contextFrames, inBins, inChannels]) as Tensor4D;
    return tf.concat([this.#encode(context, input), codes], 1);
  }

  #convolve(convolution: LoadedConvolution, codes: Tensor4D): Tensor4D {
    const tf = this.#tf;
    const { plan, kernelTensor, biasTensor, multiplierTensor } = convolution;
    const { padLowBins, padHighBins, timeStride, frequencyStride } = plan;
    const padded = tf.pad(codes, [
      [0, 0],
      [0, 0],
      [padLowBins, padHighBins],
      [0, 0],
    ]);
    const sums = tf.conv2d(padded, kernelTensor, [timeStride, frequencyStride], 'valid');
    const scaled = tf.mul(tf.add(sums, biasTensor), multiplierTensor);
    return tf.round(tf.clipByValue(scaled, 0, MOST_CODE)) as Tensor4D;
  }

  /** Codes less the zero code, so that padding with 0 is right. */
  #encode(values: Tensor4D, { scale, zero }: Codes): Tensor4D {
    const tf = this.#tf;
    return tf.round(tf.clipByValue(tf.div(values, scale), -zero, MOST_CODE - zero));
  }
}
