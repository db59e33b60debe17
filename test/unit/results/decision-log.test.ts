import { generateKeyPairSync } from 'node:crypto';
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { safeId } from '../../../src/adapters/platform-stream.ts';
import { createLogger } from '../../../src/logger.ts';
import { DecisionLog } from '../../../src/results/decision-log/decision-log.ts';
import { decisionLogFolder, LogWriter } from '../../../src/results/decision-log/log-writer.ts';
import {
  GENESIS_HASH,
  sealLine,
  withoutNumbers,
} from '../../../src/results/decision-log/record.ts';
import { keyIdOf, parseLine, verifyLog } from '../../../src/results/decision-log/verify.ts';
import { AlertStore } from '../../../src/results/outbox/alert-store.ts';
import { Outbox } from '../../../src/results/outbox/outbox.ts';
import { idBeside } from '../../../src/stream/call-id.ts';
import { fakeAlert } from '../../support/alert-fakes.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 0, 1, 12);
const pair = generateKeyPairSync('ed25519');
const signingKey = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const { publicKey } = pair;
const otherPair = generateKeyPairSync('ed25519');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-log-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (key: string | null = signingKey) =>
  new DecisionLog({ folder, signingKey: key, hashKey: Buffer.alloc(32, 1) });
const decisions = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => ({
    seq: from + index,
    decision: fakeAlert(`a${from + index}`),
  }));
const files = () => readdirSync(folder).sort();
const linesOf = (file: string) => readFileSync(join(folder, file), 'utf8').trimEnd().split('\n');

/** Three days of three records each. */
function fill(): void {
  const log = open();
  for (const day of [0, 1, 2]) log.append(decisions(day * 3 + 1, 3), START_MS + day * DAY_MS);
}

