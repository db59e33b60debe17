import { describe, expect, it } from 'vitest';
import { plainLstmSpec, planNetwork, tensorShapes } from '../../../src/model/network.ts';
import type { ConvolutionSpec, NetworkSpec } from '../../../src/model/network-spec.ts';

const cnn = (changes: Partial<NetworkSpec> = {}): NetworkSpec => ({
  architecture: 'cnn-lstm',
  inputSize: 20,
  framesPerStep: 8,
  convolutions: [
    { channels: 4, timeStride: 1, frequencyStride: 2 },
    { channels: 6, timeStride: 2, frequencyStride: 2 },
  ],
  units: [8, 4],
  skip: true,
  dropout: 0,
  ...changes,
});

describe('planNetwork', () => {
  it('plans the specification LSTM', () => {
    const plan = planNetwork(plainLstmSpec(60));
    expect(plan.signature).toEqual({
      framesPerStep: 8,
      featureCount: 60,
      stateSize: 2 * 128 + 2 * 64,
      outputsPerStep: 8,
    });
    expect(plan.lstms).toEqual([
      { name: 'lstm0', inputSize: 60, units: 128, stateOffset: 0 },
      { name: 'lstm1', inputSize: 128, units: 64, stateOffset: 256 },
    ]);
    expect(plan.denseInputSize).toBe(64);
    expect(plan.timeStride).toBe(1);
  });

  it('counts the parameters and operations of the specification LSTM as by hand', () => {
    const plan = planNetwork(plainLstmSpec(60));
    // 4·128·(60 + 128) = 96,256 weights and 512 biases; 4·64·(128 + 64) = 49,152 and 256; 64 and 1.
    expect(plan.parameterCount).toBe(146_241);
    expect(plan.flopsPerFrame).toBe(2 * (96_256 + 49_152 + 64));
  });

  it('plans convolutions, strides and contexts', () => {
    const plan = planNetwork(cnn());
    expect(plan.convolutions).toMatchObject([
      {
        name: 'conv0',
        inChannels: 1,
        outChannels: 4,
        inBins: 20,
        outBins: 10,
        contextFrames: 2,
        padLowBins: 0,
        padHighBins: 1,
        stateOffset: 0,
        stateSize: 40,
      },
      {
        name: 'conv1',
        inChannels: 4,
        outChannels: 6,
        inBins: 10,
        outBins: 5,
        contextFrames: 1,
        padLowBins: 0,
        padHighBins: 1,
        stateOffset: 40,
        stateSize: 40,
      },
    ]);
    expect(plan.lstms).toMatchObject([
      { inputSize: 30, stateOffset: 80 },
      { inputSize: 8, stateOffset: 96 },
    ]);
    expect(plan.denseInputSize).toBe(12);
    expect(plan.signature).toEqual({
      framesPerStep: 8,
      featureCount: 20,
      stateSize: 104,
      outputsPerStep: 4,
    });
  });

  it('counts the parameters and operations of convolutions at their own rate as by hand', () => {
    const plan = planNetwork(cnn());
    const conv0 = 9 * 1 * 4;
    const conv1 = 9 * 4 * 6;
    const lstm0 = 4 * 8 * (30 + 8);
    const lstm1 = 4 * 4 * (8 + 4);
    expect(plan.parameterCount).toBe(conv0 + 4 + conv1 + 6 + lstm0 + 32 + lstm1 + 16 + 13);
    expect(plan.flopsPerFrame).toBe(
      2 * conv0 * 10 + (2 * conv1 * 5) / 2 + (2 * (lstm0 + lstm1)) / 2 + (2 * 12) / 2,
    );
  });

  it('puts the projection between convolutions and LSTMs', () => {
    const plan = planNetwork(cnn({ projection: 7 }));
    expect(plan.projection).toEqual({ name: 'projection', inputSize: 30, units: 7 });
    expect(plan.lstms[0]!.inputSize).toBe(7);
    const without = planNetwork(cnn());
    const lstmDifference = 4 * 8 * (30 - 7);
    expect(plan.parameterCount - without.parameterCount).toBe(30 * 7 + 7 - lstmDifference);
  });

  it('keeps no context where the kernel is as long as the stride', () => {
    const convolutions: ConvolutionSpec[] = [
      { channels: 3, timeKernel: 2, frequencyKernel: 1, timeStride: 2, frequencyStride: 1 },
    ];
    const plan = planNetwork(cnn({ convolutions, units: [4] }));
    expect(plan.convolutions[0]).toMatchObject({
      contextFrames: 0,
      stateSize: 0,
      padLowBins: 0,
      padHighBins: 0,
      outBins: 20,
    });
    expect(plan.signature.stateSize).toBe(8);
  });

  it('packs the state without gaps or overlaps', () => {
    const plan = planNetwork(cnn({ units: [5, 3, 2] }));
    const parts = [
      ...plan.convolutions.map(({ stateOffset, stateSize }) => [stateOffset, stateSize] as const),
      ...plan.lstms.map(({ stateOffset, units }) => [stateOffset, 2 * units] as const),
    ];
    let end = 0;
    for (const [offset, size] of parts) {
      expect(offset).toBe(end);
      end += size;
    }
    expect(plan.signature.stateSize).toBe(end);
  });
});

