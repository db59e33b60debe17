import { generateKeyPairSync } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { DecisionLog } from '../../../src/results/decision-log/decision-log.ts';
import { keyIdOf } from '../../../src/results/decision-log/verify.ts';
import { StoreError } from '../../../src/sqlite.ts';
import { fakeAlert } from '../../support/alert-fakes.ts';
import { runCli } from './run-cli.ts';

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 0, 1, 12);
const before = generateKeyPairSync('ed25519');
const after = generateKeyPairSync('ed25519');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-log-cli-'));
  for (const [name, { publicKey }] of Object.entries({ before, after })) {
    writeFileSync(join(folder, name), publicKey.export({ type: 'spki', format: 'pem' }));
  }
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A record a day, under a key a day; the checkpoint of a day is signed on the next one. */
function writeLog(pairs: readonly (typeof before)[]): void {
  for (const [day, { privateKey }] of pairs.entries()) {
    const signingKey = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const log = new DecisionLog({ folder: join(folder, 'decisions'), signingKey, hashKey: null });
    const seq = day + 1;
    log.append([{ seq, decision: fakeAlert(`a${seq}`) }], START_MS + day * DAY_MS);
  }
}

const verify = (...keys: string[]) =>
  runCli([
    ...['log', 'verify', '--data-folder', folder],
    ...keys.flatMap((name) => ['--public-key', join(folder, name)]),
  ]);

/** @param sleeping what happens while the command waits */
const verifyWhile = (sleeping: () => void) =>
  runCli(
    ['log', 'verify', '--data-folder', folder],
    {},
    { clock: { ...systemClock, sleep: async () => sleeping() } },
  );

describe('log verify', () => {
  it.each(['{"nextIndex":', '{"nextIndex":-1}'])('names a damaged stub: %s', async (text) => {
    writeLog([before]);
    const stub = join(folder, 'decisions', 'cut.json');
    writeFileSync(stub, text);
    const { code, stdout, stderr } = await verify();
    expect([code, stdout, stderr]).toEqual([
      1,
      `first bad record: ${stub}: no stub of a decision log\n`,
      '',
    ]);
    expect(() => writeLog([before])).toThrow(StoreError);
  });

  it('takes one key', async () => {
    writeLog([before, before, before]);
    const { code, stdout } = await verify('before');
    expect([code, stdout]).toEqual([
      0,
      '5 records whole: 3 decisions, 2 checkpoints (2 signatures checked), 0 cut by retention\n',
    ]);
    expect((await verify()).stdout).toContain('(0 signatures checked)');
  });

  it('takes the keys from before and after a change, in any order, and names one that is missing', async () => {
    writeLog([before, before, after]);
    for (const keys of [
      ['before', 'after'],
      ['after', 'before'],
    ]) {
      const { code, stdout } = await verify(...keys);
      expect([code, stdout]).toEqual([0, expect.stringContaining('(2 signatures checked)')]);
    }
    const { code, stdout } = await verify('before');
    expect([code, stdout]).toEqual([1, expect.stringContaining(keyIdOf(after.publicKey))]);
  });

  it('looks again at a last record that is being written', async () => {
    writeLog([before, before]);
    const file = join(folder, 'decisions', '000000000002-20260102.jsonl');
    const whole = readFileSync(file, 'utf8');
    writeFileSync(file, whole.slice(0, -100));
    let sleeps = 0;
    const { code, stdout } = await verifyWhile(() => {
      if (sleeps++ === 0) appendFileSync(file, whole.slice(-100));
    });
    expect([code, stdout, sleeps]).toEqual([
      0,
      '3 records whole: 2 decisions, 1 checkpoints (0 signatures checked), 0 cut by retention\n',
      1,
    ]);
  });

  it('says that a last record is cut off where it stays so, and checks the others', async () => {
    writeLog([before, before]);
    const file = join(folder, 'decisions', '000000000002-20260102.jsonl');
    writeFileSync(file, readFileSync(file, 'utf8').slice(0, -100));
    let sleeps = 0;
    const { code, stdout } = await verifyWhile(() => sleeps++);
    expect([code, stdout, sleeps]).toEqual([
      3,
      '2 records whole: 1 decisions, 1 checkpoints (0 signatures checked), 0 cut by retention\n' +
        'not checked, as it is cut off: 000000000002-20260102.jsonl:1. The next start of the service takes it away\n',
      1,
    ]);
  });

  it('names a file that is no key', async () => {
    writeLog([before]);
    writeFileSync(join(folder, 'none'), 'no key');
    for (const name of ['none', 'nowhere']) {
      const { code, stderr } = await verify('before', name);
      expect([code, stderr]).toEqual([2, expect.stringContaining(join(folder, name))]);
    }
  });
});
