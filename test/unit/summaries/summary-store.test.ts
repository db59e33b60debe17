import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/logger.ts';
import type { CallSummary } from '../../../src/results/call-record.ts';
import { SUMMARY_MIGRATIONS } from '../../../src/summaries/summary-database.ts';
import {
  MAX_LEGS_BYTES,
  SUMMARY_FILE,
  SummaryStore,
} from '../../../src/summaries/summary-store.ts';
import type { ScreeningRecord } from '../../../src/uploads/screening-store.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const DAY_MS = 86_400_000;
const ALL = Number.MAX_SAFE_INTEGER;

let folder: string;
let clock: FakeClock;
let open: { close(): void }[] = [];
let lines: { readonly msg: string; readonly reason?: string; readonly lost?: number }[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-summaries-'));
  clock = new FakeClock(1_700_000_000_000);
  lines = [];
});
afterEach(() => {
  for (const entry of open.splice(0)) entry.close();
  open = [];
  rmSync(folder, { recursive: true, force: true });
});

const path = () => join(folder, SUMMARY_FILE);

function openStore(options: { maxWaitingBytes?: number; maxBytes?: number } = {}): SummaryStore {
  const logger = createLogger('info', { write: (line) => lines.push(JSON.parse(line)) });
  const store = new SummaryStore({ clock, logger, folder, retentionDays: 2, ...options });
  open.push(store);
  return store;
}

function otherProcess(): Database.Database {
  const db = new Database(path());
  open.push(db);
  return db;
}

const call = (callId: string, metadata = {}): CallSummary => ({
  callId,
  platform: 'native',
  state: 'ended',
  startedAtMs: clock.nowMs() - 1_000,
  endedAtMs: clock.nowMs(),
  metadata,
  alert: null,
  legs: [{ id: 'caller', role: 'caller', detector: 'tiny@0123456789ab', latest: null }],
});

const screening = (id: string, number: number, legs = '[]'): ScreeningRecord => ({
  number,
  keyName: 'a',
  summary: {
    ...{ id, state: 'done', createdAtMs: clock.nowMs(), finishedAtMs: clock.nowMs() },
    ...{ fileName: null, bytes: 7, audio: null, problem: null, legs: [] },
  },
  legsJson: new TextEncoder().encode(legs),
  idempotency: { key: `once-${id}`, fingerprint: 'f' },
});

const idsOf = (store: SummaryStore, keyName = 'a', limit = 9) =>
  store.calls(keyName, limit, ALL).calls.map(({ callId }) => callId);

