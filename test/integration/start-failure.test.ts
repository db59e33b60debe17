import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { AlertStore } from '../../src/results/outbox/alert-store.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

it('a service that cannot listen ends, and lets go of its data folder', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bonafide-start-'));
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as AddressInfo;
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, 'serve'], {
    env: {
      ...process.env,
      ...{ BONAFIDE_PORT: String(port), BONAFIDE_DATA_FOLDER: folder, BONAFIDE_MAX_CALL: '5' },
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stdout.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  expect(code).toBe(1);
  expect(said).toContain('EADDRINUSE');
  // On the way it has told of the name that is none.
  expect(log).toContain('"variable":"BONAFIDE_MAX_CALL"');
  AlertStore.open(folder, { as: 'owner' }).close();
  await new Promise<void>((resolve) => void taken.close(() => resolve()));
  rmSync(folder, { recursive: true, force: true });
});
