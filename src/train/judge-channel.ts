import type { DetectorManifest } from '../model/manifest.ts';
import { type DurationPoint, durationCurve } from './duration-curve.ts';
import {
  type Decision,
  judgeSplit,
  type SplitFigures,
  strictThreshold,
} from './evaluate-detector.ts';
import { type CalibrationError, calibrationError } from './metrics/calibration-error.ts';
import { type Confusion, confusionAt } from './metrics/confusion.ts';
import { areaUnderRoc } from './metrics/det.ts';
import { actDcf, minDcf } from './metrics/min-dcf.ts';
import { splitScores, type TrialScores } from './metrics/trials.ts';
import { type RunningFigures, runningFigures } from './running-verdicts.ts';
import type { ScoredClip } from './score-store.ts';
import {
  type JudgedTrial,
  judgedTrials,
  judgeSlices,
  type SliceFigures,
  slicesOf,
} from './slices.ts';

/** Everything that is said of a split through one channel. */
export interface ChannelJudgement {
  readonly figures: SplitFigures;
  readonly slices: readonly SliceFigures[];
  readonly durations: readonly DurationPoint[];
  readonly auc: number;
  readonly minDcf: number;
  readonly actDcf: number;
  readonly calibration: CalibrationError;
  readonly running: RunningFigures;
  /** At the shipped 1 % threshold. */
  readonly confusion: Confusion;
  /** LLRs after 4 s of speech. */
  readonly scores: TrialScores;
  readonly trials: readonly JudgedTrial[];
}

export interface JudgeOptions {
  readonly split: string;
  readonly channel: string;
  readonly decision: Decision;
  /** When a verdict may be given, as when serving. */
  readonly rules: DetectorManifest['decision'];
  readonly hopMs: number;
  /** Families of the synthesisers that training met; null = unknown. */
  readonly seenFamilies: ReadonlySet<string> | null;
}

/** Judges the step logits of a split: figures, slices, durations, calibration. */
export function judgeChannel(
  scored: readonly ScoredClip[],
  { split, channel, decision, rules, hopMs, seenFamilies }: JudgeOptions,
): ChannelJudgement {
  const trials = judgedTrials(scored, decision, hopMs);
  const scores = splitScores(trials);
  return {
    figures: judgeSplit(scored, { split, channel }, decision, hopMs),
    slices: judgeSlices(slicesOf(trials, seenFamilies), channel, decision),
    durations: durationCurve(scored, decision, hopMs),
    auc: areaUnderRoc(scores),
    minDcf: minDcf(scores),
    actDcf: actDcf(scores),
    calibration: calibrationError(scores),
    running: runningFigures(scored, decision, rules, hopMs),
    confusion: confusionAt(scores, strictThreshold(decision)),
    scores,
    trials,
  };
}

/** A judgement as JSON: without the single trials. */
export function judgementJson({ scores: _, trials: _trials, ...judgement }: ChannelJudgement) {
  return judgement;
}
