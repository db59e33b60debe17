import { type Decision, DURATIONS_MS } from './evaluate-detector.ts';
import { bootstrapEer, type Interval } from './metrics/bootstrap.ts';
import { realisableEqualErrorRate } from './metrics/eer.ts';
import { splitScores } from './metrics/trials.ts';
import type { ScoredClip } from './score-store.ts';
import { judgedTrials, resamplingOf } from './slices.ts';

/** EER of the running score when a stream has seen this much voiced time, or all there is. */
export interface DurationPoint {
  readonly speechSeconds: number;
  readonly eer: number;
  readonly eerInterval: Interval;
  /** Share of the clips that have as much speech; the others are judged by all they have. */
  readonly longEnough: number;
}

/** The EER after 1, 2, 4 and 8 s of speech, pooled over all clips. */
export function durationCurve(
  scored: readonly ScoredClip[],
  decision: Decision,
  hopMs: number,
): DurationPoint[] {
  const speechMs = scored.map(
    ({ voicedFrames }) => hopMs * voicedFrames.reduce((sum, frames) => sum + frames, 0),
  );
  return DURATIONS_MS.map((durationMs) => {
    const trials = judgedTrials(scored, decision, hopMs, durationMs);
    return {
      speechSeconds: durationMs / 1000,
      eer: realisableEqualErrorRate(splitScores(trials)).eer,
      eerInterval: bootstrapEer(trials, resamplingOf(trials)),
      longEnough: speechMs.filter((ms) => ms >= durationMs).length / scored.length,
    };
  });
}
