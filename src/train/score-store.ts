import { createStepBatch, type Engine, type StepBatch } from '../model/engine.ts';
import type { ClipLogits } from './calibrate.ts';
import type { Clip } from './corpora/clip.ts';
import { type FeatureStore, unpackFrames } from './features.ts';

const MAX_ROWS = 128;

/** A clip's step logits with the clip they are of. */
export interface ScoredClip extends ClipLogits {
  readonly clip: Clip;
  /** Of the clip as heard; absent = not measured. */
  readonly snrDb?: number | undefined;
}

export interface ScoreOptions {
  readonly engine: Engine;
  readonly store: FeatureStore;
  readonly clips: readonly Clip[];
  readonly indices: readonly number[];
  readonly mean: readonly number[];
  readonly scale: readonly number[];
  /** Hears of each engine run, with the rows whose clip has not ended: the others hold old frames. */
  readonly onRun?: (batch: StepBatch, rows: readonly number[]) => void;
}

/**
 * Step logits of whole clips, in the blocks of serving and from the zero state; what is left of a
 * block at the end of a clip is not scored, as when serving.
 */
export async function scoreStore(options: ScoreOptions): Promise<ScoredClip[]> {
  const { clips, indices, store } = options;
  const results: ScoredClip[] = [];
  // Clips of like length share a batch, so that few rows idle.
  const ordered = [...indices].sort((a, b) => store.spans[a]!.frames - store.spans[b]!.frames);
  for (let at = 0; at < ordered.length; at += MAX_ROWS) {
    const group = ordered.slice(at, at + MAX_ROWS);
    const scored = await scoreGroup(group, options);
    group.forEach((index, row) => {
      const clip = clips[index]!;
      results.push({
        clip,
        page: clip.page,
        system: clip.system,
        speaker: clip.speaker,
        isSpoof: clip.label === 'spoof',
        snrDb: store.spans[index]!.snrDb,
        ...scored[row]!,
      });
    });
  }
  return results;
}

async function scoreGroup(
  group: readonly number[],
  options: ScoreOptions,
): Promise<{ logits: Float32Array; voicedFrames: Uint8Array }[]> {
  const { engine, store } = options;
  const { framesPerStep, outputsPerStep } = engine.signature;
  const batch = createStepBatch(engine.signature, group.length);
  batch.rows = group.length;
  const stepsOf = (index: number) => Math.floor(store.spans[index]!.frames / framesPerStep);
  const results = group.map((index) => ({
    logits: new Float32Array(stepsOf(index) * outputsPerStep),
    voicedFrames: new Uint8Array(stepsOf(index) * outputsPerStep),
  }));
  const mostSteps = Math.max(...group.map(stepsOf));
  for (let step = 0; step < mostSteps; step++) {
    const live = [...group.entries()].filter(([, index]) => step < stepsOf(index));
    for (const [row, index] of live) fillRow(batch, row, { ...options, index, step });
    await engine.run(batch);
    options.onRun?.(
      batch,
      live.map(([row]) => row),
    );
    batch.state.set(batch.stateOut);
    for (const [row, index] of live) {
      const { logits, voicedFrames } = results[row]!;
      const at = step * outputsPerStep;
      const first = row * outputsPerStep;
      logits.set(batch.logits.subarray(first, first + outputsPerStep), at);
      const frame = store.spans[index]!.firstFrame + step * framesPerStep;
      countVoiced(
        store,
        frame,
        framesPerStep / outputsPerStep,
        voicedFrames.subarray(at, at + outputsPerStep),
      );
    }
  }
  return results;
}

/** Normalised features of one step of a clip, into its row. */
function fillRow(
  batch: StepBatch,
  row: number,
  { engine, store, mean, scale, index, step }: ScoreOptions & { index: number; step: number },
): void {
  const { framesPerStep, featureCount } = engine.signature;
  const size = framesPerStep * featureCount;
  const into = batch.features.subarray(row * size, (row + 1) * size);
  const first = store.spans[index]!.firstFrame + step * framesPerStep;
  unpackFrames(store, first, framesPerStep, into);
  for (let at = 0; at < into.length; at++) {
    const feature = at % featureCount;
    into[at] = (into[at]! - mean[feature]!) * scale[feature]!;
  }
}

/** Voiced frames of each output of the step that begins at `frame`. */
function countVoiced(
  store: FeatureStore,
  frame: number,
  framesPerOutput: number,
  into: Uint8Array,
): void {
  for (let output = 0; output < into.length; output++) {
    let voiced = 0;
    for (let offset = 0; offset < framesPerOutput; offset++) {
      voiced += store.voiced[frame + output * framesPerOutput + offset]!;
    }
    into[output] = voiced;
  }
}
