import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStepBatch, type Engine, type StepBatch } from '../../../src/model/engine.ts';
import { createOnnxEngine } from '../../../src/model/engines/onnx-engine.ts';
import { plainLstmSpec, planNetwork } from '../../../src/model/network.ts';
import type { NetworkSpec } from '../../../src/model/network-spec.ts';
import { writeOnnx } from '../../../src/model/onnx-writer.ts';
import { createRandom, type Random } from '../../../src/random.ts';
import { PROTOTYPE_NETWORK } from '../../support/prototype-network.ts';
import { randomWeights } from '../../support/tiny-detector.ts';

const STEPS = 3;
const LEGS = 128;
const SIZES = [...Array.from({ length: 16 }, (_, index) => index + 1), 31, 64, 127, 128];

// As large as what serves calls: small matrices take other paths of the runtime.
const quantisation = {
  input: { scale: 0.06, zero: 128 },
  outputScales: [0.03, 0.03, 0.03, 0.03],
};

const specs: readonly (readonly [string, NetworkSpec])[] = [
  ['LSTM 128, LSTM 64', plainLstmSpec(60)],
  ['convolutions 16-24-32-48, LSTM 64, LSTM 64', PROTOTYPE_NETWORK],
  ['the same convolutions in integers', { ...PROTOTYPE_NETWORK, quantisation }],
];

interface Leg {
  readonly blocks: readonly Float32Array[];
  readonly state: Float32Array;
  readonly logits: Float32Array[];
}

function createLegs(engine: Engine, random: Random): Leg[] {
  const { framesPerStep, featureCount, stateSize } = engine.signature;
  const block = () =>
    Float32Array.from({ length: framesPerStep * featureCount }, () => 2 * random.gaussian());
  return Array.from({ length: LEGS }, () => ({
    blocks: Array.from({ length: STEPS }, block),
    state: new Float32Array(stateSize),
    logits: [],
  }));
}

const restarted = (leg: Leg): Leg => ({
  blocks: leg.blocks,
  state: new Float32Array(leg.state.length),
  logits: [],
});

/** One step of these legs, a row each, with what is left over of former runs in the other rows. */
async function step(engine: Engine, batch: StepBatch, legs: readonly Leg[]): Promise<void> {
  const { stateSize, outputsPerStep } = engine.signature;
  legs.forEach(({ blocks, state, logits }, row) => {
    batch.features.set(blocks[logits.length]!, row * blocks[0]!.length);
    batch.state.set(state, row * stateSize);
  });
  batch.rows = legs.length;
  await engine.run(batch);
  legs.forEach(({ state, logits }, row) => {
    state.set(batch.stateOut.subarray(row * stateSize, (row + 1) * stateSize));
    logits.push(batch.logits.slice(row * outputsPerStep, (row + 1) * outputsPerStep));
  });
}

/** Bits, so that −0 is not 0. */
const bitsOf = (values: Float32Array) => Buffer.from(values.slice().buffer).toString('hex');

function differing(legs: readonly Leg[], alone: readonly Leg[]): number[] {
  const bits = ({ state, logits }: Leg) => [state, ...logits].map(bitsOf).join();
  return legs.flatMap((leg, index) => (bits(leg) === bits(alone[index]!) ? [] : [index]));
}

describe.each(specs)('rows of %s', (_, spec) => {
  const plan = planNetwork(spec);
  let engine: Engine;
  let alone: Leg[];

  beforeAll(async () => {
    engine = await createOnnxEngine(writeOnnx(plan, randomWeights(spec, 21)), plan.signature);
    alone = createLegs(engine, createRandom(22));
    const single = createStepBatch(engine.signature, 1);
    for (const leg of alone) {
      for (let turn = 0; turn < STEPS; turn++) await step(engine, single, [leg]);
    }
  });
  afterAll(() => engine.dispose());

  it('have the bits of a leg alone at every batch size', async () => {
    const batch = createStepBatch(engine.signature, LEGS);
    for (const size of SIZES) {
      const legs = alone.slice(0, size).map(restarted);
      for (let turn = 0; turn < STEPS; turn++) await step(engine, batch, legs);
      expect({ size, differing: differing(legs, alone) }).toEqual({ size, differing: [] });
    }
  });

  it('have the bits of a leg alone while others join, leave and change rows', async () => {
    const random = createRandom(23);
    const batch = createStepBatch(engine.signature, LEGS);
    const legs = alone.map(restarted);
    const rowCounts = new Set<number>();
    for (;;) {
      const left = legs.filter(({ logits }) => logits.length < STEPS);
      if (left.length === 0) break;
      const share = random.uniform();
      const chosen = left.filter(() => random.uniform() <= share);
      // Any order of rows.
      chosen.sort((first, second) => first.blocks[0]![0]! - second.blocks[0]![0]!);
      if (chosen.length === 0) continue;
      rowCounts.add(chosen.length);
      await step(engine, batch, chosen);
    }
    expect(rowCounts.size).toBeGreaterThan(3);
    expect(differing(legs, alone)).toEqual([]);
  });
});
