import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/logger.ts';
import { withoutNumbers } from '../../../src/results/decision-log/record.ts';
import { AlertStore } from '../../../src/results/outbox/alert-store.ts';
import { FeedbackDesk } from '../../../src/results/outbox/feedback-desk.ts';
import { Outbox } from '../../../src/results/outbox/outbox.ts';
import { OutcomeDesk } from '../../../src/results/outcome-desk.ts';
import type { OutcomeDecision } from '../../../src/results/outcomes.ts';
import { fakeAlert } from '../../support/alert-fakes.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const DAY_MS = 86_400_000;

let folder: string;
let store: AlertStore;
let clock: FakeClock;
let outbox: Outbox;
/** True = the disk takes nothing. */
let isFull: boolean;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-outcomes-'));
  store = AlertStore.open(folder, { as: 'owner' });
  clock = new FakeClock();
  isFull = false;
  outbox = new Outbox({
    store: {
      write(writes) {
        if (isFull) throw new Error('database or disk is full');
        store.write(writes);
      },
    },
    clock,
    logger: createLogger('silent'),
    committed() {},
  });
});
afterEach(() => {
  outbox.close();
  store.close();
  rmSync(folder, { recursive: true });
});

const makeDesk = () => new OutcomeDesk({ store, outbox, clock });

function outcomeOf(change: Partial<OutcomeDecision> = {}): OutcomeDecision {
  return {
    type: 'outcome',
    callId: 'call-1',
    keyName: 'bank',
    outcome: 'confirmed_synthetic',
    note: null,
    wallTimeMs: 1_000_000,
    ...change,
  };
}

/** Reports, and lets the outbox write. */
function report(desk: OutcomeDesk, outcome: OutcomeDecision) {
  const result = desk.report(outcome);
  clock.advance(0);
  return result;
}

const logged = () => store.decisionsAfter(0, 2_000).map(({ decision }) => decision);

describe('reports of outcomes', () => {
  it('go into the store and towards the decision log in one step', async () => {
    const outcome = outcomeOf({ note: 'the customer said so' });
    expect(await report(makeDesk(), outcome)).toEqual({ state: 'saved', outcome });
    expect(store.outcomeOf('bank', 'call-1')).toEqual(outcome);
    expect(store.outcomeOf('shop', 'call-1')).toBeNull();
    expect(logged()).toEqual([outcome]);
  });

  it('change nothing when they say the same again, and take the place of others', async () => {
    const desk = makeDesk();
    const first = outcomeOf();
    await report(desk, first);
    const again = outcomeOf({ wallTimeMs: 2_000_000 });
    expect(await report(desk, again)).toEqual({ state: 'unchanged', outcome: first });
    const other = outcomeOf({ outcome: 'confirmed_human', wallTimeMs: 3_000_000 });
    await report(desk, other);
    expect(store.outcomeOf('bank', 'call-1')).toEqual(other);
    expect(logged()).toEqual([first, other]);
  });

  it('are one record when they come twice before the first is written', async () => {
    const desk = makeDesk();
    const both = [desk.report(outcomeOf()), desk.report(outcomeOf({ wallTimeMs: 1_000_001 }))];
    clock.advance(0);
    for (const result of await Promise.all(both)) expect(result.state).toBe('saved');
    expect(logged()).toHaveLength(1);
  });

  it('wait in memory while the disk is full, up to a limit', async () => {
    const desk = makeDesk();
    isFull = true;
    const waiting = Array.from({ length: 1_000 }, (_, index) =>
      desk.report(outcomeOf({ callId: `c${index}` })),
    );
    expect(await desk.report(outcomeOf({ callId: 'one too many' }))).toEqual({ state: 'refused' });
    clock.advance(3_000);
    expect(new Set((await Promise.all(waiting)).map(({ state }) => state))).toEqual(
      new Set(['waiting']),
    );
    isFull = false;
    clock.advance(1_000);
    expect(logged()).toHaveLength(1_000);
    expect((await report(desk, outcomeOf({ callId: 'c5' }))).state).toBe('unchanged');
  });
});

