import type { Detector } from '../model/detector.ts';
import { loadOpus } from '../stream/codecs/create-decoder.ts';
import type { ChannelName } from './channels.ts';
import { ClipAudio } from './clip-audio.ts';
import { type Clip, CorpusError } from './corpora/clip.ts';
import { prepareFeatures } from './features.ts';
import { type ScoredClip, scoreStore } from './score-store.ts';
import { requireMostReadable, type UnreadableClip, unreadableIn } from './unreadable.ts';

/** A public corpus has hundreds of hours, which do not fit into memory. */
const SHARD_CLIPS = 2_048;

export interface ScoreCorpusOptions {
  readonly detector: Detector;
  readonly clips: readonly Clip[];
  readonly channels: readonly ChannelName[];
  readonly cacheFolder: string;
  /** Clips whose audio and exact features are in memory together, a multiple of 64. Default 2,048. */
  readonly shardClips?: number;
}

/** The step logits of all clips through one channel. */
export interface ScoredChannel {
  readonly channel: ChannelName;
  readonly scored: readonly ScoredClip[];
  /** Clips that are not among the scored ones. */
  readonly unreadable: readonly UnreadableClip[];
}

/**
 * Scores clips with a detector through channels, features from the cache where it has them. The
 * scores are those that the server gives the same samples.
 * @throws CorpusError when the detector's normalisation is not global, or more than a few clips
 * cannot be read
 */
export async function scoreCorpus(options: ScoreCorpusOptions): Promise<ScoredChannel[]> {
  const { detector, clips, channels, cacheFolder, shardClips = SHARD_CLIPS } = options;
  const { manifest } = detector;
  const { normalisation } = manifest.frontEnd;
  if (normalisation.kind !== 'global') {
    throw new CorpusError('evaluating needs a detector with global normalisation');
  }
  const engine = await detector.createEngine('onnx');
  const opus = await loadOpus();
  const audio = new ClipAudio(manifest.sampleRateHz);
  const frontEnd = { ...manifest.frontEnd, normalisation: { kind: 'none' } } as const;
  const prepared = { frontEnd, seed: 1, cacheFolder, opus, audio, isExact: true };
  const results = channels.map((channel) => ({
    channel,
    scored: [] as ScoredClip[],
    unreadable: [] as UnreadableClip[],
  }));
  try {
    for (let firstIndex = 0; firstIndex < clips.length; firstIndex += shardClips) {
      const shard = clips.slice(firstIndex, firstIndex + shardClips);
      for (const { channel, scored, unreadable } of results) {
        const store = await prepareFeatures({ ...prepared, clips: shard, firstIndex, channel });
        unreadable.push(...unreadableIn(shard, store));
        requireMostReadable(clips, unreadable);
        const indices = [...shard.keys()].filter(
          (index) => store.spans[index]!.unreadable === undefined,
        );
        const options = { engine, store, clips: shard, indices, ...normalisation };
        scored.push(...(await scoreStore(options)));
      }
      audio.clear();
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
