import type { DetectorManifest } from '../model/manifest.ts';
import { Evidence } from '../screening/evidence.ts';
import { INITIAL_VERDICT, nextVerdict, type Verdict } from '../screening/verdict.ts';
import type { ClipLogits } from './calibrate.ts';
import { type Decision, llrOf, strictThreshold } from './evaluate-detector.ts';

/** How verdicts behave while clips are heard, at the shipped 1 % threshold; rates are fractions. */
export interface RunningFigures {
  /** Synthetic clips that were called synthetic at some time. */
  readonly detected: number;
  /** Speech until that first happened, of the detected: half of them and nine in ten had it by then. */
  readonly speechMsToDetect: { readonly median: number; readonly p90: number } | null;
  /** Human clips that were called synthetic at some time. */
  readonly falselyAccused: number;
  /** Changes between `human` and `synthetic`, a clip. */
  readonly flipsPerClip: number;
  /** Clips that ended without a verdict: too little speech, or evidence for neither. */
  readonly withoutVerdict: number;
}

interface Heard {
  readonly isSpoof: boolean;
  readonly firstSyntheticMs: number | null;
  readonly flips: number;
  readonly last: Verdict;
}

/** Follows every clip step by step with the verdict rules of the server. */
export function runningFigures(
  scored: readonly ClipLogits[],
  decision: Decision,
  rules: DetectorManifest['decision'],
  hopMs: number,
): RunningFigures {
  const heard = scored.map((clip) => hear(clip, decision, rules, hopMs));
  const spoof = heard.filter(({ isSpoof }) => isSpoof);
  const human = heard.filter(({ isSpoof }) => !isSpoof);
  const accused = ({ firstSyntheticMs }: Heard) => firstSyntheticMs !== null;
  const times = spoof
    .flatMap(({ firstSyntheticMs }) => firstSyntheticMs ?? [])
    .sort((a, b) => a - b);
  const share = (some: number, all: number) => (all === 0 ? Number.NaN : some / all);
  const at = (quantile: number) => times[Math.ceil(quantile * times.length) - 1]!;
  return {
    detected: share(spoof.filter(accused).length, spoof.length),
    speechMsToDetect: times.length === 0 ? null : { median: at(0.5), p90: at(0.9) },
    falselyAccused: share(human.filter(accused).length, human.length),
    flipsPerClip: share(
      heard.reduce((sum, { flips }) => sum + flips, 0),
      heard.length,
    ),
    withoutVerdict: share(
      heard.filter(({ last }) => last.name === 'undecided').length,
      heard.length,
    ),
  };
}

function hear(
  { isSpoof, logits, voicedFrames }: ClipLogits,
  decision: Decision,
  rules: DetectorManifest['decision'],
  hopMs: number,
): Heard {
  const evidence = new Evidence({ hopMs, recentWindowMs: rules.recentWindowMs });
  const options = { ...rules, thresholdLlr: strictThreshold(decision) };
  let last = INITIAL_VERDICT;
  let lastDecided: Verdict['name'] = 'undecided';
  let firstSyntheticMs: number | null = null;
  let flips = 0;
  for (const [step, logit] of logits.entries()) {
    evidence.add(logit, voicedFrames[step]!);
    const { speechMs, recentSpeechMs } = evidence;
    last = nextVerdict(
      last,
      {
        speechMs,
        llr: llrOf(evidence.meanLogit, speechMs, decision),
        recentSpeechMs,
        recentLlr: llrOf(evidence.recentMeanLogit, recentSpeechMs, decision),
        abstaining: false,
      },
      options,
    );
    if (last.name === 'undecided') continue;
    if (lastDecided !== 'undecided' && last.name !== lastDecided) flips++;
    lastDecided = last.name;
    if (last.name === 'synthetic') firstSyntheticMs ??= speechMs;
  }
  return { isSpoof, firstSyntheticMs, flips, last };
}
