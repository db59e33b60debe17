import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AlertDesk } from '../../../src/results/outbox/alert-desk.ts';
import { AlertStore } from '../../../src/results/outbox/alert-store.ts';
import { fakeAlert } from '../../support/alert-fakes.ts';
import { makeHttpApp } from '../../support/http-app.ts';

interface Page {
  readonly kept: boolean;
  readonly alerts: readonly {
    readonly alert: { readonly id: string; readonly keyName: string };
    readonly createdAtMs: number;
    readonly deliveries: readonly { readonly destination: string; readonly state: string }[];
  }[];
  readonly nextCursor: string | null;
}

let folder: string;
let store: AlertStore;
let desk: AlertDesk;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bonafide-alerts-'));
  store = AlertStore.open(folder, { as: 'owner' });
  desk = new AlertDesk(folder);
});

afterEach(async () => {
  desk.close();
  store.close();
  await rm(folder, { recursive: true, force: true });
});

function raise(id: string, keyName: string, atMs: number, destinations: readonly string[]): void {
  const decision = fakeAlert(id, { keyName });
  store.write([{ kind: 'decision', decision, destinations, atMs }]);
}

async function read(query: string, key: 'a' | 'b' = 'a'): Promise<Page> {
  const { app, bearer } = makeHttpApp({ alertDesk: desk });
  // The ring of the test app has keys of its own each time: only their names count.
  const answer = await app.request(`/v1/alerts${query}`, {
    headers: { Authorization: bearer[key] },
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Page;
}

describe('GET /v1/alerts', () => {
  it('lists the alerts of the key only, newest first, with their deliveries', async () => {
    raise('one', 'a', 1_000, ['hook', 'slack']);
    raise('other', 'b', 2_000, ['hook']);
    raise('two', 'a', 3_000, []);
    const mark = { state: 'dead', atMs: 1_500, error: 'HTTP 500' } as const;
    store.write([{ kind: 'mark', alertId: 'one', destination: 'slack', mark }]);
    const { kept, alerts, nextCursor } = await read('');
    expect(kept).toBe(true);
    expect(nextCursor).toBeNull();
    expect(alerts.map(({ alert }) => alert.id)).toEqual(['two', 'one']);
    expect(alerts[1]!.deliveries).toMatchObject([
      { destination: 'hook', state: 'waiting', attempts: 0, lastError: null },
      { destination: 'slack', state: 'dead', attempts: 1, lastError: 'HTTP 500' },
    ]);
    expect((await read('', 'b')).alerts.map(({ alert }) => alert.id)).toEqual(['other']);
  });

  it('comes in pages that neither repeat nor leave out alerts of one moment', async () => {
    for (const id of ['a1', 'a2', 'a3', 'a4', 'a5']) raise(id, 'a', 1_000, []);
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: Page = await read(`?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
      seen.push(...page.alerts.map(({ alert }) => alert.id));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(['a5', 'a4', 'a3', 'a2', 'a1']);
  });

  it('says when nothing is kept, and refuses a foreign cursor', async () => {
    const { app, bearer } = makeHttpApp();
    const headers = { Authorization: bearer.a };
    const answer = await app.request('/v1/alerts', { headers });
    expect(await answer.json()).toEqual({ kept: false, alerts: [], nextCursor: null });
    expect((await app.request('/v1/alerts?cursor=x', { headers })).status).toBe(400);
    expect((await app.request('/v1/alerts')).status).toBe(401);
  });
});
