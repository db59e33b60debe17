import { describe, expect, it } from 'vitest';
import type { Screening, ScreeningSummary } from '../../../src/http/schemas.ts';
import { screeningListSchema, screeningSchema } from '../../../src/http/schemas.ts';
import { makeHttpApp } from '../../support/http-app.ts';

const AT_ONCE = { prefer: 'respond-async' };
type Made = ReturnType<typeof makeHttpApp>;

const post = (
  { app, bearer }: Made,
  { query = '', body = 'audio', headers = {} as Record<string, string>, key = 'a' as 'a' | 'b' },
) =>
  app.request(`/v1/screenings${query}`, {
    method: 'POST',
    body,
    headers: { authorization: bearer[key], ...headers },
  });
const get = ({ app, bearer }: Made, path: string, key: 'a' | 'b' = 'a') =>
  app.request(path, { headers: { authorization: bearer[key] } });
const codeOf = async (answer: Response) => ((await answer.json()) as { code: string }).code;

describe('an upload', () => {
  it('is answered when it is done', async () => {
    const made = makeHttpApp();
    const answering = post(made, { query: '?codec=alaw&scoreIntervalMs=100&fileName=a.wav' });
    while (made.screener.bodies.length === 0) await Promise.resolve();
    expect(made.screener.bodies[0]).toMatchObject({
      fileName: 'a.wav',
      raw: { codec: 'alaw', sampleRateHz: 8000 },
      scoreIntervalMs: 100,
    });
    expect(Buffer.concat(made.screener.bodies[0]!.blocks).toString()).toBe('audio');
    await made.screener.answer();
    const answer = await answering;
    expect([answer.status, answer.headers.get('ratelimit')]).toEqual([
      200,
      expect.stringContaining('r=999'),
    ]);
    const screening = screeningSchema.parse(await answer.json());
    expect(screening).toMatchObject({ state: 'done', bytes: 5, fileName: 'a.wav', legs: [] });
    expect(answer.headers.get('content-location')).toBe(`/v1/screenings/${screening.id}`);
  });

  it('goes on after the time that Prefer says', async () => {
    const made = makeHttpApp();
    const answering = post(made, { headers: { prefer: 'wait=3' } });
    while (made.screener.bodies.length === 0) await Promise.resolve();
    made.clock.advance(3_000);
    const answer = await answering;
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([202, '2']);
    const location = answer.headers.get('location')!;
    expect(((await answer.json()) as ScreeningSummary).state).toBe('running');
    expect(((await (await get(made, location)).json()) as Screening).state).toBe('running');
    expect((await get(made, location, 'b')).status).toBe(404);
    await made.screener.answer();
    expect(((await (await get(made, location)).json()) as Screening).state).toBe('done');
  });

  it('that cannot be read is a problem, kept as failed', async () => {
    const made = makeHttpApp();
    const answering = post(made, {});
    while (made.screener.bodies.length === 0) await Promise.resolve();
    await made.screener.answer({ kind: 'refused', code: 'unreadable_recording', detail: 'no' });
    const answer = await answering;
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect([answer.status, await codeOf(answer)]).toEqual([422, 'unreadable_recording']);
    const list = screeningListSchema.parse(await (await get(made, '/v1/screenings')).json());
    expect(list.screenings).toMatchObject([{ state: 'failed', problem: { status: 422 } }]);
  });

  it.each([
    ['an empty body', { body: '' }, 400],
    ['a long body', { body: 'x'.repeat(1_001) }, 413],
    ['an unknown codec', { query: '?codec=mp3' }, 400],
    ['a rate that no codec has', { query: '?codec=mulaw&sampleRateHz=7' }, 400],
    ['an unknown parameter', { query: '?more=1' }, 400],
    ['a bad idempotency key', { headers: { 'idempotency-key': 'ä b' } }, 400],
  ])('with %s is refused and takes no place', async (_name, request, status) => {
    const made = makeHttpApp();
    for (let turn = 0; turn < 3; turn++) expect((await post(made, request)).status).toBe(status);
    expect(made.screener.bodies).toEqual([]);
  });

  it('must wait when there are too many', async () => {
    const made = makeHttpApp();
    for (let turn = 0; turn < 2; turn++) {
      expect((await post(made, { headers: AT_ONCE })).status).toBe(202);
    }
    const refused = await post(made, { headers: AT_ONCE });
    expect(refused.headers.get('retry-after')).toBe('2');
    expect([refused.status, await codeOf(refused)]).toEqual([429, 'too_many_screenings']);
    await made.screener.answer();
    expect((await post(made, { headers: AT_ONCE })).status).toBe(202);
  });

  it('is refused by a service that shuts down', async () => {
    const made = makeHttpApp();
    const waiting = post(made, {});
    while (made.screener.bodies.length === 0) await Promise.resolve();
    await made.desk.close();
    expect((await waiting).status).toBe(503);
    expect((await post(made, {})).status).toBe(503);
    const status = { ready: false, liveCalls: 1, maxCalls: 1, detectors: [] };
    const draining = makeHttpApp({ status: () => ({ ...status, reason: 'draining' }) });
    expect((await post(draining, {})).status).toBe(503);
  });
});

