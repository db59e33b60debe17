import { describe, expect, it } from 'vitest';
import { AlertEngine } from '../../../src/results/alert-engine.ts';
import type { Decision, ResultEvent } from '../../../src/results/alert-events.ts';
import { DEFAULT_POLICIES, type Policies } from '../../../src/results/policies.ts';
import type { AlertRule } from '../../../src/screening/alert-policy.ts';
import {
  DETECTOR_LIMITS,
  fakeCall,
  figures,
  scoreEvent,
  stoppedEvent,
} from '../../support/alert-fakes.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const BASE = DEFAULT_POLICIES.policies[0]!;

function policies(change: Partial<AlertRule> = {}, rest: Partial<Policies> = {}): Policies {
  const policy = { ...BASE, rule: { ...BASE.rule, ...change }, destinations: ['slack'] };
  return { policies: [policy], quiet: [], destinations: [], callControls: [], ...rest };
}

function rig(first = policies()) {
  const state = { policies: first, count: 0 };
  const recorded: { decision: Decision; destinations: readonly string[] }[] = [];
  const published: ResultEvent[] = [];
  const engine = new AlertEngine({
    clock: new FakeClock(1_000),
    policies: () => state.policies,
    detectorOf: () => DETECTOR_LIMITS,
    priorSynthetic: 0.5,
    publish: (_, event) => published.push(event),
    sink: { record: (decision, destinations) => recorded.push({ decision, destinations }) },
    newId: () => `a${++state.count}`,
  });
  return { engine, recorded, published, state };
}

const types = (recorded: readonly { readonly decision: Decision }[]) =>
  recorded.map(({ decision }) => decision.type);

