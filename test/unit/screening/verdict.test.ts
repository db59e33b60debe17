import { describe, expect, it } from 'vitest';
import {
  INITIAL_VERDICT,
  nextVerdict,
  type Verdict,
  type VerdictInput,
} from '../../../src/screening/verdict.ts';

const options = {
  provisionalSpeechMs: 1000,
  firmSpeechMs: 4000,
  thresholdLlr: -1,
  hysteresisLlr: 0.5,
  recentMinimumSpeechMs: 2000,
  recentMarginLlr: 1,
};

const heard = (llr: number, speechMs: number, recentLlr = 0, recentSpeechMs = 0): VerdictInput => ({
  speechMs,
  llr,
  recentSpeechMs,
  recentLlr,
  abstaining: false,
});

/** Verdicts of a sequence of inputs. */
function follow(inputs: readonly VerdictInput[]): Verdict[] {
  let verdict = INITIAL_VERDICT;
  return inputs.map((input) => {
    verdict = nextVerdict(verdict, input, options);
    return verdict;
  });
}

describe('nextVerdict', () => {
  it('waits for speech, is provisional, then firm', () => {
    const names = follow([heard(-3, 990), heard(-3, 1000), heard(-3, 3990), heard(-3, 4000)]);
    expect(names.map(({ name, firm }) => `${name}${firm ? '!' : ''}`)).toEqual([
      'undecided',
      'synthetic',
      'synthetic',
      'synthetic!',
    ]);
  });

  it('enters at the threshold and leaves above threshold + hysteresis', () => {
    const names = follow([-0.9, -1, -0.6, -0.5, -0.4, -0.9].map((llr) => heard(llr, 5000)));
    expect(names.map(({ name }) => name)).toEqual([
      'undecided',
      'synthetic',
      'synthetic',
      'synthetic',
      'undecided',
      'undecided',
    ]);
    expect(names[4]?.reason).toBe('cleared');
  });

  it('is human only while the evidence says so, and undecided short of the threshold', () => {
    const names = follow([-0.1, 0, -0.5, -0.51, -0.1, 0.1].map((llr) => heard(llr, 5000)));
    expect(names.map(({ name }) => name)).toEqual([
      'undecided',
      'human',
      'human',
      'undecided',
      'undecided',
      'human',
    ]);
  });

  it('is raised by the recent window when the whole call hides a change', () => {
    const [before, tooShort, raised] = follow([
      heard(2, 9000, 1, 4000),
      heard(1.5, 9500, -5, 1990),
      heard(1, 10_000, -2, 4000),
    ]);
    expect([before?.name, tooShort?.name]).toEqual(['human', 'human']);
    expect(raised).toEqual({ name: 'synthetic', firm: true, reason: 'recent' });
  });

  it('asks more of the window than of the whole call', () => {
    const [verdict] = follow([heard(1, 9000, -1.9, 4000)]);
    expect(verdict?.name).toBe('human');
  });

  it('says nothing while abstaining', () => {
    const abstaining = { ...heard(-9, 9000), abstaining: true };
    expect(follow([heard(-9, 9000), abstaining])[1]).toEqual({
      name: 'undecided',
      firm: false,
      reason: 'abstained',
    });
  });
});
