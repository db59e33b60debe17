import { describe, expect, it } from 'vitest';
import { planNetwork } from '../../../src/model/network.ts';
import { integerConvolutions } from '../../../src/model/quantise.ts';
import type { NetworkWeights } from '../../../src/model/weights.ts';
import { randomWeights, tinyIntegerSpec, tinyNetworkSpec } from '../../support/tiny-detector.ts';

const spec = tinyIntegerSpec();
const plan = planNetwork(spec);

function withTensor(name: string, values: readonly number[]): NetworkWeights {
  const weights = randomWeights(spec, 4);
  const { shape } = weights.get(name)!;
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  const all = Float32Array.from({ length: size }, (_, index) => values[index] ?? 0);
  return new Map([...weights, [name, { shape, values: all }]]);
}

describe('integerConvolutions', () => {
  it('gives each output channel the step that its largest weight needs', () => {
    // Four output channels, which change fastest.
    const [first] = integerConvolutions(
      plan,
      withTensor('conv0/kernel', [63, -2, 0.5, 0, -31.6, 1.01]),
    );
    // The last channel is all zeros: any step will do.
    expect([...first!.kernelScales]).toEqual([1, 2 / 63, 0.5 / 63, 1 / 63].map(Math.fround));
    expect([...first!.kernel.subarray(0, 6)]).toEqual([63, -63, 63, 0, -32, 32]);
  });

  it('counts the bias in steps of input times kernel', () => {
    const weights = new Map([
      ...withTensor('conv0/kernel', [63, 63, 63, 63]),
      ['conv0/bias', { shape: [4], values: Float32Array.of(0.08, -0.08, 1, 0) }] as const,
    ]);
    const [first] = integerConvolutions(plan, weights);
    expect([...first!.bias]).toEqual([2, -2, 25, 0]);
  });

  it('keeps the bias of a channel whose weights died, which its own steps would be too many for', () => {
    const weights = new Map([
      ...withTensor('conv0/kernel', [1e-9, 1e-12, -1e-44, 63]),
      ['conv0/bias', { shape: [4], values: Float32Array.of(0.5, -0.5, 0.5, 0.5) }] as const,
    ]);
    const [first] = integerConvolutions(plan, weights);
    const { bias, kernelScales, input } = first!;
    for (const [channel, expected] of [0.5, -0.5, 0.5].entries()) {
      expect(bias[channel]! * kernelScales[channel]! * input.scale).toBeCloseTo(expected, 6);
      expect(Math.abs(bias[channel]!)).toBeLessThanOrEqual(2 ** 23 + 1);
    }
  });

  it('hands the codes of one output on as the next input', () => {
    const [first, second] = integerConvolutions(plan, randomWeights(spec, 4));
    expect(first!.input).toEqual({ scale: Math.fround(0.04), zero: 125 });
    expect(first!.output).toEqual({ scale: Math.fround(0.02), zero: 0 });
    expect(second!.input).toEqual(first!.output);
    expect(second!.output).toEqual({ scale: Math.fround(0.03), zero: 0 });
  });

  it('keeps pairs of products within 16 bits', () => {
    for (const { kernel } of integerConvolutions(plan, randomWeights(spec, 4))) {
      const most = kernel.reduce((so, value) => Math.max(so, Math.abs(value)), 0);
      expect(most).toBe(63);
      expect(2 * 255 * most).toBeLessThan(2 ** 15);
    }
  });

  it('needs a quantisation', () => {
    const floats = planNetwork(tinyNetworkSpec('cnn-lstm'));
    expect(() => integerConvolutions(floats, randomWeights(spec, 4))).toThrow(
      'the network must have a quantisation',
    );
  });
});