describe('AlertEngine', () => {
  it('raises one alert, with its record and everything that it was decided from', () => {
    const { engine, recorded, published } = rig();
    const call = fakeCall('call-1', { metadata: { to: '+1555' } });
    engine.started(call);
    for (const at of [1_000, 1_500, 2_000]) engine.event(call, scoreEvent(at, -3));
    expect(published).toEqual([
      {
        type: 'alert',
        id: 'a1',
        severity: 'alert',
        policy: { name: 'likely-synthetic', hash: BASE.hash },
        callId: 'call-1',
        keyName: 'bank',
        platform: 'twilio',
        leg: 'inbound',
        role: 'caller',
        metadata: { to: '+1555' },
        detector: 'tiny@0123456789ab',
        score: {
          speechMs: 5_000,
          syntheticProbability: 0.9526,
          llr: -3,
          interval: [0.9526, 0.9526],
          recent: { syntheticProbability: 0.9526, speechMs: 2_000 },
          verdict: 'synthetic',
          firm: true,
          abstain: null,
        },
        streamTimeMs: 1_500,
        wallTimeMs: 1_000,
        threshold: { llr: -1, falseAlertRate: 0.01 },
        reasons: ['call_evidence'],
        noVerdict: 'failOpen',
      },
    ]);
    expect(recorded).toEqual([{ decision: published[0], destinations: ['slack'] }]);
  });

  it('says failOpen for a leg that ends without a verdict, and raises nothing', () => {
    const { engine, recorded, published } = rig();
    const call = fakeCall();
    engine.started(call);
    engine.event(call, scoreEvent(1_000, null));
    engine.event(call, stoppedEvent());
    expect(published).toMatchObject([
      { type: 'no_verdict', outcome: 'failOpen', score: { abstain: 'silence' } },
    ]);
    expect(types(recorded)).toEqual(['no_verdict', 'final']);
    expect(recorded.every(({ destinations }) => destinations.length === 0)).toBe(true);
  });

  it('raises an alert for it where the policy is failClosed', () => {
    const { engine, recorded, published } = rig(policies({ noVerdict: 'failClosed' }));
    const call = fakeCall();
    engine.started(call);
    engine.event(call, { type: 'failed', callId: 'call-1', code: 'SCREEN_ERR_LANE' });
    engine.ended(call);
    expect(published).toMatchObject([
      { type: 'alert', reasons: ['no_verdict'], noVerdict: 'failClosed', score: null },
    ]);
    expect(types(recorded)).toEqual(['alert', 'final']);
  });

  it('takes what the end flushed out as a score, but no score twice', () => {
    for (const [atMs, alerts] of [
      [1_200, 1],
      [1_000, 0],
    ] as const) {
      const { engine, published } = rig();
      const call = fakeCall();
      engine.started(call);
      engine.event(call, scoreEvent(1_000, -3));
      engine.event(call, stoppedEvent(figures(atMs, -3)));
      expect(published.filter(({ type }) => type === 'alert')).toHaveLength(alerts);
    }
  });

  it('takes scores over the same audio for one in a row, however often they are asked for', () => {
    const { engine, published } = rig();
    const call = fakeCall();
    engine.started(call);
    for (let asked = 0; asked < 3; asked++) engine.event(call, scoreEvent(1_000, -3));
    expect(published).toEqual([]);
    engine.event(call, scoreEvent(1_500, -3));
    expect(published).toMatchObject([{ type: 'alert', streamTimeMs: 1_500 }]);
  });

  it('leaves quiet legs alone and says so in the record', () => {
    const quiet = [{ name: 'own voice menu', match: { numbers: ['+1800*'] } }];
    const { engine, recorded, published } = rig(policies({}, { quiet }));
    const call = fakeCall('call-1', { metadata: { to: '+1 800 1' } });
    engine.started(call);
    for (const at of [1, 2, 3]) engine.event(call, scoreEvent(at, -9));
    engine.event(call, stoppedEvent());
    expect(published).toEqual([]);
    expect(recorded).toMatchObject([{ decision: { type: 'final', quiet: 'own voice menu' } }]);
  });

  it('alerts no second time because the list of quiet legs was changed', () => {
    const { engine, published, state } = rig();
    const call = fakeCall('call-1', { metadata: { to: '+1 800 1' } });
    engine.started(call);
    for (const at of [1, 2]) engine.event(call, scoreEvent(at, -3));
    expect(published).toHaveLength(1);
    const renamed = { ...policies().policies[0]!, hash: 'of other quiet legs' };
    const quietFor = (number: string) => [{ name: 'menu', match: { numbers: [number] } }];
    for (const number of ['+1555*', '+1800*', '+1555*']) {
      state.policies = policies({}, { policies: [renamed], quiet: quietFor(number) });
      for (const at of [3, 4]) engine.event(call, scoreEvent(at, -3));
    }
    expect(published).toHaveLength(1);
  });

  it('goes on after a reload: a rule that stayed keeps its memory, a new one begins', () => {
    const { engine, published, state } = rig();
    const call = fakeCall();
    engine.started(call);
    engine.event(call, scoreEvent(1, -3));
    const other = { ...BASE, hash: 'other', rule: { ...BASE.rule, name: 'other' } };
    state.policies = policies({}, { policies: [policies().policies[0]!, other] });
    engine.event(call, scoreEvent(2, -3));
    expect(published).toMatchObject([{ policy: { name: 'likely-synthetic' } }]);
    engine.event(call, scoreEvent(3, -3));
    expect(published).toMatchObject([{}, { policy: { name: 'other' } }]);
  });

  it.each([
    ['with a verdict', 1, []],
    ['without one', null, ['alert']],
  ] as const)('takes a leg that ends after a reload %s for what it is', (_, llr, raised) => {
    const { engine, published, state } = rig(policies({ noVerdict: 'failClosed' }));
    const call = fakeCall();
    engine.started(call);
    engine.event(call, scoreEvent(1, llr));
    state.policies = policies({ noVerdict: 'failClosed', consecutiveScores: 3 });
    engine.event(call, stoppedEvent());
    expect(published.map(({ type }) => type)).toEqual(raised);
  });
});
