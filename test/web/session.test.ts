import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const START = Date.UTC(2030, 0, 1);
const MINUTE_MS = 60_000;

let status = 200;
/** What the service's clock says more than this one's. */
let aheadMs = 0;
const asked: number[] = [];

beforeEach(() => {
  [status, aheadMs, asked.length] = [200, 0, 0];
  vi.useFakeTimers({ now: START });
  vi.stubGlobal('location', { origin: 'http://service', hash: '' });
  vi.stubGlobal('fetch', async (_: string, { method = 'GET' }: RequestInit = {}) => {
    if (method === 'GET') asked.push(Date.now() - START);
    const headers = { date: new Date(Date.now() + aheadMs).toUTCString() };
    const body = JSON.stringify({ keyName: 'a', expiresAt: '2030-01-01T01:00:00Z' });
    return new Response(status === 200 ? body : null, { status, headers });
  });
  vi.resetModules();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const load = () => import('../../web/src/lib/session.ts');

describe('the session of a page', () => {
  it('is asked about before it ends, as long as the page is open', async () => {
    const { askSession, session } = await load();
    await askSession();
    await vi.advanceTimersByTimeAsync(50 * MINUTE_MS);
    expect(asked.map((ms) => ms / MINUTE_MS)).toEqual([0, 10, 20, 30, 40, 50]);
    expect(session.value).toEqual({ state: 'open', keyName: 'a', canSignOut: true });
  });

  it('is not asked about once it is signed out', async () => {
    const { askSession, session, signOut } = await load();
    await askSession();
    await signOut();
    await vi.advanceTimersByTimeAsync(50 * MINUTE_MS);
    expect([asked, session.value]).toEqual([[0], { state: 'signed-out' }]);
  });

  it.each([429, 502, 503])('does not open by an answer of %s', async (refusal) => {
    const { askSession, session } = await load();
    status = refusal;
    await askSession();
    expect(session.value).toEqual({ state: 'unreachable' });
  });
});

describe('the time of the service', () => {
  it('follows its clock, and this one when that is right again', async () => {
    const { askSession, serverNowMs } = await load();
    aheadMs = 3_600_000;
    await askSession();
    expect(serverNowMs()).toBe(START + 3_600_000);
    aheadMs = 1_000;
    await askSession();
    expect(serverNowMs()).toBe(START);
  });
});
