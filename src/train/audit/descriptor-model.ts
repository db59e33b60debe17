import { DESCRIPTOR_NAMES, type Descriptors } from './descriptors.ts';
import type { AuditedClip } from './shortcut-audit.ts';

const PASSES = 300;
const RATE = 0.5;
const RIDGE = 1e-3;

/** Logistic regression on standardised descriptors; positive = bona fide. */
export interface DescriptorModel {
  readonly mean: readonly number[];
  readonly scale: readonly number[];
  readonly weights: readonly number[];
  readonly bias: number;
}

/** Fits by gradient descent, both classes weighted equally. Deterministic. */
export function fitDescriptorModel(clips: readonly AuditedClip[]): DescriptorModel {
  const { mean, scale } = standardisation(clips);
  const rows = clips.map(({ descriptors }) => standardise(descriptors, mean, scale));
  const spoofs = Math.max(1, clips.filter(({ isSpoof }) => isSpoof).length);
  const humans = Math.max(1, clips.length - spoofs);
  const weights = DESCRIPTOR_NAMES.map(() => 0);
  let bias = 0;
  for (let pass = 0; pass < PASSES; pass++) {
    const gradient = weights.map((weight) => RIDGE * weight);
    let biasGradient = 0;
    for (const [index, row] of rows.entries()) {
      const { isSpoof } = clips[index]!;
      const share = 0.5 / (isSpoof ? spoofs : humans);
      const residual = share * (sigmoid(dot(weights, row) + bias) - (isSpoof ? 0 : 1));
      for (const [at, value] of row.entries()) gradient[at]! += residual * value;
      biasGradient += residual;
    }
    for (const [at, slope] of gradient.entries()) weights[at]! -= RATE * slope;
    bias -= RATE * biasGradient;
  }
  return { mean, scale, weights, bias };
}

export function scoreDescriptors(model: DescriptorModel, descriptors: Descriptors): number {
  return dot(model.weights, standardise(descriptors, model.mean, model.scale)) + model.bias;
}

function standardisation(clips: readonly AuditedClip[]): { mean: number[]; scale: number[] } {
  const count = Math.max(1, clips.length);
  const mean = DESCRIPTOR_NAMES.map(
    (name) => clips.reduce((sum, { descriptors }) => sum + descriptors[name], 0) / count,
  );
  const scale = DESCRIPTOR_NAMES.map((name, at) => {
    const squares = clips.reduce(
      (sum, { descriptors }) => sum + (descriptors[name] - mean[at]!) ** 2,
      0,
    );
    return 1 / Math.sqrt(Math.max(1e-12, squares / count));
  });
  return { mean, scale };
}

function standardise(
  descriptors: Descriptors,
  mean: readonly number[],
  scale: readonly number[],
): number[] {
  return DESCRIPTOR_NAMES.map((name, at) => (descriptors[name] - mean[at]!) * scale[at]!);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + value * b[index]!, 0);
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}
