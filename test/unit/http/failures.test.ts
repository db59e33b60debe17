import { expect, it } from 'vitest';
import { makeHttpApp } from '../../support/http-app.ts';

const fails = () => {
  throw new Error('the disk is gone');
};

function makeFailingApp() {
  const told: unknown[] = [];
  const made = makeHttpApp({
    endedCalls: { calls: fails, call: fails },
    failed: ({ message }, request) => told.push({ message, ...request }),
  });
  return { ...made, told };
}

it('a fault of the service is told to its operator, and not to who asked', async () => {
  const { app, bearer, told } = makeFailingApp();
  const headers = { Authorization: bearer.a };
  const answer = await app.request('/v1/calls?state=ended&limit=3', { headers });
  expect(answer.status).toBe(500);
  expect(await answer.text()).not.toContain('disk');
  // Without the query, where a token may be.
  expect(told).toEqual([{ message: 'the disk is gone', method: 'GET', path: '/v1/calls' }]);
});

it('a peer that is gone in the midst of its request is no fault', async () => {
  const { app, bearer, told } = makeFailingApp();
  const gone = new AbortController();
  const answer = app.request(
    new Request('http://localhost/v1/calls/x', {
      headers: { Authorization: bearer.a },
      signal: gone.signal,
    }),
  );
  gone.abort();
  await answer;
  expect(told).toEqual([]);
});
