import type { Detector } from '../model/detector.ts';
import type { Engine } from '../model/engine.ts';
import { modelSha256Of, type ReferenceFile } from '../model/reference.ts';
import { binByDeciles } from '../screening/drift.ts';
import { Evidence } from '../screening/evidence.ts';
import {
  DRIFT_MEASURES,
  type LegSample,
  LegSampler,
  SAMPLE_SPEECH_MS,
} from '../screening/leg-sample.ts';
import { type Clip, CorpusError } from './corpora/clip.ts';
import { drawEvenly } from './draw-evenly.ts';
import { type FeatureStore, unpackFrames } from './features.ts';
import { type ScoredClip, scoreStore } from './score-store.ts';

/** Deciles of so many clips are steady enough; more only cost time. */
const MOST_CLIPS = 1_000;
const LEAST_CLIPS = 20;
const ROUNDING = 1e6;

/** Human clips of `train` and `val`, evenly drawn. */
export function referenceClips(clips: readonly Clip[]): number[] {
  const human = [...clips.entries()].filter(
    ([, { label, split }]) => label === 'bonafide' && (split === 'train' || split === 'val'),
  );
  return drawEvenly(human, MOST_CLIPS).map(([index]) => index);
}

/**
 * What a detector makes of human clips, channel by channel, after as much speech as live legs are
 * looked at. Channels with fewer than 20 clips that are long enough are left out.
 * @param stores features without normalisation, in the order of `clips`
 * @returns null when no channel has enough
 * @throws CorpusError when the detector's normalisation is not global
 */
export async function driftReference(
  detector: Detector,
  clips: readonly Clip[],
  stores: readonly FeatureStore[],
): Promise<ReferenceFile | null> {
  const engine = await detector.createEngine('onnx');
  const channels: ReferenceFile['channels'] = {};
  try {
    for (const store of stores) {
      const samples = await samplesOf(detector, engine, clips, store);
      if (samples.length < LEAST_CLIPS) continue;
      channels[store.channel] = {
        clips: samples.length,
        measures: Object.fromEntries(
          DRIFT_MEASURES.map((measure) => [
            measure,
            rounded(binByDeciles(samples.map((sample) => sample[measure]))),
          ]),
        ),
      };
    }
  } finally {
    engine.dispose();
  }
  if (Object.keys(channels).length === 0) return null;
  const modelSha256 = modelSha256Of(detector);
  return { schemaVersion: 1, modelSha256, speechMs: SAMPLE_SPEECH_MS, channels };
}

async function samplesOf(
  { manifest }: Detector,
  engine: Engine,
  clips: readonly Clip[],
  store: FeatureStore,
): Promise<LegSample[]> {
  const { normalisation } = manifest.frontEnd;
  if (normalisation.kind !== 'global') {
    throw new CorpusError('a reference needs a detector with global normalisation');
  }
  const indices = referenceClips(clips);
  const scored = await scoreStore({ engine, store, clips, indices, ...normalisation });
  const indexOf = new Map(indices.map((index) => [clips[index]!, index]));
  return scored.flatMap((clip) => {
    const features = new NormalisedFrames(store, normalisation);
    const sample = sampleOf(clip, features.of(indexOf.get(clip.clip)!), manifest);
    return sample ?? [];
  });
}

/** Frames of a store as the network reads them. */
class NormalisedFrames {
  readonly #store: FeatureStore;
  readonly #by: { readonly mean: readonly number[]; readonly scale: readonly number[] };

  constructor(
    store: FeatureStore,
    by: { readonly mean: readonly number[]; readonly scale: readonly number[] },
  ) {
    this.#store = store;
    this.#by = by;
  }

  of(index: number): { readonly frames: Float32Array; readonly voiced: Uint8Array } {
    const { spans, featureCount, voiced } = this.#store;
    const { firstFrame, frames: count } = spans[index]!;
    const frames = new Float32Array(count * featureCount);
    unpackFrames(this.#store, firstFrame, count, frames);
    for (let at = 0; at < frames.length; at++) {
      const feature = at % featureCount;
      frames[at] = (frames[at]! - this.#by.mean[feature]!) * this.#by.scale[feature]!;
    }
    return { frames, voiced: voiced.subarray(firstFrame, firstFrame + count) };
  }
}

/** Works through a clip as a leg does; null when it has too little speech. */
function sampleOf(
  { logits, voicedFrames }: Pick<ScoredClip, 'logits' | 'voicedFrames'>,
  { frames, voiced }: { readonly frames: Float32Array; readonly voiced: Uint8Array },
  { frontEnd, signature, decision }: Detector['manifest'],
): LegSample | null {
  const { hopMs, deltaOrder } = frontEnd;
  const { featureCount, framesPerStep, outputsPerStep } = signature;
  const staticCount = featureCount / (1 + deltaOrder);
  const sampler = new LegSampler({ featureCount, staticCount, hopMs });
  const evidence = new Evidence({ hopMs, recentWindowMs: decision.recentWindowMs });
  const framesPerOutput = framesPerStep / outputsPerStep;
  for (const [output, logit] of logits.entries()) {
    for (let offset = 0; offset < framesPerOutput; offset++) {
      const frame = output * framesPerOutput + offset;
      sampler.addFrame(frames, frame, voiced[frame] === 1);
    }
    evidence.add(logit, voicedFrames[output]!);
    if (sampler.isDue) return sampler.take(evidence.meanLogit);
  }
  return null;
}

function rounded({ edges, shares }: ReturnType<typeof binByDeciles>) {
  const round = (value: number) => Math.round(value * ROUNDING) / ROUNDING;
  return { edges: edges.map(round), shares: shares.map(round) };
}