describe('DecisionLog', () => {
  it('writes a file a day, each closed by a signed checkpoint, and verifies', () => {
    fill();
    expect(files()).toEqual([
      '000000000000-20260101.jsonl',
      '000000000004-20260102.jsonl',
      '000000000008-20260103.jsonl',
    ]);
    expect(verifyLog(folder, [publicKey])).toEqual({
      ...{ lines: 11, decisions: 9, checkpoints: 2, signed: 2, cut: 0 },
      ...{ problem: null, unfinished: null },
    });
    expect(verifyLog(folder, []).signed).toBe(0);
    expect(verifyLog(folder, [otherPair.publicKey]).problem).toContain('signature of checkpoint 3');
  });

  it('verifies with the keys from before and after a change, each chosen by its id', () => {
    open().append(decisions(1, 1), START_MS);
    const otherKey = otherPair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    open().append(decisions(2, 1), START_MS + DAY_MS);
    open(otherKey).append(decisions(3, 1), START_MS + 2 * DAY_MS);
    const keys = [publicKey, otherPair.publicKey];
    for (const given of [keys, keys.toReversed(), [...keys, ...keys]]) {
      expect(verifyLog(folder, given)).toMatchObject({ signed: 2, problem: null });
    }
    for (const [at, index] of [
      [1, 1],
      [0, 3],
    ] as const) {
      expect(verifyLog(folder, [keys[at]!]).problem).toContain(
        `signature of checkpoint ${index} is of key ${keyIdOf(keys[1 - at]!)}, which was not given`,
      );
    }
  });

  it('takes no key for another, and no checkpoint without a signature', () => {
    fill();
    const file = '000000000000-20260101.jsonl';
    const lines = linesOf(file);
    const { hash: _, ...checkpoint } = parseLine(lines[3]!)!;
    const forge = (change: object) => {
      const line = JSON.stringify(sealLine({ ...checkpoint, ...change } as never));
      writeFileSync(join(folder, file), `${[...lines.slice(0, 3), line].join('\n')}\n`);
      return verifyLog(folder, [publicKey, otherPair.publicKey]).problem;
    };
    expect(forge({ keyId: keyIdOf(otherPair.publicKey) })).toMatch(/checkpoint 3 is wrong/);
    expect(forge({ keyId: null })).toMatch(/checkpoint 3 is of key null/);
    expect(forge({ signature: null })).toMatch(/checkpoint 3 has no signature/);
    expect(forge({})).toBeNull();
  });

  it('goes on after a restart, and writes no decision twice', () => {
    fill();
    const log = open();
    expect(log.lastSeq).toBe(9);
    log.append(decisions(8, 4), START_MS);
    expect(verifyLog(folder, [publicKey])).toMatchObject({ decisions: 11, problem: null });
    // The clock was set back: no file for a day that is over.
    expect(files()).toHaveLength(3);
  });

  it('names the first record that was changed, removed, inserted or moved', () => {
    fill();
    const file = '000000000004-20260102.jsonl';
    const whole = linesOf(file);
    const bad: [string, string[], RegExp][] = [
      [
        'changed',
        whole.map((line, at) => (at === 1 ? line.replace('"llr":-4', '"llr":4') : line)),
        /0102\.jsonl:2: record 5 was changed/,
      ],
      ['removed', whole.filter((_, at) => at !== 1), /:2: record 5 is missing/],
      ['inserted', [...whole.slice(0, 2), whole[0]!, ...whole.slice(2)], /:3: record 6 is missing/],
      ['moved', [whole[1]!, whole[0]!, ...whole.slice(2)], /:1: record 4 is missing/],
      ['emptied', [], /0103\.jsonl:1: record 4 is missing/],
    ];
    for (const [, lines, problem] of bad) {
      writeFileSync(join(folder, file), lines.map((line) => `${line}\n`).join(''));
      expect(verifyLog(folder, [publicKey]).problem).toMatch(problem);
    }
    // Changed, and its own hash made to fit.
    const { hash: _, ...forged } = parseLine(whole[1]!)!;
    const sealed = JSON.stringify(sealLine({ ...forged, seq: 77 } as never));
    writeFileSync(join(folder, file), `${[whole[0], sealed, ...whole.slice(2)].join('\n')}\n`);
    expect(verifyLog(folder, [publicKey]).problem).toMatch(/:3: record 6 does not follow/);
    rmSync(join(folder, file));
    expect(verifyLog(folder, [publicKey]).problem).toMatch(/0103\.jsonl:1: record 4 is missing/);
  });

  it('finds that checkpoints were taken out, although every hash fits', () => {
    fill();
    let { index, previous } = { index: 0, previous: GENESIS_HASH };
    for (const file of files()) {
      const kept = linesOf(file).filter((text) => parseLine(text)!.kind === 'decision');
      rmSync(join(folder, file));
      const lines = kept.map((text) => {
        const { hash: _, ...line } = parseLine(text)!;
        const sealed = sealLine({ ...line, index: index++, previous } as never);
        previous = sealed.hash;
        return `${JSON.stringify(sealed)}\n`;
      });
      const firstIndex = String(index - lines.length).padStart(12, '0');
      writeFileSync(join(folder, `${firstIndex}-${file.slice(13)}`), lines.join(''));
    }
    for (const keys of [[], [publicKey]]) {
      expect(verifyLog(folder, keys).problem).toBe(
        '000000000003-20260102.jsonl: no checkpoint closes the file before it',
      );
    }
  });

  it('finds any single changed character', () => {
    open().append(decisions(1, 3), START_MS);
    const file = join(folder, files()[0]!);
    const whole = readFileSync(file, 'utf8');
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.constantFrom('0', 'x', '"', '\n'), (at, put) => {
        fc.pre(whole[at] !== put);
        writeFileSync(file, whole.slice(0, at) + put + whole.slice(at + 1));
        const { problem, unfinished } = verifyLog(folder, []);
        // The newline at the end: the line might be one that is being written.
        expect(at === whole.length - 1 ? unfinished : problem).not.toBeNull();
      }),
      { numRuns: 60 },
    );
  });

  it('checks all but a last line that is not whole, which is a finding in any file but the newest', () => {
    fill();
    const [, second, third] = files().map((file) => join(folder, file)) as [string, string, string];
    const before = { lines: 10, decisions: 8, problem: null };
    const whole = readFileSync(third, 'utf8');
    for (const bytes of [1, 100, 500]) {
      writeFileSync(third, whole.slice(0, -bytes));
      const report = verifyLog(folder, [publicKey]);
      expect(report).toMatchObject({ ...before, unfinished: '000000000008-20260103.jsonl:3' });
    }
    // A bad line before it is still named.
    writeFileSync(third, whole.replace('"llr":-4', '"llr":4').slice(0, -100));
    expect(verifyLog(folder, []).problem).toMatch(/0103\.jsonl:1: record 8 was changed/);
    writeFileSync(third, whole);
    // Put together from two halves.
    writeFileSync(third, `${whole.slice(0, 100)}\n${whole.slice(100)}`);
    expect(verifyLog(folder, []).problem).toMatch(/0103\.jsonl:1: no line/);
    writeFileSync(third, whole);
    writeFileSync(second, readFileSync(second, 'utf8').slice(0, -100));
    expect(verifyLog(folder, []).problem).toMatch(/0102\.jsonl:4: the line is not whole/);
  });

  it('cuts a damaged tail back to the last whole record, at every length', () => {
    open().append(decisions(1, 2), START_MS);
    const file = join(folder, files()[0]!);
    const whole = readFileSync(file);
    const first = whole.indexOf(10) + 1;
    for (const length of [0, 1, first - 1, first, first + 1, whole.length - 1]) {
      writeFileSync(file, whole.subarray(0, length));
      const log = open();
      const kept = length >= first ? 1 : 0;
      expect(log.recovery.cutBytes).toBe(length - kept * first);
      expect(log.lastSeq).toBe(kept);
      log.append(decisions(1, 2), START_MS);
      expect(verifyLog(folder, [])).toMatchObject({ decisions: 2, problem: null });
    }
  });

  it('takes away what a failed write left before it writes again', () => {
    const log = open();
    log.append(decisions(1, 1), START_MS);
    appendFileSync(join(folder, files()[0]!), '{"kind":"deci');
    log.append(decisions(2, 1), START_MS);
    expect(verifyLog(folder, [])).toMatchObject({ decisions: 2, problem: null });
  });

  it('refuses a log whose last whole line is damaged', () => {
    fill();
    appendFileSync(join(folder, files()[2]!), 'nonsense\n');
    expect(() => open()).toThrow(/the last line is damaged/);
  });

  it('cuts whole old days and leaves a stub from which the rest verifies', () => {
    fill();
    const log = open();
    expect(log.cut(START_MS + DAY_MS, START_MS)).toBe(1);
    expect(verifyLog(folder, [publicKey])).toMatchObject({ lines: 7, cut: 4, problem: null });
    expect(log.cut(START_MS + 99 * DAY_MS, START_MS)).toBe(1);
    expect(files()).toEqual(['000000000008-20260103.jsonl', 'cut.json']);
    const again = open();
    expect(again.lastSeq).toBe(9);
    again.append(decisions(10, 1), START_MS + 3 * DAY_MS);
    expect(verifyLog(folder, [publicKey])).toMatchObject({ cut: 8, problem: null });
  });

  it('takes Ed25519 keys only', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    expect(() => open(rsa.export({ type: 'pkcs8', format: 'pem' }).toString())).toThrow(/Ed25519/);
  });
});

