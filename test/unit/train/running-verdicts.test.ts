import { expect, it } from 'vitest';
import type { ClipLogits } from '../../../src/train/calibrate.ts';
import { runningFigures } from '../../../src/train/running-verdicts.ts';
import { VERDICT_RULES } from './toy-corpus.ts';

// LLR = −logit; synthetic at a mean logit of 1 and above.
const DECISION = {
  calibration: { bins: [{ minSpeechMs: 0, slope: -1, intercept: 0 }], replicas: [] },
  thresholds: [{ falseAlertRate: 0.01, llr: -1 }],
};

/** Steps of 100 ms of speech. */
const clip = (isSpoof: boolean, logits: readonly number[]): ClipLogits => ({
  page: '',
  system: '',
  isSpoof,
  logits: Float32Array.from(logits),
  voicedFrames: new Uint8Array(logits.length).fill(10),
});
const run = (...parts: readonly (readonly [number, number])[]) =>
  parts.flatMap(([seconds, logit]) => Array.from({ length: 10 * seconds }, () => logit));

it('says how many were detected and after how much speech', () => {
  const figures = runningFigures(
    [
      clip(true, run([5, 2])),
      // The mean reaches 1 after 4 s: (2 · −1 + 2 · 3) / 4.
      clip(true, run([2, -1], [2, 3], [1, 3])),
      clip(true, run([5, -1])),
      clip(true, run([0.5, 2])),
      clip(false, run([5, -1])),
    ],
    DECISION,
    VERDICT_RULES,
    10,
  );
  expect(figures.detected).toBe(0.5);
  expect(figures.speechMsToDetect).toEqual({ median: 1000, p90: 4000 });
  expect(figures.falselyAccused).toBe(0);
  expect(figures.withoutVerdict).toBe(0.2);
});

it('counts flips between human and synthetic, not pauses without a verdict', () => {
  const figures = runningFigures(
    [clip(false, run([2, -1], [4, 3], [20, -2])), clip(false, run([3, 0.5], [3, 0.5]))],
    DECISION,
    VERDICT_RULES,
    10,
  );
  // human → synthetic → (undecided) → human; the other never has a verdict.
  expect(figures.flipsPerClip).toBe(1);
  expect(figures.falselyAccused).toBe(0.5);
  expect(figures.withoutVerdict).toBe(0.5);
  expect(figures.speechMsToDetect).toBeNull();
  expect(figures.detected).toBeNaN();
});
