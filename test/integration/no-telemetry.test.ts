import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const RECORDING = fileURLToPath(new URL('../fixtures/human_carlo_it_8k.flac', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'bonafide-home-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Of this process without what keeps telemetry quiet in tests: onnxruntime says nothing on CI machines. */
function environmentOfUser(): NodeJS.ProcessEnv {
  const {
    CI: _ci,
    ORT_DISABLE_TELEMETRY: _telemetry,
    XDG_CACHE_HOME: _cache,
    ...rest
  } = process.env;
  return { ...rest, HOME: home, BONAFIDE_LANES: '1', BONAFIDE_PORT: '0' };
}

/** Runs the program until it ends, or says that it listens. */
function run(...args: string[]): Promise<void> {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...args], {
    env: environmentOfUser(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.on('data', (chunk: Buffer) => {
    if (chunk.includes('"listening"')) child.kill('SIGTERM');
  });
  return new Promise((resolve, reject) => {
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${args[0]} ended with ${code}`)),
    );
  });
}

// Its device id and the events that wait for an upload lie under the home folder.
it.each([['screen', RECORDING], ['serve']])(
  '%s: onnxruntime keeps no record to report',
  async (...args) => {
    await run(...args);
    expect(readdirSync(home)).toEqual([]);
  },
);
