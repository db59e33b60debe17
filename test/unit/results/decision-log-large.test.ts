import { generateKeyPairSync } from 'node:crypto';
import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { DecisionLog } from '../../../src/results/decision-log/decision-log.ts';
import { verifyLog } from '../../../src/results/decision-log/verify.ts';
import { fakeAlert } from '../../support/alert-fakes.ts';

// What Node says of a file beyond its longest string, said of every file of a log.
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const readFileSync = (path: string, ...options: []) => {
    if (path.endsWith('.jsonl')) throw new Error('Cannot create a string longer than 0x1fffffe8');
    return fs.readFileSync(path, ...options);
  };
  return { ...fs, readFileSync };
});

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 0, 1, 12);
const pair = generateKeyPairSync('ed25519');
const signingKey = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const { publicKey } = pair;
/** Every line lies in many chunks, and characters of several bytes across their borders. */
const reading = { chunkBytes: 7 };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-log-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = () => new DecisionLog({ folder, signingKey, hashKey: null, reading });
const decisions = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => ({
    seq: from + index,
    decision: fakeAlert(`a${from + index}`, { metadata: { to: 'Müller €😀' } }),
  }));

it('goes on with, verifies and cuts days that fit into no string', () => {
  const log = open();
  log.append(decisions(1, 3), START_MS);
  log.append(decisions(4, 3), START_MS + DAY_MS);
  const torn = Buffer.from('{"kind":"decision","note":"€');
  appendFileSync(join(folder, readdirSync(folder).sort()[1]!), torn);
  expect(verifyLog(folder, [publicKey], reading)).toMatchObject({
    ...{ lines: 7, problem: null, unfinished: '000000000004-20260102.jsonl:4' },
  });

  const again = open();
  expect([again.lastSeq, again.recovery.cutBytes]).toEqual([6, torn.length]);
  again.append(decisions(7, 1), START_MS + 2 * DAY_MS);
  const counts = { lines: 9, decisions: 7, checkpoints: 2, signed: 2, cut: 0 };
  const report = { ...counts, problem: null, unfinished: null };
  expect(verifyLog(folder, [publicKey], reading)).toEqual(report);
  expect(verifyLog(folder, [publicKey])).toEqual(report);

  expect(again.cut(START_MS + 2 * DAY_MS, START_MS)).toBe(2);
  expect(verifyLog(folder, [publicKey], reading)).toMatchObject({
    lines: 1,
    cut: 8,
    problem: null,
  });
  expect(open().lastSeq).toBe(7);
});

it('finds the newest decision before a checkpoint', () => {
  open().append(decisions(1, 2), START_MS);
  open().append(decisions(3, 1), START_MS + DAY_MS);
  // A loss of power after the checkpoint, before the new day.
  rmSync(join(folder, readdirSync(folder).sort()[1]!));
  const log = open();
  expect(log.lastSeq).toBe(2);
  log.append(decisions(2, 2), START_MS);
  expect(verifyLog(folder, [publicKey], reading)).toMatchObject({ decisions: 3, problem: null });
});

it('names a line longer than any that is written, and refuses to go on after it', () => {
  open().append(decisions(1, 2), START_MS);
  const file = join(folder, readdirSync(folder)[0]!);
  appendFileSync(file, `${' '.repeat(3_000)}\n`);
  const short = { chunkBytes: 512, maxLineBytes: 2_000 };
  expect(verifyLog(folder, [], short).problem).toMatch(
    /0101\.jsonl:3: the line is longer than 2000 bytes \(LOG_ERR_LINE_TOO_LONG\)/,
  );
  const openShort = () => new DecisionLog({ folder, signingKey, hashKey: null, reading: short });
  expect(openShort).toThrow(expect.objectContaining({ code: 'LOG_ERR_LINE_TOO_LONG' }));
  expect(openShort).toThrow(`${file}: the line is longer`);
});

it('cuts off an unfinished line of any length', () => {
  open().append(decisions(1, 2), START_MS);
  appendFileSync(join(folder, readdirSync(folder)[0]!), Buffer.alloc(5_000));
  const short = { chunkBytes: 512, maxLineBytes: 2_000 };
  const log = new DecisionLog({ folder, signingKey, hashKey: null, reading: short });
  expect([log.lastSeq, log.recovery.cutBytes]).toEqual([2, 5_000]);
});
