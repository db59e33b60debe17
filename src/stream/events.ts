import type { AbstentionReason } from '../screening/abstention.ts';
import type { LegSample } from '../screening/leg-sample.ts';
import type { VerdictName, VerdictReason } from '../screening/verdict.ts';

/** What is known of the sound of a leg. */
export interface QualityFigures {
  readonly levelDbfs: number;
  readonly bandwidthHz: number;
  readonly clippedShare: number;
  readonly lostMs: number;
}

/** A rolling score of one leg. Published numbers are rounded, so that traces compare byte for byte. */
export interface ScoreFigures {
  readonly streamTimeMs: number;
  readonly speechMs: number;
  /** 0…1; null while abstaining. */
  readonly syntheticProbability: number | null;
  /** ln p(audio | bona fide) / p(audio | spoof); positive = bona fide; null while abstaining. */
  readonly llr: number | null;
  /** 90 % interval of the probability; null while abstaining. */
  readonly interval: readonly [number, number] | null;
  readonly recent: { readonly syntheticProbability: number | null; readonly speechMs: number };
  readonly verdict: VerdictName;
  readonly firm: boolean;
  readonly abstain: AbstentionReason | null;
  readonly quality: QualityFigures;
}

/** Sums over the life of a leg. */
export interface LegTotals {
  readonly streamTimeMs: number;
  readonly speechMs: number;
  readonly lostMs: number;
  readonly packets: number;
  readonly corruptPackets: number;
  readonly scores: number;
  readonly steps: number;
  readonly finalScore: ScoreFigures | null;
}

/** What a lane reports, with the numeric keys of the feed and leg. */
export type LaneEvent =
  | {
      readonly kind: 'score';
      readonly legKey: number;
      readonly seq: number;
      readonly figures: ScoreFigures;
      /** From the arrival of the newest sample to the lane's answer. */
      readonly latencyMs: number;
      /** Wall time of the answer. */
      readonly emittedAtMs: number;
    }
  | {
      readonly kind: 'verdict';
      readonly legKey: number;
      readonly seq: number;
      readonly figures: ScoreFigures;
      readonly from: VerdictName;
      readonly to: VerdictName;
      readonly reason: VerdictReason;
      readonly latencyMs: number;
      readonly emittedAtMs: number;
    }
  | {
      readonly kind: 'gap';
      readonly legKey: number;
      readonly streamTimeMs: number;
      readonly lostMs: number;
    }
  /** The leg has had enough speech to be compared with the training data. */
  | { readonly kind: 'sample'; readonly legKey: number; readonly sample: LegSample }
  | { readonly kind: 'paused'; readonly feedId: number; readonly streamTimeMs: number }
  | { readonly kind: 'resumed'; readonly feedId: number; readonly streamTimeMs: number }
  | { readonly kind: 'finalized'; readonly feedId: number; readonly streamTimeMs: number }
  /** The feed was read to its end; its memory on the lane is gone. */
  | { readonly kind: 'ended'; readonly feedId: number; readonly totals: readonly LegTotals[] }
  /** The feed cannot go on: too many corrupt packets, or a fault inside the lane. */
  | { readonly kind: 'failed'; readonly feedId: number; readonly code: FeedFailureCode };

export type FeedFailureCode = 'SCREEN_ERR_CODEC' | 'SCREEN_ERR_INTERNAL';

/** Load of one lane over the last second. */
export interface LaneLoad {
  readonly feeds: number;
  /** Share of wall time spent working, 0…1. */
  readonly busyShare: number;
  /** How late the last tick came, in ms. */
  readonly lagMs: number;
  readonly runs: number;
  readonly rows: number;
  readonly largestBatch: number;
  readonly waitingFeeds: number;
  readonly corruptPackets: number;
  readonly packets: number;
}
