import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { type CliRun, runCli } from './run-cli.ts';

/** Happens once, when a command has read the file and is about to write it. */
const meanwhile: { run: (() => void) | null } = vi.hoisted(() => ({ run: null }));
vi.mock('../../../src/cli/replace-file.ts', async (original) => {
  const { replaceFile } = await original<typeof import('../../../src/cli/replace-file.ts')>();
  const watched: typeof replaceFile = (path, text) => {
    const { run } = meanwhile;
    meanwhile.run = null;
    run?.();
    replaceFile(path, text);
  };
  return { replaceFile: watched };
});
vi.mock('../../../src/cli/file-lock.ts', async (original) => {
  const { withFileLock } = await original<typeof import('../../../src/cli/file-lock.ts')>();
  // Nobody waits here: the one that has the lock is below on the stack.
  const impatient: typeof withFileLock = (path, work) => withFileLock(path, work, 0);
  return { withFileLock: impatient };
});

let folder = '';
let file = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-keys-'));
  file = join(folder, 'keys.json');
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const keys = (...args: string[]) => runCli(['keys', ...args, '--file', file]);

describe('keys', () => {
  it('shows a new key once, keeps its hash, and the service reads the file', async () => {
    const { code, stdout } = await keys('add', 'desk', '--max-calls', '5', '--fast');
    expect(code).toBe(0);
    const text = readFileSync(file, 'utf8');
    expect(text).not.toContain(stdout.trim());
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(JSON.parse(text)).toEqual({
      keys: [{ name: 'desk', sha256: expect.any(String), maxCalls: 5, fast: true }],
    });
    expect(readConfig({ BONAFIDE_KEYS_FILE: file }).keys).toHaveLength(1);
  });

  it('adds beside others and removes by name', async () => {
    const first = await keys('add', 'one');
    const second = await keys('add', 'two');
    expect(first.stdout).not.toBe(second.stdout);
    expect((await keys('remove', 'one')).code).toBe(0);
    const left = JSON.parse(readFileSync(file, 'utf8')) as { keys: { name: string }[] };
    expect(left.keys.map(({ name }) => name)).toEqual(['two']);
  });

  it('takes the file that the service reads, unless another one is named', async () => {
    const environment = { BONAFIDE_KEYS_FILE: join(folder, 'of-the-service.json') };
    const other = ['--file', file];
    expect((await runCli(['keys', 'add', 'one'], environment)).code).toBe(0);
    expect((await runCli(['keys', 'add', 'two', ...other], environment)).code).toBe(0);
    const names = () => readConfig(environment).keys.map(({ name }) => name);
    expect(names()).toEqual(['one']);
    expect((await runCli(['keys', 'remove', 'one'], environment)).code).toBe(0);
    expect(names()).toEqual([]);
  });

  it('refuses a name twice, an unknown name, and what is no keys file', async () => {
    await keys('add', 'one');
    expect(await keys('add', 'one')).toMatchObject({ code: 2, stdout: '' });
    expect((await keys('remove', 'nobody')).code).toBe(2);
    for (const text of ['not JSON', '[]', '{"keys": 3}', 'null']) {
      writeFileSync(file, text);
      expect(await keys('add', 'two')).toMatchObject({
        code: 2,
        stderr: `${file} is not a keys file`,
      });
      expect(readFileSync(file, 'utf8')).toBe(text);
    }
  });

  it('refuses a name that the service would refuse', async () => {
    expect(await keys('add', 'a b/c')).toMatchObject({ code: 2, stdout: '' });
  });

  it.each([
    ['add', 'two'],
    ['remove', 'old'],
  ])(
    'loses no key that was shown, nor brings one back, when %s %s runs at once',
    async (...args) => {
      await keys('add', 'old');
      const others: Promise<CliRun>[] = [];
      meanwhile.run = () => others.push(keys(...args));
      expect((await keys('add', 'one')).code).toBe(0);
      const [other] = await Promise.all(others);
      expect(other).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(/try again$/),
      });
      const names = () => readConfig({ BONAFIDE_KEYS_FILE: file }).keys.map(({ name }) => name);
      expect(names()).toEqual(['old', 'one']);
      expect((await keys(...args)).code).toBe(0);
      expect(names()).toEqual(args[0] === 'add' ? ['old', 'one', 'two'] : ['one']);
    },
  );
});