describe('the store of summaries', () => {
  it('survives a restart, a key seeing its own', () => {
    const first = openStore();
    first.callEnded('a', call('one'));
    first.callEnded('b', call('other'));
    first.keep(screening('s1', 1, '[{"id":"caller"}]'));
    first.close();
    const store = openStore();
    expect(store.call('one', 'a')).toEqual(call('one'));
    expect([store.call('one', 'b'), store.call('none', 'a')]).toEqual([null, null]);
    expect(idsOf(store)).toEqual(['one']);
    const found = store.get('s1', 'a');
    expect(found?.summary).toEqual(screening('s1', 1).summary);
    expect(Buffer.from(found?.legsJson ?? []).toString()).toBe('[{"id":"caller"}]');
    expect(store.get('s1', 'b')).toBeNull();
    expect(store.byIdempotencyKey('once-s1', 'a')?.idempotency?.fingerprint).toBe('f');
    expect(store.byIdempotencyKey('once-s1', 'b')).toBeNull();
    expect(store.page('a', 9, ALL).map(({ number }) => number)).toEqual([1]);
  });

  it('gathers writes and makes them on a timer', () => {
    const store = openStore();
    for (let index = 0; index < 1_200; index++) store.callEnded('a', call(`c${index}`));
    const stored = otherProcess().prepare('SELECT COUNT(*) AS count FROM calls');
    const count = () => (stored.get() as { count: number }).count;
    expect([count(), store.figures.waiting]).toEqual([0, 1_200]);
    clock.advance(1_000);
    expect(count()).toBe(500);
    clock.advance(2_000);
    expect([count(), store.figures.waiting]).toEqual([1_200, 0]);
  });

  it('gives pages, newest first', () => {
    const store = openStore();
    for (const id of ['c1', 'c2', 'c3', 'c4', 'c5']) store.callEnded('a', call(id));
    const first = store.calls('a', 2, ALL);
    expect(first.calls.map(({ callId }) => callId)).toEqual(['c5', 'c4']);
    store.callEnded('a', call('c6'));
    const second = store.calls('a', 2, first.nextBefore!);
    expect(second.calls.map(({ callId }) => callId)).toEqual(['c3', 'c2']);
    const last = store.calls('a', 2, second.nextBefore!);
    expect([last.calls.map(({ callId }) => callId), last.nextBefore]).toEqual([['c1'], null]);
  });

  it('shows the newest of calls that had the same id', () => {
    const store = openStore();
    store.callEnded('a', call('same', { turn: '1' }));
    store.callEnded('a', call('same', { turn: '2' }));
    expect(store.call('same', 'a')?.metadata).toEqual({ turn: '2' });
  });

  it('keeps a long screening without its timelines', () => {
    const store = openStore();
    store.keep(screening('long', 1, ' '.repeat(MAX_LEGS_BYTES + 1)));
    expect(store.get('long', 'a')?.legsJson).toBeNull();
  });
});

describe('retention', () => {
  it('hides what is too old at once, and deletes it every hour', () => {
    const store = openStore();
    store.callEnded('a', call('old'));
    store.keep(screening('old', 1));
    clock.advance(DAY_MS);
    store.callEnded('a', call('new'));
    expect(idsOf(store)).toEqual(['new', 'old']);
    clock.advance(DAY_MS + 1);
    expect(idsOf(store)).toEqual(['new']);
    expect([store.call('old', 'a'), store.get('old', 'a')]).toEqual([null, null]);
    clock.advance(3_600_000);
    const count = (table: string) =>
      (otherProcess().prepare(`SELECT COUNT(*) AS n FROM ${table}`).get() as { n: number }).n;
    expect([count('calls'), count('screenings')]).toEqual([1, 0]);
  });

  it('deletes none after its end: what is left waits for the next start', () => {
    const store = openStore();
    for (let number = 0; number < 600; number++) store.callEnded('a', call(`c${number}`));
    store.close();
    clock.advance(3 * DAY_MS);
    openStore().close();
    expect(clock.pendingTimers).toBe(0);
    const stored = otherProcess().prepare('SELECT COUNT(*) AS count FROM calls');
    expect(stored.get()).toMatchObject({ count: 100 });
  });

  it('deletes many in small steps', () => {
    const store = openStore();
    for (let index = 0; index < 1_100; index++) store.callEnded('a', call(`c${index}`));
    clock.advance(5_000);
    clock.jump(clock.nowMs() + 3 * DAY_MS);
    const stored = otherProcess().prepare('SELECT COUNT(*) AS count FROM calls');
    const count = () => (stored.get() as { count: number }).count;
    const seen = new Set<number>();
    for (let second = 0; second < 3_610; second++) {
      clock.advance(1_000);
      seen.add(count());
    }
    expect([...seen]).toEqual([1_100, 600, 100, 0]);
    expect(store.figures.failures).toBe(0);
  });
});

