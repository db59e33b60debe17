import { expect, it } from 'vitest';
import { type ScreeningRecord, ScreeningStore } from '../../../src/uploads/screening-store.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const clock = new FakeClock();
const summary = (id: string, finishedAtMs: number | null): ScreeningRecord['summary'] => ({
  ...{ id, state: 'done', createdAtMs: clock.nowMs(), finishedAtMs, fileName: null, bytes: 1 },
  ...{ audio: null, problem: null, legs: [] },
});

it('keeps as many records and bytes as it may, and what is not finished', () => {
  const store = new ScreeningStore({
    clock,
    archive: null,
    maxRecords: 3,
    maxBytes: 10,
    keepMs: 1_000,
  });
  const add = (id: string) =>
    store.add({ keyName: 'a', idempotency: null, summary: summary(id, null) });
  const ids = () => store.page('a', 10, Number.POSITIVE_INFINITY).map(({ summary: { id } }) => id);
  const open = add('open');
  for (const id of ['1', '2', '3']) store.finish(add(id), summary(id, 0), new Uint8Array(4));
  expect(ids()).toEqual(['3', '2', 'open']);
  store.finish(add('4'), summary('4', 0), new Uint8Array(9));
  expect(ids()).toEqual(['4', 'open']);
  clock.advance(1_000);
  expect(ids()).toEqual(['open']);
  store.finish(open, summary('open', 0), null);
  clock.advance(1_000);
  expect(ids()).toEqual([]);
});
