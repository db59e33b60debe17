import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AlertRule,
  atHangUp,
  type DetectorLimits,
  INITIAL_POLICY_STATE,
  nextPolicyState,
  type PolicyScore,
  resolveThreshold,
} from '../../../src/screening/alert-policy.ts';

const DETECTOR: DetectorLimits = {
  thresholds: [
    { falseAlertRate: 0.01, llr: -1 },
    { falseAlertRate: 0.001, llr: -2 },
    { falseAlertRate: 0.05, llr: -0.5 },
  ],
  recentMinimumSpeechMs: 3_000,
  recentMarginLlr: 1,
};

const RULE: AlertRule = {
  name: 'test',
  severity: 'alert',
  match: {},
  threshold: { llr: -1 },
  minimumSpeechMs: 2_000,
  consecutiveScores: 2,
  coolDownMs: null,
  recent: true,
  noVerdict: 'failOpen',
};

/** `[streamTimeMs, speechMs, llr, recentLlr?]`, null = abstained. */
type Row = readonly [number, number, number | null, number?];

function run(rows: readonly Row[], change: Partial<AlertRule> = {}) {
  const rule = { ...RULE, ...change };
  const armed = { rule, threshold: resolveThreshold(rule.threshold, DETECTOR), detector: DETECTOR };
  const fired: [number, string][] = [];
  let state = INITIAL_POLICY_STATE;
  for (const [streamTimeMs, speechMs, llr, recentLlr = 5] of rows) {
    const score: PolicyScore = { streamTimeMs, speechMs, llr, recentSpeechMs: 4_000, recentLlr };
    const step = nextPolicyState(state, score, armed);
    state = step.state;
    if (step.fired !== null) fired.push([streamTimeMs, step.fired]);
  }
  return { fired, hangUp: atHangUp(state, rule) };
}

describe('nextPolicyState', () => {
  it.each<[string, readonly Row[], Partial<AlertRule>, [number, string][]]>([
    ['one score is not enough', [[1, 3_000, -5]], {}, []],
    [
      'two in a row at the threshold fire once',
      [
        [1, 3_000, -1],
        [2, 3_500, -1],
        [3, 4_000, -9],
      ],
      {},
      [[2, 'call']],
    ],
    [
      'a score above breaks the row',
      [
        [1, 3_000, -2],
        [2, 3_500, -0.999],
        [3, 4_000, -2],
        [4, 4_500, -2],
      ],
      {},
      [[4, 'call']],
    ],
    [
      'too little speech does not count',
      [
        [1, 1_000, -5],
        [2, 1_999, -5],
        [3, 2_000, -5],
        [4, 2_000, -5],
      ],
      {},
      [[4, 'call']],
    ],
    [
      'an abstention neither counts nor breaks',
      [
        [1, 3_000, -5],
        [2, 3_000, null],
        [3, 3_000, -5],
      ],
      {},
      [[3, 'call']],
    ],
    [
      'the cool-down is stream time',
      [
        [0, 3_000, -5],
        [999, 3_000, -5],
        [1_000, 3_000, -5],
        [1_001, 3_000, -5],
        [2_000, 3_000, -5],
      ],
      { consecutiveScores: 1, coolDownMs: 1_000 },
      [
        [0, 'call'],
        [1_000, 'call'],
        [2_000, 'call'],
      ],
    ],
    [
      'the last seconds need the margin too',
      [
        [1, 9_000, 3, -1.9],
        [2, 9_000, 3, -2],
      ],
      { consecutiveScores: 1 },
      [[2, 'recent']],
    ],
    [
      'the last seconds can be left out',
      [[1, 9_000, 3, -9]],
      { consecutiveScores: 1, recent: false },
      [],
    ],
  ])('%s', (_, rows, change, fired) => {
    expect(run(rows, change).fired).toEqual(fired);
  });

  it.each<[string, readonly Row[], Partial<AlertRule>, string]>([
    ['nothing heard', [], {}, 'failOpen'],
    ['only abstentions', [[1, 9_000, null]], { noVerdict: 'failClosed' }, 'failClosed'],
    ['too little speech', [[1, 1_000, -9]], { noVerdict: 'failClosed' }, 'failClosed'],
    ['a human', [[1, 9_000, 4]], { noVerdict: 'failClosed' }, 'judged'],
  ])('at hang-up: %s', (_, rows, change, outcome) => {
    expect(run(rows, change).hangUp).toBe(outcome);
  });

  it('fires no two alerts within the cool-down, whatever the scores', () => {
    const row = fc.tuple(
      fc.integer({ min: 0, max: 500 }),
      fc.integer({ min: 0, max: 5_000 }),
      fc.option(fc.double({ min: -5, max: 5, noNaN: true })),
    );
    fc.assert(
      fc.property(fc.array(row, { maxLength: 60 }), (steps) => {
        let nowMs = 0;
        const rows = steps.map(([byMs, speechMs, llr]): Row => {
          nowMs += byMs;
          return [nowMs, speechMs, llr];
        });
        const { fired } = run(rows, { coolDownMs: 700, consecutiveScores: 1 });
        fired.slice(1).forEach(([atMs], index) => {
          expect(atMs - fired[index]![0]).toBeGreaterThanOrEqual(700);
        });
      }),
    );
  });
});

describe('resolveThreshold', () => {
  it.each([
    [0.0001, -2, 0.001],
    [0.001, -2, 0.001],
    [0.02, -1, 0.01],
    [0.5, -0.5, 0.05],
  ])('takes for a rate of %s the LLR %s', (falseAlertRate, llr, taken) => {
    expect(resolveThreshold({ falseAlertRate }, DETECTOR)).toEqual({ llr, falseAlertRate: taken });
  });
});
