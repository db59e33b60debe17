import type { Detector } from '../model/detector.ts';
import { loadOpus } from '../stream/codecs/create-decoder.ts';
import type { ChannelName } from './channels.ts';
import { ClipAudio } from './clip-audio.ts';
import { type Clip, CorpusError } from './corpora/clip.ts';
import { prepareFeatures } from './features.ts';
import { type ScoredClip, scoreStore } from './score-store.ts';

export interface ScoreCorpusOptions {
  readonly detector: Detector;
  readonly clips: readonly Clip[];
  readonly channels: readonly ChannelName[];
  readonly cacheFolder: string;
}

/** The step logits of all clips through one channel. */
export interface ScoredChannel {
  readonly channel: ChannelName;
  readonly scored: readonly ScoredClip[];
}

/**
 * Scores clips with a detector through channels, features from the cache where it has them. The
 * scores are those that the server gives the same samples.
 * @throws CorpusError when the detector's normalisation is not global
 */
export async function scoreCorpus(options: ScoreCorpusOptions): Promise<ScoredChannel[]> {
  const { detector, clips, channels, cacheFolder } = options;
  const { manifest } = detector;
  const { normalisation } = manifest.frontEnd;
  if (normalisation.kind !== 'global') {
    throw new CorpusError('evaluating needs a detector with global normalisation');
  }
  const engine = await detector.createEngine('onnx');
  const opus = await loadOpus();
  const audio = new ClipAudio(manifest.sampleRateHz);
  const results: ScoredChannel[] = [];
  try {
    for (const channel of channels) {
      const store = await prepareFeatures({
        clips,
        channel,
        frontEnd: { ...manifest.frontEnd, normalisation: { kind: 'none' } },
        seed: 1,
        cacheFolder,
        opus,
        audio,
        isExact: true,
      });
      const indices = [...clips.keys()];
      results.push({
        channel,
        scored: await scoreStore({ engine, store, clips, indices, ...normalisation }),
      });
    }
  } finally {
    engine.dispose();
  }
  return results;
}

/**
 * Families of the synthesisers that a detector was trained on: from its manifest, or else from the
 * split `train` of this corpus, or else null.
 */
export function seenFamiliesOf(
  { training }: Detector['manifest'],
  trainingFamilies: readonly string[],
): ReadonlySet<string> | null {
  const stated = training['synthesiserFamilies'];
  if (Array.isArray(stated)) return new Set(stated.map(String));
  return trainingFamilies.length > 0 ? new Set(trainingFamilies) : null;
}