describe('calls with alerts', () => {
  it('are known to their key, also after the alert was forgotten', () => {
    outbox.record(fakeAlert('a1', { callId: 'call-9' }), []);
    clock.advance(0);
    store.forgetEnded(clock.nowMs() + 40 * DAY_MS);
    expect(makeDesk().isKnown('bank', 'call-9')).toBe(true);
    expect(makeDesk().isKnown('shop', 'call-9')).toBe(false);
    store.forgetEnded(clock.nowMs() + 371 * DAY_MS);
    expect(makeDesk().isKnown('bank', 'call-9')).toBe(false);
  });

  it('of a store of version 1 are taken over', () => {
    const old = join(folder, 'old');
    mkdirSync(old);
    // What version 1 had made.
    const db = new Database(join(old, 'alerts.db'));
    db.exec(`CREATE TABLE alerts (id TEXT PRIMARY KEY, created_at_ms INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
      CREATE TABLE deliveries (alert_id TEXT NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
        destination TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
        next_attempt_at_ms INTEGER NOT NULL, give_up_at_ms INTEGER NOT NULL, last_error TEXT,
        ended_at_ms INTEGER, PRIMARY KEY (alert_id, destination)) STRICT;
      CREATE TABLE decisions (seq INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL) STRICT;
      PRAGMA user_version = 1;`);
    const insert = db.prepare('INSERT INTO alerts VALUES (?, ?, ?)');
    for (const [id, atMs] of [
      ['a1', 500],
      ['a2', 400],
    ] as const) {
      insert.run(id, atMs, JSON.stringify(fakeAlert(id)));
    }
    db.close();
    const migrated = AlertStore.open(old, { as: 'owner' });
    expect(migrated.hasAlertOf('bank', 'call-1')).toBe(true);
    migrated.write([{ kind: 'outcome', outcome: outcomeOf() }]);
    const desk = new FeedbackDesk(old);
    expect(desk.calls()).toMatchObject([
      { callId: 'call-1', policies: ['likely-synthetic'], firstAlertAtMs: 400 },
    ]);
    desk.close();
    migrated.close();
  });
});

describe('the feedback desk', () => {
  it('joins outcomes with the policies that alerted', async () => {
    const named = (name: string) => ({ policy: { name, hash: 'ab' } });
    for (const [id, change] of [
      ['a1', named('second')],
      ['a2', named('first')],
      ['a3', named('first')],
      ['a4', { keyName: 'shop', ...named('third') }],
    ] as const) {
      outbox.record(fakeAlert(id, change), []);
      clock.advance(10);
    }
    const desk = makeDesk();
    await report(desk, outcomeOf());
    await report(desk, outcomeOf({ callId: 'quiet', wallTimeMs: 2_000_000 }));
    const feedback = new FeedbackDesk(folder);
    expect(feedback.calls()).toEqual([
      {
        ...{ keyName: 'bank', callId: 'call-1', outcome: 'confirmed_synthetic', note: null },
        ...{ reportedAtMs: 1_000_000, policies: ['first', 'second'], firstAlertAtMs: 1_000_000 },
      },
      {
        ...{ keyName: 'bank', callId: 'quiet', outcome: 'confirmed_synthetic', note: null },
        ...{ reportedAtMs: 2_000_000, policies: [], firstAlertAtMs: null },
      },
    ]);
    feedback.close();
  });

  it('knows that a call had an alert for as long as its outcome is kept', async () => {
    outbox.record(fakeAlert('a1'), []);
    clock.advance(0);
    const reportedAtMs = clock.nowMs() + 100 * DAY_MS;
    await report(makeDesk(), outcomeOf({ wallTimeMs: reportedAtMs }));
    const policiesOf = () => {
      const feedback = new FeedbackDesk(folder);
      const policies = feedback.calls().map((call) => call.policies);
      feedback.close();
      return policies;
    };
    // Tidying takes what ended 30 days ago, and of feedback what is 370 days older still.
    store.forgetEnded(clock.nowMs() + 371 * DAY_MS);
    expect(policiesOf()).toEqual([['likely-synthetic']]);
    store.forgetEnded(reportedAtMs + 371 * DAY_MS);
    expect(policiesOf()).toEqual([]);
    expect(store.hasAlertOf('bank', 'call-1')).toBe(false);
  });
});

it('keeps numbers and notes out of the decision log', () => {
  const key = Buffer.alloc(32, 1);
  const masked = withoutNumbers(outcomeOf({ callId: '+49 30 123456', note: 'call 555' }), key);
  expect(JSON.stringify(masked)).not.toMatch(/123456|555/);
  expect(masked).toMatchObject({ type: 'outcome', outcome: 'confirmed_synthetic' });
  expect(withoutNumbers(outcomeOf({ note: 'in clear' }), null)).toEqual(
    outcomeOf({ note: 'in clear' }),
  );
});
