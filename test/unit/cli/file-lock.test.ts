import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withFileLock } from '../../../src/cli/file-lock.ts';

let folder = '';
let lock = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-lock-'));
  lock = join(folder, 'keys.json.lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const take = () => withFileLock(lock, () => 'done', 0);

/** Takes the lock as this program does, says so, and never lets go. */
const HOLDER = `
  const Database = require('libsql');
  const lock = new Database(process.argv[1]);
  lock.exec('BEGIN EXCLUSIVE');
  process.stdout.write('held');
  process.stdin.resume();
`;

describe('withFileLock', () => {
  it('keeps others out while the work goes on, also where it fails', () => {
    withFileLock(lock, () => expect(take).toThrow(`another program has ${lock}: try again`));
    expect(take()).toBe('done');
    const failing = () => {
      throw new Error('full');
    };
    expect(() => withFileLock(lock, failing)).toThrow('full');
    expect(take()).toBe('done');
    // Of its user only, and of no content.
    expect(readdirSync(folder)).toEqual(['keys.json.lock']);
    expect([statSync(lock).mode & 0o777, statSync(lock).size]).toEqual([0o600, 0]);
  });

  it('is free again when the process that had it was killed', async () => {
    const holder = spawn(process.execPath, ['-e', HOLDER, lock], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    expect(take).toThrow('try again');
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    expect(take()).toBe('done');
  });

  it('does the work where the folder takes no lock', () => {
    lock = join(folder, 'no-such-folder', 'keys.json.lock');
    expect(take()).toBe('done');
    lock = join(folder, 'a-folder');
    symlinkSync(folder, lock);
    expect(take()).toBe('done');
  });
});
