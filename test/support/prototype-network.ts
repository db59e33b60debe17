import type { NetworkSpec } from '../../src/model/network-spec.ts';

/** The size that performance is spoken of in: convolutions 16-24-32-48, LSTM 64, LSTM 64. */
export const PROTOTYPE_NETWORK: NetworkSpec = {
  architecture: 'cnn-lstm',
  inputSize: 60,
  framesPerStep: 8,
  convolutions: [16, 24, 32, 48].map((channels, index) => ({
    channels,
    timeStride: index % 2 === 0 ? 1 : 2,
    frequencyStride: 2,
  })),
  units: [64, 64],
  skip: true,
  dropout: 0,
};
