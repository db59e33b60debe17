import { createStepBatch, type Engine } from '../model/engine.ts';
import type { ClipLogits } from './calibrate.ts';
import type { Clip } from './corpus.ts';
import { type FeatureStore, unpackFrames } from './features.ts';

const MAX_ROWS = 128;

export interface ScoreOptions {
  readonly engine: Engine;
  readonly store: FeatureStore;
  readonly clips: readonly Clip[];
  readonly indices: readonly number[];
  readonly mean: readonly number[];
  readonly scale: readonly number[];
}

/**
 * Step logits of whole clips, in the blocks of serving and from the zero state; what is left of a
 * block at the end of a clip is not scored, as when serving.
 */
export async function scoreStore(options: ScoreOptions): Promise<ClipLogits[]> {
  const { clips, indices, store } = options;
  const results: ClipLogits[] = [];
  // Clips of like length share a batch, so that few rows idle.
  const ordered = [...indices].sort((a, b) => store.spans[a]!.frames - store.spans[b]!.frames);
  for (let at = 0; at < ordered.length; at += MAX_ROWS) {
    const group = ordered.slice(at, at + MAX_ROWS);
    const scored = await scoreGroup(group, options);
    group.forEach((index, row) => {
      const clip = clips[index]!;
      results.push({
        page: clip.page,
        system: clip.system,
        isSpoof: clip.label === 'spoof',
        ...scored[row]!,
      });
    });
  }
  return results;
}

async function scoreGroup(
  group: readonly number[],
  { engine, store, mean, scale }: ScoreOptions,
): Promise<{ logits: Float32Array; voicedFrames: Uint8Array }[]> {
  const { framesPerStep, featureCount, outputsPerStep } = engine.signature;
  const batch = createStepBatch(engine.signature, group.length);
  batch.rows = group.length;
  const blockFloats = framesPerStep * featureCount;
  const framesPerOutput = framesPerStep / outputsPerStep;
  const results = group.map((index) => {
    const steps = Math.floor(store.spans[index]!.frames / framesPerStep);
    return {
      logits: new Float32Array(steps * outputsPerStep),
      voicedFrames: new Uint8Array(steps * outputsPerStep),
    };
  });
  const mostSteps = Math.max(...results.map(({ logits }) => logits.length / outputsPerStep));
  for (let step = 0; step < mostSteps; step++) {
    for (const [row, index] of group.entries()) {
      if (step * outputsPerStep >= results[row]!.logits.length) continue;
      const first = store.spans[index]!.firstFrame + step * framesPerStep;
      const into = batch.features.subarray(row * blockFloats, (row + 1) * blockFloats);
      unpackFrames(store, first, framesPerStep, into);
      for (let at = 0; at < into.length; at++) {
        const feature = at % featureCount;
        into[at] = (into[at]! - mean[feature]!) * scale[feature]!;
      }
    }
    await engine.run(batch);
    batch.state.set(batch.stateOut);
    for (const [row, index] of group.entries()) {
      const { logits, voicedFrames } = results[row]!;
      if (step * outputsPerStep >= logits.length) continue;
      const first = store.spans[index]!.firstFrame + step * framesPerStep;
      for (let output = 0; output < outputsPerStep; output++) {
        const at = step * outputsPerStep + output;
        logits[at] = batch.logits[row * outputsPerStep + output]!;
        for (let frame = 0; frame < framesPerOutput; frame++) {
          voicedFrames[at] =
            voicedFrames[at]! + store.voiced[first + output * framesPerOutput + frame]!;
        }
      }
    }
  }
  return results;
}
