import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AlertDesk } from '../../../src/results/outbox/alert-desk.ts';
import { AlertStore } from '../../../src/results/outbox/alert-store.ts';
import { fakeAlert } from '../../support/alert-fakes.ts';

const HOUR_MS = 3_600_000;

let folder: string;
let store: AlertStore;
let desk: AlertDesk;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-alert-desk-'));
  store = AlertStore.open(folder, { as: 'owner' });
  desk = new AlertDesk(folder);
});
afterEach(() => {
  desk.close();
  store.close();
  rmSync(folder, { recursive: true });
});

it.each([
  ['ahead of', 5 * HOUR_MS],
  ['behind', -5 * HOUR_MS],
])(
  'sends again at once when the clock of the command line is %s that of the service',
  (_, byMs) => {
    const nowMs = 100 * HOUR_MS;
    const destinations = ['slack'];
    store.write([{ kind: 'decision', decision: fakeAlert('a1'), destinations, atMs: nowMs }]);
    // Taken away while it waited for an attempt an hour later.
    const mark = { state: 'waiting', nextAttemptAtMs: nowMs + HOUR_MS, error: 'HTTP 503' } as const;
    store.write([{ kind: 'mark', alertId: 'a1', destination: 'slack', mark }]);
    store.buryOrphans([], nowMs);
    expect(store.due('slack', nowMs, 1)).toEqual([]);
    expect(desk.retry({ alertId: 'a1' }, nowMs + byMs)).toBe(1);
    expect(store.due('slack', nowMs, 1)).toMatchObject([{ alert: { id: 'a1' } }]);
  },
);