describe('migrations', () => {
  it('bring a file of version 1 up to date and keep what is in it', () => {
    const old = new Database(path());
    old.exec(SUMMARY_MIGRATIONS[0]!);
    old.exec('PRAGMA user_version = 1');
    const { alert: _later, ...before } = call('before');
    old
      .prepare('INSERT INTO calls (key_name, call_id, ended_at_ms, body) VALUES (?, ?, ?, ?)')
      .run('a', 'before', clock.nowMs(), JSON.stringify(before));
    old.close();
    const store = openStore();
    expect(store.call('before', 'a')).toEqual(call('before'));
    store.keep(screening('s1', 1));
    expect(store.get('s1', 'a')).not.toBeNull();
    expect(otherProcess().pragma('user_version')).toEqual([
      { user_version: SUMMARY_MIGRATIONS.length },
    ]);
  });

  it('refuse a newer file with a clear line and leave it as it is', () => {
    const newer = new Database(path());
    newer.exec('PRAGMA user_version = 99; CREATE TABLE calls (other TEXT)');
    newer.close();
    const store = openStore();
    store.callEnded('a', call('c1'));
    clock.advance(30_000);
    expect(lines).toEqual([
      expect.objectContaining({
        msg: 'the summary store does not work',
        reason: expect.stringMatching(/summary store of version 99, this program knows up to 3$/),
      }),
    ]);
    expect(otherProcess().pragma('user_version')).toEqual([{ user_version: 99 }]);
    expect([store.figures.waiting, idsOf(store)]).toEqual([1, []]);
  });
});

describe('a file that cannot be used', () => {
  it('that is locked lets summaries wait, readers read, and is written later', () => {
    const store = openStore();
    store.callEnded('a', call('c1'));
    clock.advance(1_000);
    const other = otherProcess();
    other.exec('BEGIN IMMEDIATE');
    store.callEnded('a', call('c2'));
    clock.advance(1_000);
    expect([store.figures.waiting, store.figures.failures]).toEqual([1, 1]);
    expect(idsOf(store)).toEqual(['c1']);
    other.exec('COMMIT');
    clock.advance(10_000);
    expect([store.figures.waiting, store.figures.failures]).toEqual([0, 1]);
    expect(idsOf(store)).toEqual(['c2', 'c1']);
  });

  it('that is damaged stops nothing, and is said once a minute', () => {
    writeFileSync(path(), Buffer.alloc(8_192, 'no database'));
    const store = openStore();
    expect(lines.map(({ msg }) => msg)).toEqual(['the summary store does not work']);
    for (let second = 0; second < 125; second++) {
      store.callEnded('a', call(`c${second}`));
      expect([idsOf(store), store.get('s', 'a'), store.call('c', 'a')]).toEqual([[], null, null]);
      clock.advance(1_000);
    }
    expect(lines).toHaveLength(3);
    expect(store.figures.failures).toBeGreaterThan(10);
    expect(statSync(path()).size).toBe(8_192);
    rmSync(path());
    clock.advance(11_000);
    expect([store.figures.waiting, idsOf(store, 'a', 200)]).toEqual([0, expect.any(Array)]);
    expect(idsOf(store, 'a', 200)).toHaveLength(125);
  });

  it('that is damaged while it is open is opened anew', () => {
    const store = openStore();
    store.callEnded('a', call('c1'));
    clock.advance(1_000);
    const other = otherProcess();
    other.exec('DROP TABLE calls');
    store.callEnded('a', call('c2'));
    clock.advance(1_000);
    expect(store.figures).toEqual({ waiting: 1, lost: 0, failures: 1 });
    other.exec(SUMMARY_MIGRATIONS[0]!);
    clock.advance(10_000);
    expect(idsOf(store)).toEqual(['c2']);
  });

  it('that is full keeps what waits in bounds: the oldest give way, counted and said', () => {
    const store = openStore({ maxBytes: 100 * 1_024, maxWaitingBytes: 40_000 });
    const filler = { note: 'x'.repeat(9_000) };
    for (let index = 0; index < 30; index++) {
      store.callEnded('a', call(`c${index}`, filler));
      clock.advance(1_000);
    }
    const { waiting, lost, failures } = store.figures;
    expect([waiting, failures > 0]).toEqual([4, true]);
    expect(lost).toBeGreaterThan(5);
    expect(lines[0]?.reason).toMatch(/full/);
    store.close();
    expect(lines.at(-1)).toMatchObject({ msg: 'summaries are lost', lost: 4 });
  });
});
