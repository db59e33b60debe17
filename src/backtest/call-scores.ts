import { createHash } from 'node:crypto';
import { z } from 'zod';
import { requireStopped } from '../replay/offline-screener.ts';
import type { ScoreFigures } from '../stream/events.ts';
import type { ScreeningEvent } from '../stream/screening-events.ts';

/** What policies read of a score: stream time, speech, LLR, and speech and probability of the last seconds. */
const rowSchema = z.tuple([
  z.number(),
  z.number(),
  z.number().nullable(),
  z.number(),
  z.number().nullable(),
]);
export type ScoreRow = z.infer<typeof rowSchema>;

const legSchema = z.strictObject({
  /** `name@12 hex`; null = no score at all. */
  detector: z.string().nullable(),
  streamTimeMs: z.number(),
  scores: z.array(rowSchema),
});

/** All scores of one replayed recording, one leg a channel. No audio, no policy. */
export const callScoresSchema = z.strictObject({ legs: z.array(legSchema).min(1) });
export type CallScores = z.infer<typeof callScoresSchema>;

/** The scores of a screened call. @throws BrokenOffError */
export function callScoresOf(events: readonly ScreeningEvent[]): CallScores {
  return {
    legs: requireStopped(events).legs.map(({ leg, finalScore, streamTimeMs }) => {
      const scores = events.flatMap((event) =>
        event.type === 'score' && event.leg === leg ? [event] : [],
      );
      const rows = scores.map(rowOf);
      // What the end flushed out is a score of its own, as in the service.
      if (finalScore !== null && finalScore.streamTimeMs > (rows.at(-1)?.[0] ?? -1)) {
        rows.push(rowOf(finalScore));
      }
      return { detector: scores[0]?.detector ?? null, streamTimeMs, scores: rows };
    }),
  };
}

function rowOf({ streamTimeMs, speechMs, llr, recent }: ScoreFigures): ScoreRow {
  return [streamTimeMs, speechMs, llr, recent.speechMs, recent.syntheticProbability];
}

/** Everything that the scores of a recording depend on, and nothing that only policies do. */
export interface ScoreOrigin {
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
  /** sha256 of the detectors' manifests. */
  readonly detectors: readonly string[];
  readonly codec: string;
  readonly sampleRateHz: number | null;
  readonly scoreIntervalMs: number;
  readonly priorSynthetic: number;
}

/** Names the scores of a recording: the same origin has the same scores. */
export function scoreKey(origin: ScoreOrigin): string {
  const { path, bytes, modifiedMs, detectors, codec } = origin;
  const parts = [path, bytes, modifiedMs, detectors, codec];
  const rest = [origin.sampleRateHz, origin.scoreIntervalMs, origin.priorSynthetic];
  return createHash('sha256')
    .update(JSON.stringify([...parts, ...rest]))
    .digest('hex')
    .slice(0, 32);
}
