import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CallScores } from '../../../src/backtest/call-scores.ts';
import { judgeCall } from '../../../src/backtest/judge-call.ts';
import { RecordingReplayer } from '../../../src/backtest/replay-recording.ts';
import { systemClock } from '../../../src/clock.ts';
import { loadDetector } from '../../../src/model/detector.ts';
import { tryPolicies } from '../../../src/replay/policy-trial.ts';
import { DEFAULT_POLICIES, type Policies } from '../../../src/results/policies.ts';
import type { AlertRule, DetectorLimits } from '../../../src/screening/alert-policy.ts';
import { limitsOfDetector } from '../../../src/stream/detector-choice.ts';
import type { ScoreFigures } from '../../../src/stream/events.ts';
import { writeTinyDetector } from '../../support/tiny-detector.ts';
import { runCli } from '../cli/run-cli.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));

let folder: string;
let limits: DetectorLimits;
let replayer: RecordingReplayer;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-judge-'));
  await writeTinyDetector(folder);
  limits = limitsOfDetector(await loadDetector(folder));
  replayer = new RecordingReplayer(
    {
      detectorSets: [[folder]],
      engine: 'onnx',
      settings: { priorSynthetic: 0.5, falseAlertRate: 0.01 },
      sampleRateHz: null,
      scoreIntervalMs: 500,
    },
    systemClock,
  );
});
afterAll(async () => {
  await replayer.close();
  rmSync(folder, { recursive: true });
});

async function replay(name: string): Promise<CallScores> {
  const outcome = await replayer.replay({ path: fixture(name), codec: 'mulaw', detectorSet: 0 });
  if (outcome.kind !== 'scored') throw new Error(outcome.reason);
  return outcome.scores;
}

/** The trace that `screen` writes. */
async function traceOf(name: string): Promise<string> {
  const options = ['--json', '--stable', '--codec', 'mulaw', '--detector', folder];
  const { code, stdout } = await runCli(['screen', ...options, fixture(name)], {
    BONAFIDE_PRIOR_SYNTHETIC: '0.5',
  });
  expect(code).toBe(0);
  return stdout;
}

function policiesOf(change: Partial<AlertRule>): Policies {
  const [policy] = DEFAULT_POLICIES.policies;
  return { ...DEFAULT_POLICIES, policies: [{ ...policy!, rule: { ...policy!.rule, ...change } }] };
}

/** Alerts of `policy test` on the trace that `screen` writes. */
async function raisedIn(name: string, policies: Policies) {
  const { events } = tryPolicies(await traceOf(name), {
    policies,
    priorSynthetic: 0.5,
    clock: systemClock,
    call: {
      ...{ keyName: 'k', platform: 'native', metadata: {} },
      roleOf: (leg) => leg as 'caller' | 'callee',
    },
    detectorOf: () => limits,
    fallbackDetectorId: 'tiny',
  });
  return events.filter(({ type }) => type === 'alert');
}

type TraceScore = Pick<ScoreFigures, 'streamTimeMs' | 'speechMs' | 'llr' | 'recent'>;

const SCORED = [
  'switch_human_to_synthetic.flac',
  'two_channel_left_human_right_synthetic.flac',
] as const;
const TOO_SHORT = 'human_too_short.flac';

function judge(scores: CallScores, policies: Policies, severity: 'watch' | 'alert' = 'watch') {
  const facts = { keyName: 'k', platform: 'native', metadata: {} };
  return judgeCall(scores, policies, {
    call: { ...facts, roles: ['caller', 'callee'] },
    priorSynthetic: 0.5,
    limitsOf: () => limits,
    severity,
  });
}

describe.each([...SCORED, TOO_SHORT])('%s', (name) => {
  it('has the scores of `screen`', async () => {
    const scores = await replay(name);
    const events = (await traceOf(name))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const legs = events.at(-1).legs as { leg: string; finalScore: TraceScore }[];
    expect(scores.legs).toHaveLength(legs.length);
    for (const [channel, { leg, finalScore }] of legs.entries()) {
      const told = events.filter((event) => event.type === 'score' && event.leg === leg);
      const last = told.at(-1)?.streamTimeMs ?? -1;
      const all = finalScore.streamTimeMs > last ? [...told, finalScore] : told;
      const row = (event: TraceScore) => [
        event.streamTimeMs,
        event.speechMs,
        event.llr,
        event.recent.speechMs,
        event.recent.syntheticProbability,
      ];
      expect(scores.legs[channel]!.scores).toEqual(all.map(row));
    }
  });
});

describe.each(SCORED)('policies on %s', (name) => {
  it.each([
    ['by the whole call', { threshold: { llr: 0 }, minimumSpeechMs: 1_000 }],
    ['again and again', { threshold: { llr: 20 }, minimumSpeechMs: 0, coolDownMs: 1_000 }],
    ['by the last seconds', { threshold: { llr: 0.4 }, minimumSpeechMs: 2_000, recent: true }],
    ['never', { threshold: { llr: -20 } }],
    ['without a verdict', { minimumSpeechMs: 600_000, noVerdict: 'failClosed' }],
  ] as const)('is alerted on as the engine of the service does: %s', async (_, change) => {
    const policies = policiesOf(change);
    const raised = await raisedIn(name, policies);
    const verdict = judge(await replay(name), policies);
    expect(verdict.alerts).toBe(raised.length);
    const times = raised.map(({ streamTimeMs }) => streamTimeMs);
    expect(verdict.firstAlertMs).toBe(times.length === 0 ? null : Math.min(...times));
  });
});

it('leaves policies out that only watch, when told', async () => {
  const policies = policiesOf({ threshold: { llr: 20 }, minimumSpeechMs: 0, severity: 'watch' });
  const scores = await replay('switch_human_to_synthetic.flac');
  expect(judge(scores, policies, 'watch').alerts).toBe(1);
  expect(judge(scores, policies, 'alert').alerts).toBe(0);
});

it('raises an alert on a leg that ends without any score, where the policy says so', async () => {
  const scores = await replay(TOO_SHORT);
  const [leg] = scores.legs;
  expect(judge(scores, policiesOf({ noVerdict: 'failClosed' }))).toEqual({
    alerts: 1,
    firstAlertMs: leg!.streamTimeMs,
    judged: false,
  });
  expect(judge(scores, policiesOf({ noVerdict: 'failOpen' })).alerts).toBe(0);
  const raised = await raisedIn(TOO_SHORT, policiesOf({ noVerdict: 'failClosed' }));
  expect(raised).toMatchObject([{ leg: 'caller', reasons: ['no_verdict'] }]);
});

it('says why a recording cannot be replayed', async () => {
  for (const name of ['broken_text.wav', 'no-such-file.wav']) {
    const task = { path: fixture(name), codec: 'mulaw', detectorSet: 0 } as const;
    expect(await replayer.replay(task)).toMatchObject({ kind: 'unreadable' });
  }
});
