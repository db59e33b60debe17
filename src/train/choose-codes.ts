import type { StepBatch } from '../model/engine.ts';
import { createOnnxEngine } from '../model/engines/onnx-engine.ts';
import { type NetworkPlan, planNetwork, tensorShapes } from '../model/network.ts';
import { MOST_CODE, type NetworkSpec, type Quantisation } from '../model/network-spec.ts';
import { writeOnnx } from '../model/onnx-writer.ts';
import type { Codes } from '../model/quantise.ts';
import { type NetworkWeights, weightOf } from '../model/weights.ts';
import { type Clip, CorpusError } from './corpora/clip.ts';
import { drawEvenly } from './draw-evenly.ts';
import type { FeatureStore } from './features.ts';
import { scoreStore } from './score-store.ts';
import { indicesOf, type TrainedNetwork } from './train-run.ts';

/** Of `train`, a channel: enough that another draw moves the scales by less than a step of theirs. */
const CLIPS = 64;
/** Of a clip: long ones say little more, and what is seen is held in memory. */
const MOST_FRAMES = 2048;
/** One engine run in so many is looked at: neighbours look alike. */
const EVERY_RUNS = 8;
/** Shares of the values that the codes reach; the one that costs least is taken. */
const REACHES = [0.999, 0.9999, 0.99999, 1] as const;

/**
 * What the codes of each convolution are worth (`quantisation` of the network), measured on training
 * clips in all channels. The network runs in floats. Takes some seconds, and some 10 MB a channel.
 * @throws CorpusError when no training clip has the frames of one step
 * @throws RangeError when a convolution's kernel is no longer than its stride over time
 */
export async function chooseCodes(
  { spec, weights, mean, scale }: Pick<TrainedNetwork, 'spec' | 'weights' | 'mean' | 'scale'>,
  clips: readonly Clip[],
  stores: readonly FeatureStore[],
): Promise<Quantisation> {
  const probe = planNetwork(probeSpec(spec));
  requireContexts(probe);
  const engine = await createOnnxEngine(
    writeOnnx(probe, probeWeights(probe, weights)),
    probe.signature,
  );
  const inputs = new InputSamples(probe);
  const onRun = inputs.see.bind(inputs);
  const indices = drawEvenly(indicesOf(clips, 'train'), CLIPS);
  try {
    for (const store of stores.map(beginningsOf)) {
      await scoreStore({ engine, store, clips, indices, mean, scale, onRun });
    }
  } finally {
    engine.dispose();
  }
  if (inputs.isEmpty) {
    throw new CorpusError(
      `no training clip has ${spec.framesPerStep} frames of speech: nothing to measure the network's integers on (or network.integers: false)`,
    );
  }
  const [input, ...outputs] = probe.convolutions.map((_, layer) => codesOf(inputs.of(layer)));
  return { input: input!, outputScales: outputs.map((codes) => codes.scale) };
}

function beginningsOf(store: FeatureStore): FeatureStore {
  const spans = store.spans.map((span) => ({
    ...span,
    frames: Math.min(span.frames, MOST_FRAMES),
  }));
  return { ...store, spans };
}

/** What a convolution is given is read from its context in the packed state. */
function requireContexts({ convolutions }: NetworkPlan): void {
  const blind = convolutions.find(({ contextFrames }) => contextFrames === 0);
  if (blind === undefined) return;
  throw new RangeError(
    `${blind.name} must have a time kernel longer than its stride (${blind.timeStride}), got ${blind.timeKernel}`,
  );
}

/** The codes with the least squared error on these values; 0 has a code of its own. */
export function codesOf(values: Float32Array): Codes {
  const sorted = values.toSorted();
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  let best = { codes: { scale: 1, zero: 0 }, error: Number.POSITIVE_INFINITY };
  for (const reach of REACHES) {
    const low = Math.min(0, at(1 - reach));
    const scale = Math.fround((Math.max(0, at(reach)) - low) / MOST_CODE);
    if (scale === 0) continue;
    const codes = { scale, zero: Math.round((0 - low) / scale) };
    const error = squaredError(sorted, codes);
    if (error < best.error) best = { codes, error };
  }
  return best.codes;
}

function squaredError(values: Float32Array, { scale, zero }: Codes): number {
  let sum = 0;
  for (const value of values) {
    const code = Math.min(MOST_CODE - zero, Math.max(-zero, Math.round(value / scale)));
    sum += (value - scale * code) ** 2;
  }
  return sum;
}

/**
 * The same convolutions and one more, whose only use is that its context, which the packed state
 * holds, is the output of the last.
 */
function probeSpec({
  projection: _,
  quantisation: _quantisation,
  ...spec
}: NetworkSpec): NetworkSpec {
  const { channels } = spec.convolutions.at(-1)!;
  const last = { channels, timeKernel: 2, frequencyKernel: 1, timeStride: 1, frequencyStride: 1 };
  return { ...spec, convolutions: [...spec.convolutions, last], units: [1], skip: false };
}

/** @returns the weights of the shared convolutions, zeros for the rest */
function probeWeights(probe: NetworkPlan, weights: NetworkWeights): NetworkWeights {
  const shared = new Set(probe.convolutions.slice(0, -1).map(({ name }) => name));
  return new Map(
    tensorShapes(probe, 'serving').map(({ name, shape }) => {
      const size = shape.reduce((product, dimension) => product * dimension, 1);
      return [
        name,
        shared.has(name.split('/')[0]!)
          ? weightOf(weights, name)
          : { shape, values: new Float32Array(size) },
      ];
    }),
  );
}

/** Keeps what a probe's runs show of every convolution's input. */
class InputSamples {
  readonly #plan: NetworkPlan;
  readonly #seen: Float32Array[][];
  #runs = 0;

  constructor(plan: NetworkPlan) {
    this.#plan = plan;
    this.#seen = plan.convolutions.map(() => []);
  }

  get isEmpty(): boolean {
    return this.#seen[0]!.length === 0;
  }

  see({ stateOut }: StepBatch, rows: readonly number[]): void {
    if (this.#runs++ % EVERY_RUNS !== 0) return;
    const { stateSize: rowSize } = this.#plan.signature;
    for (const [layer, { stateOffset, stateSize }] of this.#plan.convolutions.entries()) {
      for (const row of rows) {
        const first = row * rowSize + stateOffset;
        this.#seen[layer]!.push(stateOut.slice(first, first + stateSize));
      }
    }
  }

  /** Input of a convolution of the probe; of its last these are the outputs of the last real one. */
  of(layer: number): Float32Array {
    const pieces = this.#seen[layer]!;
    const all = new Float32Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  }
}