describe('tensorShapes', () => {
  it('adds batch norm for training only', () => {
    const plan = planNetwork(cnn());
    const names = (form: 'training' | 'serving') =>
      tensorShapes(plan, form).map(({ name }) => name);
    const extra = names('training').filter((name) => !names('serving').includes(name));
    expect(extra).toEqual([
      'conv0/gamma',
      'conv0/mean',
      'conv0/variance',
      'conv1/gamma',
      'conv1/mean',
      'conv1/variance',
    ]);
  });

  it.each([
    ['lstm', plainLstmSpec(60)],
    ['cnn-lstm', cnn()],
    ['projection', cnn({ projection: 7 })],
  ])('sums to the parameter count: %s', (_, spec) => {
    const plan = planNetwork(spec);
    const total = tensorShapes(plan, 'serving').reduce(
      (sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1),
      0,
    );
    expect(total).toBe(plan.parameterCount);
  });
});

describe('planNetwork refuses', () => {
  const codes = (outputScales: readonly number[], zero = 1) => ({
    input: { scale: 1, zero },
    outputScales,
  });
  const convolution = (changes: Partial<ConvolutionSpec>) =>
    cnn({ convolutions: [{ channels: 4, timeStride: 1, frequencyStride: 2, ...changes }] });
  it.each<[string, NetworkSpec]>([
    ['inputSize must be >= 1, got 0', cnn({ inputSize: 0 })],
    ['inputSize must be >= 1, got 1.5', cnn({ inputSize: 1.5 })],
    ['projection must be >= 1, got 0', cnn({ projection: 0 })],
    ['units must be a list of whole numbers >= 1, got []', cnn({ units: [] })],
    ['units must be a list of whole numbers >= 1, got [8, 0]', cnn({ units: [8, 0] })],
    ['dropout must be >= 0 and < 1, got 1', cnn({ dropout: 1 })],
    ['dropout must be >= 0 and < 1, got NaN', cnn({ dropout: Number.NaN })],
    ['lstm must have no convolution, got 2', cnn({ architecture: 'lstm' })],
    ['cnn-lstm must have at least one convolution, got 0', cnn({ convolutions: [] })],
    [
      "framesPerStep must be a multiple of the time strides' product (2), got 7",
      cnn({ framesPerStep: 7 }),
    ],
    [
      "framesPerStep must be a multiple of the time strides' product (2), got 0",
      cnn({ framesPerStep: 0 }),
    ],
    ['channels must be >= 1, got 0', convolution({ channels: 0 })],
    ['timeKernel must be from 1 to 15, got 16', convolution({ timeKernel: 16 })],
    ['frequencyKernel must be from 1 to 15, got 0', convolution({ frequencyKernel: 0 })],
    ['timeStride must be from 1 to the kernel (3), got 4', convolution({ timeStride: 4 })],
    [
      'frequencyStride must be from 1 to the kernel (2), got 3',
      convolution({ frequencyKernel: 2, frequencyStride: 3 }),
    ],
    [
      'quantisation must be with convolutions, got none',
      { ...plainLstmSpec(60), quantisation: codes([]) },
    ],
    ['outputScales must have one a convolution (2), got 1', cnn({ quantisation: codes([1]) })],
    ['scales must be float32 > 0, got 1e-60', cnn({ quantisation: codes([1, 1e-60]) })],
    [
      'zero must be a whole number from 0 to 255, got 256',
      cnn({ quantisation: codes([1, 1], 256) }),
    ],
  ])('%s', (message, spec) => {
    expect(() => planNetwork(spec)).toThrow(new RangeError(message));
  });
});