describe('an idempotency key', () => {
  const headers = { ...AT_ONCE, 'idempotency-key': 'k' };

  it('gives the screening of the first request', async () => {
    const made = makeHttpApp();
    const first = (await (await post(made, { headers })).json()) as ScreeningSummary;
    const second = (await (await post(made, { headers })).json()) as ScreeningSummary;
    expect(second.id).toBe(first.id);
    expect(made.screener.bodies).toHaveLength(1);
    await made.screener.answer();
    expect((await post(made, { headers })).status).toBe(200);
    const other = (await (await post(made, { headers, key: 'b' })).json()) as ScreeningSummary;
    expect(other.id).not.toBe(first.id);
  });

  it('takes no place of others while it waits for the first one', async () => {
    const made = makeHttpApp();
    await post(made, { headers });
    const waiting = post(made, { headers: { ...headers, prefer: 'wait=60' } });
    // Three tasks are enough for a body of one piece.
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect((await post(made, { headers: AT_ONCE, key: 'b' })).status).toBe(202);
    await made.screener.answer();
    expect((await waiting).status).toBe(200);
  });

  it('is for one request only', async () => {
    const made = makeHttpApp();
    await post(made, { headers });
    const answer = await post(made, { headers, body: 'other' });
    expect([answer.status, await codeOf(answer)]).toEqual([422, 'idempotency_key_reused']);
  });

  it('is the same with whichever token the key has made', async () => {
    const made = makeHttpApp();
    const ids: string[] = [];
    for (let turn = 0; turn < 2; turn++) {
      const token = made.keys.issueToken(made.keys.verifyHeader(made.bearer.a)!, 60);
      const path = `/v1/screenings?codec=mulaw&token=${token}`;
      const answer = await made.app.request(path, { method: 'POST', body: 'audio', headers });
      ids.push(((await answer.json()) as ScreeningSummary).id);
    }
    expect(ids[1]).toBe(ids[0]);
  });

  it('knows a form again whatever divides its parts, and no other form', async () => {
    const made = makeHttpApp();
    const postForm = (boundary: string, content: string) =>
      post(made, {
        headers: { ...headers, 'content-type': `multipart/form-data; boundary=${boundary}` },
        body: `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n${content}\r\n--${boundary}--\r\n`,
      });
    const first = (await (await postForm('part-one', 'audio')).json()) as ScreeningSummary;
    const second = (await (await postForm('part-two2', 'audio')).json()) as ScreeningSummary;
    expect(second.id).toBe(first.id);
    const other = await postForm('part-one', 'other');
    expect([other.status, await codeOf(other)]).toEqual([422, 'idempotency_key_reused']);
  });
});

describe('the list', () => {
  it('comes in pages, newest first, for an hour', async () => {
    const made = makeHttpApp();
    for (const name of ['1', '2', '3']) {
      await post(made, { query: `?fileName=${name}`, headers: AT_ONCE });
      await made.screener.answer();
    }
    await post(made, { headers: AT_ONCE, key: 'b' });
    const page = async (query: string) =>
      screeningListSchema.parse(await (await get(made, `/v1/screenings${query}`)).json());
    const first = await page('?limit=2');
    expect(first.screenings.map(({ fileName }) => fileName)).toEqual(['3', '2']);
    const rest = await page(`?limit=2&cursor=${first.nextCursor}`);
    expect(rest.screenings.map(({ fileName }) => fileName)).toEqual(['1']);
    expect(rest.nextCursor).toBeNull();
    expect((await get(made, '/v1/screenings?cursor=!')).status).toBe(400);
    expect((await get(made, '/v1/screenings?limit=0')).status).toBe(400);
    made.clock.advance(3_600_000);
    expect((await page('')).screenings).toEqual([]);
  });
});
