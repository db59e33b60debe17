import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DecisionLog } from '../../../src/results/decision-log/decision-log.ts';
import { verifyLog } from '../../../src/results/decision-log/verify.ts';
import { fakeAlert } from '../../support/alert-fakes.ts';

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 0, 10, 12);

let folder: string;
let seq: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-log-clock-'));
  seq = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A start of the service at each of these times, and a decision. */
function fill(...timesMs: readonly number[]): DecisionLog {
  let log = open();
  for (const timeMs of timesMs) {
    log = open();
    log.append([{ seq: ++seq, decision: fakeAlert(`a${seq}`) }], timeMs);
  }
  return log;
}

const open = () => new DecisionLog({ folder, signingKey: null, hashKey: null });
const days = () =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .map((name) => name.slice(13, 21));

describe('a clock that was wrong', () => {
  it('years ahead keeps the days after it from no file and no checkpoint', () => {
    fill(START_MS, Date.UTC(2099, 0, 1), START_MS + DAY_MS, START_MS + 2 * DAY_MS);
    expect(days()).toEqual(['20260110', '20990101', '20260111', '20260112']);
    expect(verifyLog(folder, [])).toMatchObject({ decisions: 4, checkpoints: 3, problem: null });
  });

  it('ahead is no reason to keep what is old', () => {
    const log = fill(START_MS, Date.UTC(2099, 0, 1), START_MS + DAY_MS, START_MS + 2 * DAY_MS);
    const cut = (keepMs: number) => log.cut(START_MS + 2 * DAY_MS - keepMs, START_MS + 2 * DAY_MS);
    // What was written while the clock was wrong is as old as what came after it.
    expect(cut(DAY_MS)).toBe(1);
    expect(days()).toEqual(['20990101', '20260111', '20260112']);
    expect(cut(0)).toBe(2);
    expect(days()).toEqual(['20260112']);
    expect(verifyLog(folder, [])).toMatchObject({ cut: 6, problem: null });
  });

  it('behind takes no days away that are to be kept', () => {
    const log = fill(START_MS, 0, START_MS + DAY_MS);
    expect(days()).toEqual(['20260110', '19700101', '20260111']);
    expect(log.cut(START_MS, START_MS + DAY_MS)).toBe(0);
    expect(log.cut(START_MS + DAY_MS, START_MS + DAY_MS)).toBe(2);
    expect(verifyLog(folder, [])).toMatchObject({ cut: 4, problem: null });
  });

  it('by some days begins no new file when it is set back', () => {
    fill(START_MS + 7 * DAY_MS, START_MS);
    expect(days()).toEqual(['20260117']);
  });
});
