import { expect, it } from 'vitest';
import { ScreeningDesk } from '../../../src/uploads/screening-desk.ts';
import {
  DEFAULT_SCREENING_STORE,
  type ScreeningRecord,
} from '../../../src/uploads/screening-store.ts';
import type { UploadOutcome } from '../../../src/uploads/upload-messages.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { HeldScreener } from '../../support/http-app.ts';

const REFUSED = { kind: 'refused', fileName: null, code: 'internal', detail: 'given up' } as const;
const BODY = { blocks: [], contentType: '', fileName: null, raw: null, scoreIntervalMs: 500 };

/** A desk whose screener gives up what it has when it is stopped. */
function setUp() {
  const kept: ScreeningRecord[] = [];
  let settle: (outcome: UploadOutcome) => void = () => {};
  const screener = {
    screen: () => new Promise<UploadOutcome>((resolve) => (settle = resolve)),
    stop: async () => settle(REFUSED),
  };
  const archive = {
    keep: (record: ScreeningRecord) => void kept.push(record),
    get: () => null,
    byIdempotencyKey: () => null,
    page: () => [],
  };
  const store = { ...DEFAULT_SCREENING_STORE, archive };
  const counted: string[] = [];
  const count = (result: string) => void counted.push(result);
  const desk = new ScreeningDesk({ clock: new FakeClock(), screener, maxOpen: 2, store, count });
  desk.reserve('a');
  const idempotency = { key: 'k', fingerprint: 'f' };
  const record = desk.submit({ keyName: 'a', bytes: 1, idempotency, body: BODY });
  const settled = async (outcome: UploadOutcome) => {
    settle(outcome);
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  };
  return { desk, record, kept, counted, settled };
}

it('forgets what the end of the service cut off, so that it can be tried again', async () => {
  const { desk, record, kept, counted } = setUp();
  await desk.close();
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  expect([kept, counted, record.summary.state]).toEqual([[], [], 'running']);
});

it('keeps what failed by itself', async () => {
  const { record, kept, counted, settled } = setUp();
  await settled(REFUSED);
  expect([kept.length, counted, record.summary.state]).toEqual([1, ['internal'], 'failed']);
});

it("gives times of the computer's clock, in whole milliseconds, and forgets by its own", async () => {
  const screener = new HeldScreener();
  const clock = new FakeClock(1_000_000.4);
  const store = { ...DEFAULT_SCREENING_STORE, keepMs: 60_000 };
  const desk = new ScreeningDesk({ clock, screener, maxOpen: 3, store, count: () => undefined });
  desk.reserve('a');
  clock.wallAheadMs = 3_600_000;
  const record = desk.submit({ keyName: 'a', bytes: 1, idempotency: null, body: BODY });
  clock.wallAheadMs = 7_200_000.3;
  await screener.answer();
  expect(record.summary.createdAtMs).toBe(4_600_000);
  expect(record.summary.finishedAtMs).toBe(8_200_000);
  clock.advance(59_000);
  expect(desk.store.get(record.summary.id, 'a')).toBe(record);
  clock.advance(2_000);
  expect(desk.store.get(record.summary.id, 'a')).toBeNull();
});

it('keeps a place of others from a key that has all it may have', async () => {
  const screener = new HeldScreener();
  const counted: string[] = [];
  const desk = new ScreeningDesk({
    ...{ clock: new FakeClock(), screener, maxOpen: 3, maxOpenOfKey: 2 },
    store: DEFAULT_SCREENING_STORE,
    count: (result) => void counted.push(result),
  });
  const take = (...names: string[]) => names.map((name) => desk.reserve(name));
  expect(take('a', 'a', 'a', 'b', 'b')).toEqual([true, true, false, true, false]);
  desk.giveBack('b');
  desk.submit({ keyName: 'a', bytes: 1, idempotency: null, body: BODY });
  expect(take('a')).toEqual([false]);
  await screener.answer();
  expect(take('a', 'b', 'a')).toEqual([true, true, false]);
  const refusals = counted.filter((result) => result === 'too_many_screenings');
  expect([refusals.length, counted.length]).toEqual([4, 5]);
});

it('screens the uploads of the keys in turn, whoever came first', async () => {
  const screener = new HeldScreener();
  const desk = new ScreeningDesk({
    ...{ clock: new FakeClock(), screener, maxOpen: 9, store: DEFAULT_SCREENING_STORE, count() {} },
  });
  for (const fileName of ['a1', 'a2', 'a3', 'b1', 'c1', 'b2']) {
    const keyName = fileName[0]!;
    desk.reserve(keyName);
    desk.submit({ keyName, bytes: 1, idempotency: null, body: { ...BODY, fileName } });
  }
  for (let answers = 0; answers < 5; answers++) await screener.answer();
  const screened = screener.bodies.map(({ fileName }) => fileName);
  expect(screened).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
});
