import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeFeedbackList } from '../../../src/backtest/feedback-list.ts';
import { feedbackReport } from '../../../src/backtest/feedback-report.ts';
import type { FeedbackCall } from '../../../src/results/outbox/feedback-desk.ts';
import { assignSplits } from '../../../src/train/assign-splits.ts';
import { readCorpus, requireTrainingSplits } from '../../../src/train/corpus.ts';

const RECORDING = fileURLToPath(
  new URL('../../fixtures/format_human_wav_mulaw_8k.wav', import.meta.url),
);

function call(callId: string, change: Partial<FeedbackCall> = {}): FeedbackCall {
  return {
    keyName: 'bank',
    callId,
    outcome: 'confirmed_synthetic',
    note: null,
    reportedAtMs: Date.UTC(2026, 0, 20),
    policies: [],
    firstAlertAtMs: null,
    ...change,
  };
}

const alerted = (callId: string, day: number, outcome: FeedbackCall['outcome'], policy = 'p') =>
  call(callId, { outcome, policies: [policy], firstAlertAtMs: Date.UTC(2026, 0, day, 23) });

describe('a report of outcomes', () => {
  // 5 January 2026 is a Monday.
  const report = feedbackReport([
    alerted('a', 5, 'confirmed_synthetic'),
    alerted('b', 11, 'confirmed_human'),
    alerted('c', 11, 'unknown', 'q'),
    alerted('d', 12, 'confirmed_synthetic', 'q'),
    alerted('e', 4, 'unknown'),
    call('f'),
    call('g', { outcome: 'confirmed_human' }),
  ]);

  it('has the precision of alerts by week and policy', () => {
    expect(report.weeks.map(({ week, precision }) => [week, precision])).toEqual([
      ['2025-12-29', null],
      ['2026-01-05', 0.5],
      ['2026-01-12', 1],
    ]);
    expect(report.policies).toMatchObject([
      { policy: 'p', synthetic: 1, human: 1, unknown: 1 },
      { policy: 'q', synthetic: 1, human: 0, unknown: 1 },
    ]);
    expect(report.all).toMatchObject({ synthetic: 2, human: 1, unknown: 2 });
    expect(report.all.precision).toBeCloseTo(2 / 3, 9);
    expect(report.all.interval!.low).toBeCloseTo(0.2077, 3);
    expect(report.all.interval!.high).toBeCloseTo(0.9385, 3);
  });

  it('names synthetic calls without an alert', () => {
    expect(report.missed.map(({ callId }) => callId)).toEqual(['f']);
  });

  it('of nothing says nothing', () => {
    expect(feedbackReport([])).toEqual({
      all: { synthetic: 0, human: 0, unknown: 0, precision: null, interval: null },
      weeks: [],
      policies: [],
      missed: [],
    });
  });
});

describe('a list of recordings', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bonafide-feedback-'));
    mkdirSync(join(folder, 'recordings'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const write = (calls: readonly FeedbackCall[]) =>
    writeFeedbackList(calls, join(folder, 'recordings'), join(folder, 'list', 'new'));

  it('is a corpus that training reads', () => {
    const calls = Array.from({ length: 12 }, (_, index) =>
      // Names as they come: with a comma, a quote, a dot.
      call(`call ${index}, "x".1`, {
        outcome: index % 2 === 0 ? 'confirmed_human' : 'confirmed_synthetic',
      }),
    );
    for (const { callId } of calls) {
      copyFileSync(RECORDING, join(folder, 'recordings', `${callId}.wav`));
    }
    expect(write(calls)).toEqual({ human: 6, synthetic: 6, absent: [], disputed: [] });
    const list = join(folder, 'list', 'new');
    const clips = readCorpus(list);
    for (const { path } of clips) expect(readFileSync(path)).toEqual(readFileSync(RECORDING));
    const split = assignSplits(clips, {
      folder: list,
      seed: 1,
      splitFile: join(folder, 'splits.json'),
      say() {},
    });
    expect(() => requireTrainingSplits(split)).not.toThrow();
  });

  it('leaves out what has no recording, what is not known and what two keys dispute', () => {
    for (const name of ['a.wav', 'c.wav', 'd.wav', 'notes.txt']) {
      writeFileSync(join(folder, 'recordings', name), '');
    }
    const list = write([
      call('a'),
      call('b'),
      call('c', { outcome: 'unknown' }),
      call('d'),
      call('d', { keyName: 'shop', outcome: 'confirmed_human' }),
      call('../../etc/passwd'),
    ]);
    expect(list).toEqual({
      human: 0,
      synthetic: 1,
      absent: ['b', '../../etc/passwd'],
      disputed: ['d'],
    });
  });
});
