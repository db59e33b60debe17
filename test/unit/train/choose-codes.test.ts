import { describe, expect, it } from 'vitest';
import { createStepBatch } from '../../../src/model/engine.ts';
import { createOnnxEngine } from '../../../src/model/engines/onnx-engine.ts';
import { planNetwork } from '../../../src/model/network.ts';
import type { NetworkSpec } from '../../../src/model/network-spec.ts';
import { writeOnnx } from '../../../src/model/onnx-writer.ts';
import { createRandom } from '../../../src/random.ts';
import { chooseCodes, codesOf } from '../../../src/train/choose-codes.ts';
import { type Clip, CorpusError } from '../../../src/train/corpora/clip.ts';
import type { FeatureStore } from '../../../src/train/features.ts';
import { randomWeights, tinyNetworkSpec } from '../../support/tiny-detector.ts';

describe('codesOf', () => {
  it('spreads the codes from the least value to the greatest', () => {
    expect(codesOf(Float32Array.of(-1, 0, 0.5, 1.55))).toEqual({
      scale: Math.fround(0.01),
      zero: 100,
    });
  });

  it('begins at 0 where nothing is below it, and ends there where nothing is above', () => {
    expect(codesOf(Float32Array.of(5.1, 2))).toEqual({ scale: Math.fround(0.02), zero: 0 });
    expect(codesOf(Float32Array.of(-5.1, -2))).toEqual({ scale: Math.fround(0.02), zero: 255 });
  });

  it('leaves out a rare value where that costs less than the precision of all others', () => {
    const random = createRandom(1);
    const values = Float32Array.from({ length: 200_000 }, () => random.uniform());
    values[7] = 1.5;
    expect(codesOf(values).scale).toBeCloseTo(1 / 255, 4);
    // Too far out to be cut off.
    values[7] = 10;
    expect(codesOf(values).scale).toBeCloseTo(10 / 255, 4);
  });

  it('takes any scale where all is 0, or nothing was seen', () => {
    expect(codesOf(new Float32Array(3))).toEqual({ scale: 1, zero: 0 });
    expect(codesOf(new Float32Array(0))).toEqual({ scale: 1, zero: 0 });
  });
});

const FRAMES = 64;
const CLIPS = 20;

/** Clips of Gaussian frames; those of `dev` are a hundred times louder. */
function makeCorpus(featureCount: number): { clips: Clip[]; store: FeatureStore } {
  const random = createRandom(3);
  const clips = Array.from(
    { length: CLIPS },
    (_, index) => ({ split: index % 2 === 0 ? 'train' : 'dev' }) as Clip,
  );
  const size = FRAMES * featureCount;
  const frames = Float32Array.from(
    { length: CLIPS * size },
    (_, at) => random.gaussian() * (Math.floor(at / size) % 2 === 0 ? 1 : 100),
  );
  const spans = clips.map((_, index) => ({ firstFrame: index * FRAMES, frames: FRAMES }));
  const voiced = new Uint8Array(CLIPS * FRAMES).fill(1);
  return { clips, store: { channel: 'clean', featureCount, frames, voiced, spans } };
}

/** Training clips of so many Gaussian frames each, of a level each. */
function makeClips(
  featureCount: number,
  kinds: readonly { readonly frames: number; readonly level: number }[],
): { clips: Clip[]; store: FeatureStore } {
  const random = createRandom(4);
  let firstFrame = 0;
  const spans = kinds.map(({ frames }) => {
    firstFrame += frames;
    return { firstFrame: firstFrame - frames, frames };
  });
  const frames = kinds.flatMap((kind) =>
    Array.from({ length: kind.frames * featureCount }, () => kind.level * random.gaussian()),
  );
  const voiced = new Uint8Array(firstFrame).fill(1);
  return {
    clips: kinds.map(() => ({ split: 'train' }) as Clip),
    store: { channel: 'clean', featureCount, frames: Float32Array.from(frames), voiced, spans },
  };
}

/** The store with the frames of one clip alone. */
function onlyClip(store: FeatureStore, index: number): FeatureStore {
  const spans = store.spans.map((span, at) => (at === index ? span : { ...span, frames: 0 }));
  return { ...store, spans };
}

