import type { Detector } from '../model/detector.ts';
import type { ChannelName } from './channels.ts';
import { compareSlices, type SliceComparison } from './compare.ts';
import { type Clip, CorpusError } from './corpora/clip.ts';
import { evaluationSplitOf } from './corpus.ts';
import { type ScoredChannel, scoreCorpus, seenFamiliesOf } from './score-corpus.ts';
import { judgedTrials, slicesOf } from './slices.ts';
import { trainingFamilies } from './system-family.ts';
import { tellUnreadable } from './unreadable.ts';

export interface GuardOptions {
  readonly before: Detector;
  readonly after: Detector;
  /** The corpus of the old evaluation; its `eval` or else `dev` is judged. */
  readonly clips: readonly Clip[];
  readonly channel: ChannelName;
  readonly cacheFolder: string;
  /** Takes a line about clips that cannot be read. */
  readonly say: (line: string) => void;
}

/**
 * Holds a detector against the one that it goes on from, on the evaluation of that one: every
 * slice, by a paired bootstrap.
 * @throws CorpusError when there is nothing to judge on
 */
export async function guardTransfer(options: GuardOptions): Promise<readonly SliceComparison[]> {
  const { before, after, channel, cacheFolder, say } = options;
  const split = evaluationSplitOf(options.clips);
  const clips = options.clips.filter((clip) => clip.split === split);
  if (clips.length === 0) throw new CorpusError(`the guarding corpus has no split ${split}`);
  const scoredBy = async (detector: Detector) => {
    const scored = await scoreCorpus({ detector, clips, channels: [channel], cacheFolder });
    return scored[0]!;
  };
  const families = seenFamiliesOf(before.manifest, trainingFamilies(options.clips));
  const scoredAfter = await scoredBy(after);
  const line = tellUnreadable(scoredAfter.unreadable, clips.length);
  if (line !== null) say(line);
  const slices = slicesOf(judged(after, scoredAfter), families);
  return compareSlices(slices, judged(before, await scoredBy(before)), channel);
}

function judged({ manifest }: Detector, { scored }: ScoredChannel) {
  return judgedTrials(scored, manifest, manifest.frontEnd.hopMs);
}
