import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/logger.ts';
import { ALERTS_OF_KEY, AlertDesk } from '../../../src/results/outbox/alert-desk.ts';
import { STANDING_QUERIES } from '../../../src/results/outbox/alert-statements.ts';
import {
  AlertStore,
  type DeliveryMark,
  GIVE_UP_AFTER_MS,
} from '../../../src/results/outbox/alert-store.ts';
import { openDatabase } from '../../../src/results/outbox/database.ts';
import { Outbox } from '../../../src/results/outbox/outbox.ts';
import { StoreError } from '../../../src/sqlite.ts';
import { fakeAlert } from '../../support/alert-fakes.ts';
import { FakeClock } from '../../support/fake-clock.ts';

let folder: string;
let open: { close(): void }[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-outbox-'));
});
afterEach(() => {
  for (const entry of open.splice(0)) entry.close();
  open = [];
  rmSync(folder, { recursive: true, force: true });
});

function openStore(maxBytes?: number): AlertStore {
  const store = AlertStore.open(folder, {
    as: 'owner',
    ...(maxBytes === undefined ? {} : { maxBytes }),
  });
  open.push(store);
  return store;
}

function rig(store: Pick<AlertStore, 'write'>, maxHeld = 10) {
  const clock = new FakeClock();
  const lines: string[] = [];
  const logger = createLogger('info', { write: (line) => lines.push(line) });
  let commits = 0;
  const outbox = new Outbox({ store, clock, logger, maxHeld, committed: () => commits++ });
  const messages = () => lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
  return { clock, outbox, messages, commits: () => commits };
}

const ids = (store: AlertStore, nowMs = 2_000_000) =>
  store.due('slack', nowMs, 100).map(({ alert }) => alert.id);

it('keeps its files from other users of the machine, whatever folder it is given', () => {
  const { outbox, clock } = rig(openStore());
  outbox.record(fakeAlert('a1'), ['slack']);
  clock.advance(0);
  for (const file of ['alerts.db', 'alerts.db-wal']) {
    expect((statSync(join(folder, file)).mode & 0o077).toString(8)).toBe('0');
  }
});