async function logitsOf(spec: NetworkSpec): Promise<Float32Array> {
  const plan = planNetwork(spec);
  const engine = await createOnnxEngine(writeOnnx(plan, randomWeights(spec, 5)), plan.signature);
  const batch = createStepBatch(plan.signature, 16);
  const random = createRandom(6);
  batch.rows = 16;
  for (let at = 0; at < batch.features.length; at++) batch.features[at] = random.gaussian();
  await engine.run(batch);
  engine.dispose();
  return batch.logits;
}

describe('chooseCodes', () => {
  const spec = tinyNetworkSpec('cnn-lstm');
  const { clips, store } = makeCorpus(spec.inputSize);
  const trained = {
    spec,
    weights: randomWeights(spec, 5),
    mean: new Array<number>(spec.inputSize).fill(0),
    scale: new Array<number>(spec.inputSize).fill(1),
  };

  it('measures the training clips alone, one scale a convolution', async () => {
    const { input, outputScales } = await chooseCodes(trained, clips, [store]);
    expect(outputScales).toHaveLength(2);
    // A few hundred Gaussian values reach some two to three and a half deviations either way.
    expect(255 * input.scale).toBeGreaterThan(4);
    expect(255 * input.scale).toBeLessThan(7.5);
    expect(input.zero).toBeGreaterThan(90);
    expect(input.zero).toBeLessThan(165);
  });

  it('gives a network in integers that says nearly the same', async () => {
    const floats = await logitsOf(spec);
    const integers = await logitsOf({
      ...spec,
      quantisation: await chooseCodes(trained, clips, [store]),
    });
    const rms = (values: Float32Array) =>
      Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
    const error = rms(floats.map((value, at) => value - integers[at]!));
    expect(error).toBeGreaterThan(0);
    expect(error).toBeLessThan(0.05 * rms(floats));
  });

  it('looks at no clip past its end while others of its batch go on', async () => {
    const made = makeClips(spec.inputSize, [
      { frames: 64, level: 3 },
      { frames: 1024, level: 1 },
    ]);
    const apart = [onlyClip(made.store, 0), onlyClip(made.store, 1)];
    const together = await chooseCodes(trained, made.clips, [made.store]);
    expect(together).toEqual(await chooseCodes(trained, made.clips, apart));
  });

  it('looks at the beginning of a long clip alone, which bounds time and memory', async () => {
    const short = makeClips(spec.inputSize, [{ frames: 2048, level: 1 }]);
    const long = makeClips(spec.inputSize, [{ frames: 4096, level: 1 }]);
    long.store.frames.fill(1000, 2048 * spec.inputSize);
    const codes = await chooseCodes(trained, short.clips, [short.store]);
    expect(await chooseCodes(trained, long.clips, [long.store])).toEqual(codes);
  });

  it('refuses a corpus in which no training clip has a step of speech', async () => {
    const made = makeClips(spec.inputSize, [
      { frames: spec.framesPerStep - 1, level: 1 },
      { frames: 0, level: 1 },
    ]);
    await expect(chooseCodes(trained, made.clips, [made.store])).rejects.toThrow(CorpusError);
    await expect(chooseCodes(trained, [], [made.store])).rejects.toThrow(
      'no training clip has 8 frames of speech',
    );
  });

  it('refuses a convolution that keeps nothing of its input to be measured', async () => {
    const convolutions = spec.convolutions.map((layer, index) =>
      index === 1 ? { ...layer, timeKernel: layer.timeStride } : layer,
    );
    const blind = { ...spec, convolutions };
    const weights = randomWeights(blind, 5);
    await expect(chooseCodes({ ...trained, spec: blind, weights }, clips, [store])).rejects.toThrow(
      'conv1 must have a time kernel longer than its stride (2), got 2',
    );
  });

  it('is the same for a network that has a projection or was in integers already', async () => {
    const codes = await chooseCodes(trained, clips, [store]);
    const coded = { ...spec, projection: 5, quantisation: codes };
    const again = await chooseCodes({ ...trained, spec: coded }, clips, [store]);
    expect(again).toEqual(codes);
  });
});
