import type { FrontEnd } from '../dsp/front-end.ts';
import { dominantSignal } from '../dsp/signal-shape.ts';
import type { SnapshotReader, Snapshotting, SnapshotWriter } from '../dsp/snapshot.ts';
import { type AbstentionLimits, abstentionReason } from '../screening/abstention.ts';
import type { CalibratedScore, Calibration } from '../screening/calibration.ts';
import { Evidence } from '../screening/evidence.ts';
import {
  INITIAL_VERDICT,
  nextVerdict,
  type Verdict,
  type VerdictOptions,
} from '../screening/verdict.ts';
import type { ScoreFigures } from './events.ts';

const SNAPSHOT_PART = 32;
const SNAPSHOT_VERSION = 1;
const VERDICT_NAMES = ['undecided', 'human', 'synthetic'] as const;
const PROBABILITY_STEPS = 10_000;
const LLR_STEPS = 1_000;

export interface LegDecisionOptions {
  readonly frontEnd: FrontEnd;
  readonly calibration: Calibration;
  readonly verdict: VerdictOptions;
  readonly limits: AbstentionLimits;
  readonly hopMs: number;
  readonly recentWindowMs: number;
}

/** Where a leg stands: its evidence turned into figures and a verdict. Pure but for its own memory. */
export class LegDecision implements Snapshotting {
  readonly evidence: Evidence;
  readonly #options: LegDecisionOptions;
  readonly #whole: CalibratedScore = { llr: 0, syntheticProbability: 0, low: 0, high: 0 };
  readonly #recent: CalibratedScore = { llr: 0, syntheticProbability: 0, low: 0, high: 0 };
  #verdict: Verdict = INITIAL_VERDICT;

  constructor(options: LegDecisionOptions) {
    this.#options = options;
    this.evidence = new Evidence({ hopMs: options.hopMs, recentWindowMs: options.recentWindowMs });
  }

  get verdict(): Verdict {
    return this.#verdict;
  }

  /** Figures at this moment; moves the verdict. Allocates the result. */
  figures(streamTimeMs: number, lostMs: number): ScoreFigures {
    const { evidence } = this;
    const { calibration, limits, frontEnd } = this.#options;
    const { quality } = frontEnd;
    const abstain = abstentionReason(
      {
        streamTimeMs,
        speechMs: evidence.speechMs,
        dominant: dominantSignal(quality),
        bandwidthHz: quality.bandwidthHz,
        clippedShare: quality.clippedShare,
        lostMs,
        meanLogit: evidence.meanLogit,
      },
      limits,
    );
    calibration.apply(evidence.meanLogit, evidence.speechMs, this.#whole);
    calibration.apply(evidence.recentMeanLogit, evidence.recentSpeechMs, this.#recent);
    this.#verdict = nextVerdict(
      this.#verdict,
      {
        speechMs: evidence.speechMs,
        llr: this.#whole.llr,
        recentSpeechMs: evidence.recentSpeechMs,
        recentLlr: this.#recent.llr,
        abstaining: abstain !== null,
      },
      this.#options.verdict,
    );
    const whole = this.#whole;
    const silent = abstain !== null;
    return {
      streamTimeMs: Math.round(streamTimeMs),
      speechMs: Math.round(evidence.speechMs),
      syntheticProbability: silent ? null : round(whole.syntheticProbability, PROBABILITY_STEPS),
      llr: silent ? null : round(whole.llr, LLR_STEPS),
      interval: silent
        ? null
        : [round(whole.low, PROBABILITY_STEPS), round(whole.high, PROBABILITY_STEPS)],
      recent: {
        syntheticProbability: silent
          ? null
          : round(this.#recent.syntheticProbability, PROBABILITY_STEPS),
        speechMs: Math.round(evidence.recentSpeechMs),
      },
      verdict: this.#verdict.name,
      firm: this.#verdict.firm,
      abstain,
      quality: {
        levelDbfs: round(quality.levelDbfs, 10),
        bandwidthHz: Math.round(quality.bandwidthHz),
        clippedShare: round(quality.clippedShare, PROBABILITY_STEPS),
        lostMs: Math.round(lostMs),
      },
    };
  }

  snapshot(into: SnapshotWriter): void {
    into.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    into.float64(VERDICT_NAMES.indexOf(this.#verdict.name));
    into.float64(this.#verdict.firm ? 1 : 0);
    this.evidence.snapshot(into);
  }

  restore(from: SnapshotReader): void {
    from.part(SNAPSHOT_PART, SNAPSHOT_VERSION);
    const name = VERDICT_NAMES[from.float64()] ?? 'undecided';
    this.#verdict = { name, firm: from.float64() === 1, reason: 'evidence' };
    this.evidence.restore(from);
  }
}

function round(value: number, steps: number): number {
  return Math.round(value * steps) / steps + 0;
}
