import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/logger.ts';
import { decisionLogFolder, LogWriter } from '../../../src/results/decision-log/log-writer.ts';
import { parseLine, verifyLog } from '../../../src/results/decision-log/verify.ts';
import { AlertStore } from '../../../src/results/outbox/alert-store.ts';
import { Outbox } from '../../../src/results/outbox/outbox.ts';
import { fakeAlert } from '../../support/alert-fakes.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const START_MS = Date.UTC(2026, 0, 1, 12);
const BEHIND = 'the alert store is older than the decision log: its numbers go on after the log';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-log-writer-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/**
 * The service once, from its start to its end. `unlogged` are those that it had no time to log.
 * @param wallAheadMs by how much the computer's clock is set meanwhile
 * @returns what it said
 */
function life(ids: readonly string[], unlogged: readonly string[] = [], wallAheadMs = 0): object[] {
  const clock = new FakeClock(START_MS);
  clock.wallAheadMs = wallAheadMs;
  const said: string[] = [];
  const logger = createLogger('info', { write: (line) => said.push(line) });
  const store = AlertStore.open(folder, { as: 'owner' });
  const outbox = new Outbox({ store, clock, logger, committed() {} });
  const settings = { dataFolder: folder, signingKey: null, clearNumbers: false, keepDays: 0 };
  const log = new LogWriter(settings, { store, outbox, clock, logger });
  for (const id of ids) outbox.record(fakeAlert(id), []);
  outbox.flush();
  log.close();
  for (const id of unlogged) outbox.record(fakeAlert(id), []);
  outbox.close();
  store.close();
  return said.map((line) => JSON.parse(line) as object);
}

/** `id seq` of every decision in the log, which must be whole. */
function logged(): string[] {
  const logFolder = decisionLogFolder(folder);
  expect(verifyLog(logFolder, []).problem).toBeNull();
  return readdirSync(logFolder).flatMap((name) =>
    readFileSync(join(logFolder, name), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => parseLine(line))
      .flatMap((line) => (line?.kind === 'decision' ? [`${line.decision['id']} ${line.seq}`] : [])),
  );
}

const storeFiles = () => readdirSync(folder).filter((name) => name.startsWith('alerts.db'));
function loseStore(): void {
  for (const name of storeFiles()) rmSync(join(folder, name));
}

describe('a store behind its log', () => {
  it('that was lost goes on after the last number of the log, and says so once', () => {
    expect(life(['a', 'b', 'c'])).toEqual([]);
    loseStore();
    expect(life(['d', 'e'])).toMatchObject([{ msg: BEHIND, storeSeq: 0, logSeq: 3 }]);
    expect(life(['f'])).toEqual([]);
    expect(logged()).toEqual(['a 1', 'b 2', 'c 3', 'd 4', 'e 5', 'f 6']);
  });

  it('that came out of a backup does so too, and logs nothing twice', () => {
    life(['a'], ['b']);
    const backup = `${folder}-backup`;
    cpSync(folder, backup, { recursive: true });
    life(['c', 'd']);
    loseStore();
    for (const name of readdirSync(backup).filter((entry) => entry.startsWith('alerts.db'))) {
      cpSync(join(backup, name), join(folder, name));
    }
    rmSync(backup, { recursive: true });
    expect(life(['e'])).toMatchObject([{ msg: BEHIND, storeSeq: 2, logSeq: 4 }]);
    expect(logged()).toEqual(['a 1', 'b 2', 'c 3', 'd 4', 'e 5']);
  });

  it('that was lost before it recorded anything is behind no empty log', () => {
    expect(life([])).toEqual([]);
    loseStore();
    expect(life(['a'])).toEqual([]);
    expect(logged()).toEqual(['a 1']);
  });
});

describe('a log behind its store', () => {
  it('begins anew after the number of the store when it was lost', () => {
    life(['a', 'b'], ['c']);
    rmSync(decisionLogFolder(folder), { recursive: true });
    expect(life(['d'])).toEqual([]);
    expect(logged()).toEqual(['c 3', 'd 4']);
  });

  it('that came out of a backup goes on with what the store has', () => {
    life(['a', 'b']);
    const backup = `${folder}-backup`;
    cpSync(decisionLogFolder(folder), backup, { recursive: true });
    life(['c']);
    rmSync(decisionLogFolder(folder), { recursive: true });
    cpSync(backup, decisionLogFolder(folder), { recursive: true });
    rmSync(backup, { recursive: true });
    expect(life(['d'])).toEqual([]);
    expect(logged()).toEqual(['a 1', 'b 2', 'd 4']);
  });
});

describe('a log that takes no writes', () => {
  const settings = () => ({
    ...{ dataFolder: folder, signingKey: null, clearNumbers: false, keepDays: 0 },
  });

  it('says so once and for as long as it lasts, and has all decisions afterwards', () => {
    const clock = new FakeClock(START_MS);
    const said: string[] = [];
    const logger = createLogger('info', { write: (line) => said.push(line) });
    const store = AlertStore.open(folder, { as: 'owner' });
    const outbox = new Outbox({ store, clock, logger, committed() {} });
    const log = new LogWriter(settings(), { store, outbox, clock, logger });
    const logFolder = decisionLogFolder(folder);
    renameSync(logFolder, `${logFolder}-away`);
    writeFileSync(logFolder, 'no folder');
    const failing = ['a', 'b', ''].map((id) => {
      if (id !== '') outbox.record(fakeAlert(id), []);
      clock.advance(1_000);
      return log.isFailing;
    });
    rmSync(logFolder);
    renameSync(`${logFolder}-away`, logFolder);
    clock.advance(1_000);
    expect([...failing, log.isFailing]).toEqual([true, true, true, false]);
    log.close();
    outbox.close();
    store.close();
    expect(said.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
      'the decision log takes no writes',
      'the decision log takes writes again',
    ]);
    expect(logged()).toEqual(['a 1', 'b 2']);
  });

  it('is well again when the store can be read, although nothing is to be logged', () => {
    const clock = new FakeClock(START_MS);
    let reads = 0;
    const store = {
      raiseSeq: () => null,
      decisionsAfter() {
        if (reads++ === 0) throw new Error('disk I/O error');
        return [];
      },
    };
    const parts = { store, outbox: { write() {} }, clock, logger: createLogger('silent') };
    const log = new LogWriter(settings(), parts);
    const failing = [1, 2].map(() => {
      clock.advance(1_000);
      return log.isFailing;
    });
    log.close();
    expect(failing).toEqual([true, false]);
  });
});

it('writes into the day that the computer’s clock says', () => {
  // A virtual machine that stood still for two days.
  life(['a'], [], 2 * 86_400_000);
  expect(readdirSync(decisionLogFolder(folder))).toEqual(['000000000000-20260103.jsonl']);
});
