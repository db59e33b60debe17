import { describe, expect, it } from 'vitest';
import type { ReportResult } from '../../../src/results/outcome-desk.ts';
import type { OutcomeDecision } from '../../../src/results/outcomes.ts';
import { makeHttpApp } from '../../support/http-app.ts';

/** The routes with outcomes of the call `known` of key `a`. */
function rig(
  answer: (outcome: OutcomeDecision) => ReportResult = (outcome) => ({ state: 'saved', outcome }),
) {
  const reported: OutcomeDecision[] = [];
  const http = makeHttpApp({
    outcomes: {
      isKnown: (keyName, callId) => keyName === 'a' && callId === 'known/1',
      async report(outcome) {
        reported.push(outcome);
        return answer(outcome);
      },
    },
  });
  const post = (body: unknown, { key = http.bearer.a, id = 'known/1' } = {}) =>
    http.app.request(`/v1/calls/${encodeURIComponent(id)}/outcome`, {
      method: 'POST',
      headers: { Authorization: key, 'Content-Type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  return { ...http, post, reported };
}

describe('POST /v1/calls/{id}/outcome', () => {
  it('reports the outcome of a call of the key', async () => {
    const { post, reported, clock } = rig();
    const answer = await post({ outcome: 'confirmed_synthetic', note: 'a cloned voice' });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      callId: 'known/1',
      outcome: 'confirmed_synthetic',
      note: 'a cloned voice',
      reportedAtMs: clock.nowMs(),
    });
    expect(reported).toEqual([
      {
        ...{ type: 'outcome', callId: 'known/1', keyName: 'a', outcome: 'confirmed_synthetic' },
        ...{ note: 'a cloned voice', wallTimeMs: clock.nowMs() },
      },
    ]);
  });

  it('needs the key that the call was of', async () => {
    const { post, bearer, reported } = rig();
    for (const [options, status] of [
      [{ key: bearer.b }, 404],
      [{ id: 'another' }, 404],
      [{ key: 'Bearer bfk_none' }, 401],
    ] as const) {
      expect((await post({ outcome: 'unknown' }, options)).status).toBe(status);
    }
    expect(reported).toEqual([]);
  });

  it.each([
    ['an unknown outcome', { outcome: 'maybe' }, 400],
    ['no outcome', {}, 400],
    ['another field', { outcome: 'unknown', recording: 'x' }, 400],
    ['a long note', { outcome: 'unknown', note: 'x'.repeat(1_001) }, 400],
    ['no JSON', '{"outcome"', 400],
    ['a body that is too big', { outcome: 'unknown', note: 'x'.repeat(20_000) }, 413],
  ])('refuses %s', async (_, body, status) => {
    const { post, reported } = rig();
    const answer = await post(body);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(reported).toEqual([]);
  });

  it('says so when nothing is kept or the disk takes nothing', async () => {
    const none = makeHttpApp({ outcomes: null });
    const options = {
      method: 'POST',
      headers: { Authorization: none.bearer.a, 'Content-Type': 'application/json' },
      body: '{"outcome":"unknown"}',
    };
    expect((await none.app.request('/v1/calls/x/outcome', options)).status).toBe(503);
    const answer = await rig(() => ({ state: 'waiting' })).post({ outcome: 'unknown' });
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ code: 'outcomes_not_kept' });
    expect(answer.headers.get('retry-after')).toBe('10');
  });
});