describe('withoutNumbers', () => {
  const key = Buffer.alloc(32, 1);
  const alert = fakeAlert('a1', {
    callId: '+1 555 010 99',
    leg: 'sip:100@pbx',
    metadata: { to: '+155501099', note: 'x' },
  });

  it('keeps no number in clear, and the same hash for the same number', () => {
    const masked = withoutNumbers(alert, key);
    expect(JSON.stringify(masked)).not.toMatch(/555|100@/);
    expect(withoutNumbers(alert, key)).toEqual(masked);
    expect(withoutNumbers(alert, Buffer.alloc(32, 2))).not.toEqual(masked);
    expect(withoutNumbers(fakeAlert('a1'), key).callId).toBe('call-1');
    expect(withoutNumbers(alert, null)).toBe(alert);
  });

  it.each([
    ['of a dial string, whose + became a blank', safeId(' 15551234567')],
    ['with blanks', safeId('+1 555 123 4567')],
    ['that two keys have a call with', idBeside('+15551234567', 'bank')],
    ['with its host', '+15551234567@10.0.0.1'],
  ])('knows a number %s', (_, callId) => {
    const masked = withoutNumbers(fakeAlert('a1', { callId, keyName: 'bank' }), key);
    expect(masked.callId).toMatch(/^hmac:[0-9a-f]{32}$/);
  });

  it.each(['CA0123456789abcdef0123456789abcdef', '4f1c2b3a-0000-4000-8000-00155512345a', 'a~bank'])(
    'leaves the id %s, which is no number',
    (callId) => {
      expect(withoutNumbers(fakeAlert('a1', { callId, keyName: 'bank' }), key).callId).toBe(callId);
    },
  );
});

describe('LogWriter', () => {
  it('moves decisions out of the store, also those that a kill left between the two', () => {
    const clock = new FakeClock(START_MS);
    const logger = createLogger('silent');
    const store = AlertStore.open(folder, { as: 'owner' });
    const outbox = new Outbox({ store, clock, logger, committed() {} });
    const settings = { dataFolder: folder, signingKey: null, clearNumbers: false, keepDays: 0 };
    new LogWriter(settings, { store, outbox, clock, logger });
    outbox.record(fakeAlert('a1', { metadata: { to: '+155501099' } }), []);
    clock.advance(1_001);
    expect(store.decisionsAfter(0, 9)).toEqual([]);
    outbox.record(fakeAlert('a2'), []);
    outbox.flush();
    // Killed after the log was written, before the store knew.
    const held = { write() {} };
    new LogWriter(settings, { store, outbox: held, clock, logger }).close();
    expect(store.decisionsAfter(0, 9)).toHaveLength(1);
    const restarted = new LogWriter(settings, { store, outbox, clock, logger });
    restarted.close();
    outbox.flush();
    // What the log had already goes too, without another decision.
    expect(store.decisionsAfter(0, 9)).toEqual([]);
    outbox.close();
    store.close();
    const logFolder = decisionLogFolder(folder);
    expect(verifyLog(logFolder, [])).toMatchObject({ decisions: 2, problem: null });
    const text = readFileSync(join(logFolder, readdirSync(logFolder)[0]!), 'utf8');
    expect(text).not.toContain('55501099');
  });
});