it('finds the alerts of a key without looking at those of others', () => {
  openStore();
  const { db, close } = openDatabase(folder, { as: 'guest' });
  open.push({ close });
  const plan = db
    .prepare(`EXPLAIN QUERY PLAN ${ALERTS_OF_KEY}`)
    .all({ keyName: 'bank', createdAtMs: 1, id: '', limit: 1 }) as { detail: string }[];
  expect(plan.map(({ detail }) => detail)).toEqual([
    expect.stringMatching(/^SEARCH alerts USING INDEX alerts_of_key \(<expr>=\? AND /),
  ]);
});

it.each(Object.entries(STANDING_QUERIES))(
  'looks at no delivery and no alert that is done with to %s',
  (_, query) => {
    openStore();
    const { db, close } = openDatabase(folder, { as: 'guest' });
    open.push({ close });
    const values = Array.from(query.matchAll(/\?/g), () => 1);
    const plan = db.prepare(`EXPLAIN QUERY PLAN ${query}`).all(...values) as { detail: string }[];
    const tables = plan.filter(({ detail }) =>
      /^(SCAN|SEARCH) (?!json_each|CONSTANT ROW)/.test(detail),
    );
    expect(tables.length).toBeGreaterThan(0);
    expect(tables.filter(({ detail }) => detail.startsWith('SCAN'))).toEqual([]);
  },
);

describe('Outbox', () => {
  it('puts an alert, its deliveries and its record into one transaction', () => {
    const store = openStore();
    const { outbox, clock, commits } = rig(store);
    outbox.record(fakeAlert('a1'), ['slack', 'json']);
    outbox.record(fakeAlert('a2'), []);
    expect(ids(store)).toEqual([]);
    clock.advance(0);
    expect(commits()).toBe(1);
    expect(store.due('slack', clock.nowMs(), 9)).toEqual([
      {
        alert: fakeAlert('a1'),
        destination: 'slack',
        attempts: 0,
        giveUpAtMs: clock.nowMs() + GIVE_UP_AFTER_MS,
      },
    ]);
    expect(store.decisionsAfter(0, 9)).toEqual([
      { seq: 1, decision: fakeAlert('a1') },
      { seq: 2, decision: fakeAlert('a2') },
    ]);
    expect(store.counts()).toEqual({ waiting: 2, dead: 0, oldestWaitingAtMs: clock.nowMs() });
  });

  it('waits in memory while another writer holds the store, then writes everything once', () => {
    const store = openStore();
    const other = new Database(join(folder, 'alerts.db'));
    open.push(other);
    other.exec('BEGIN IMMEDIATE');
    const { outbox, clock, messages } = rig(store);
    outbox.record(fakeAlert('a1'), ['slack']);
    clock.advance(2_000);
    expect(outbox.held).toBe(1);
    outbox.record(fakeAlert('a2'), ['slack']);
    other.exec('COMMIT');
    clock.advance(500);
    expect(ids(store)).toEqual(['a1', 'a2']);
    expect([outbox.held, outbox.lost]).toEqual([0, 0]);
    expect(messages()).toEqual(['the store takes no writes', 'the store writes again']);
  });

  it('goes on when the disk is full: holds up to its limit, counts and says what is lost', () => {
    const store = openStore(48 * 1_024);
    const { outbox, clock, messages } = rig(store, 3);
    const filler = { metadata: { note: 'x'.repeat(60_000) } };
    outbox.record(fakeAlert('big', filler), ['slack']);
    clock.advance(0);
    for (const id of ['a1', 'a2', 'a3', 'a4', 'a5']) outbox.record(fakeAlert(id), ['slack']);
    expect([outbox.held, outbox.lost]).toEqual([3, 3]);
    outbox.close();
    expect(messages()).toEqual([
      'the store takes no writes',
      'decisions are lost',
      'decisions are lost',
    ]);
    expect(ids(store)).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('has room for new alerts in a store at its limit: the oldest that are done with give way', () => {
    const store = openStore(256 * 1_024);
    const { outbox, clock, messages } = rig(store);
    const filler = { metadata: { note: 'x'.repeat(2_000) } };
    const raise = (id: string, mark: DeliveryMark | null) => {
      outbox.record(fakeAlert(id, filler), ['slack']);
      clock.advance(0);
      if (mark !== null) {
        outbox.write({ kind: 'mark', alertId: id, destination: 'slack', mark }, () => {});
      }
      // As the decision log does.
      outbox.write({ kind: 'logged', upToSeq: Number.MAX_SAFE_INTEGER }, () => {});
      clock.advance(1);
    };
    raise('waits', null);
    for (let count = 0; count < 200; count++) {
      const end = { atMs: clock.nowMs() };
      const dead = { state: 'dead', ...end, error: 'HTTP 410' } as const;
      raise(`a${count}`, count % 2 === 0 ? dead : { state: 'delivered', ...end });
    }
    raise('new', null);
    expect([outbox.held, outbox.lost, messages()]).toEqual([0, 0, []]);
    expect(ids(store)).toEqual(['waits', 'new']);
    const desk = new AlertDesk(folder);
    open.push(desk);
    const kept = desk.list({ destination: 'slack' }, 999).map(({ alertId }) => alertId);
    expect(kept.slice(0, 2)).toEqual(['new', 'a199']);
    expect(kept).not.toContain('a0');
    expect(store.gaveWay).toBe(202 - kept.length);
  });

  it('takes nothing after its end: no delivery that outlives the store keeps it trying', () => {
    const store = openStore();
    const { outbox, clock } = rig(store);
    outbox.close();
    open.pop()!.close();
    outbox.write({ kind: 'logged', upToSeq: 1 }, () => {});
    clock.advance(60_000);
    expect(clock.pendingTimers).toBe(0);
  });

  it('calls back when a write is on the disk, and only then', () => {
    let full = true;
    const { outbox, clock } = rig({
      write() {
        if (full) throw new Error('database or disk is full');
      },
    });
    let done = 0;
    outbox.write({ kind: 'logged', upToSeq: 1 }, () => done++);
    clock.advance(1_000);
    expect(done).toBe(0);
    full = false;
    clock.advance(1_000);
    expect(done).toBe(1);
  });
});

describe('AlertStore', () => {
  const add = (store: AlertStore, id: string, atMs = 1_000) =>
    store.write([
      { kind: 'decision', decision: fakeAlert(id), destinations: ['slack', 'json'], atMs },
    ]);

  it('keeps everything over a restart', () => {
    const first = openStore();
    add(first, 'a1');
    open.pop()!.close();
    const store = openStore();
    expect(ids(store)).toEqual(['a1']);
  });

  it('refuses a second process, and is free again when the first has gone', () => {
    openStore();
    expect(() => openStore()).toThrow(StoreError);
    open.pop()!.close();
    expect(() => openStore()).not.toThrow();
  });

  it('lets the command line in beside the service, but not before there is a store', () => {
    expect(() => openDatabase(folder, { as: 'guest' })).toThrow(/holds no alert store/);
    const store = openStore();
    const guest = AlertStore.open(folder, { as: 'guest' });
    open.push(guest);
    add(store, 'a1');
    expect(ids(guest)).toEqual(['a1']);
  });

  it('refuses a store of a newer version', () => {
    openStore();
    open.pop()!.close();
    const raw = new Database(join(folder, 'alerts.db'));
    raw.exec('PRAGMA user_version = 99');
    raw.close();
    expect(() => openStore()).toThrow(/alert store of version 99/);
  });

  it('counts attempts, waits, ends, and forgets what ended long ago', () => {
    const store = openStore();
    add(store, 'a1');
    const mark = (destination: string, state: Parameters<typeof markOf>[1]) =>
      store.write([{ kind: 'mark', alertId: 'a1', destination, mark: markOf(destination, state) }]);
    const markOf = (_: string, state: 'delivered' | 'waiting' | 'dead') =>
      state === 'waiting'
        ? { state, nextAttemptAtMs: 5_000, error: 'HTTP 500' }
        : state === 'dead'
          ? { state, atMs: 2_000, error: 'HTTP 410' }
          : { state, atMs: 2_000 };
    mark('slack', 'waiting');
    expect(store.due('slack', 4_999, 9)).toEqual([]);
    expect(store.nextDueAtMs('slack')).toBe(5_000);
    expect(store.due('slack', 5_000, 9)).toMatchObject([{ attempts: 1 }]);
    mark('slack', 'delivered');
    // A late answer changes nothing that has ended.
    mark('slack', 'dead');
    mark('json', 'dead');
    expect(store.counts()).toEqual({ waiting: 0, dead: 1, oldestWaitingAtMs: null });
    expect(store.nextDueAtMs('slack')).toBeNull();
    expect(store.forgetEnded(10_000)).toBe(0);
    store.write([{ kind: 'decision', decision: fakeAlert('a2'), destinations: [], atMs: 1 }]);
    expect(store.forgetEnded(10_000)).toBe(1);
  });

  it('brings waits back into reach when the clock was set back', () => {
    const store = openStore();
    add(store, 'a1', 9_000_000_000);
    store.pullInWaits(1_000);
    expect(store.nextDueAtMs('slack')).toBe(1_000);
    expect(store.due('slack', 9e12, 1)[0]!.giveUpAtMs).toBe(1_000 + GIVE_UP_AFTER_MS);
  });

  it('buries deliveries to destinations that are gone', () => {
    const store = openStore();
    add(store, 'a1');
    expect(store.buryOrphans(['json'], 1)).toBe(1);
    expect(store.counts()).toMatchObject({ waiting: 1, dead: 1 });
  });

  it('knows what was delivered although its destination was taken away meanwhile', () => {
    const store = openStore();
    add(store, 'a1');
    store.buryOrphans([], 1);
    const mark = (destination: string, mark: DeliveryMark) =>
      store.write([{ kind: 'mark', alertId: 'a1', destination, mark }]);
    mark('slack', { state: 'delivered', atMs: 2 });
    mark('json', { state: 'waiting', nextAttemptAtMs: 5_000, error: 'HTTP 500' });
    expect(store.counts()).toEqual({ waiting: 0, dead: 1, oldestWaitingAtMs: null });
    const desk = new AlertDesk(folder);
    open.push(desk);
    expect(desk.list({ state: 'delivered' }, 9)).toMatchObject([
      { destination: 'slack', attempts: 1, lastError: null },
    ]);
  });

  it('gives every decision a number that never comes again', () => {
    const store = openStore();
    add(store, 'a1');
    add(store, 'a2');
    store.write([{ kind: 'logged', upToSeq: 2 }]);
    add(store, 'a3');
    expect(store.decisionsAfter(0, 9).map(({ seq }) => seq)).toEqual([3]);
  });
});
