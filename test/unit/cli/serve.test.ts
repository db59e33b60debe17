import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeTinyDetector } from '../../support/tiny-detector.ts';
import { runCli } from './run-cli.ts';

let folder: string;
let environment: Record<string, string>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-serve-'));
  await writeTinyDetector(join(folder, 'tiny'));
  environment = {
    BONAFIDE_DETECTORS: join(folder, 'tiny'),
    BONAFIDE_PORT: '0',
    BONAFIDE_LANES: '0',
    BONAFIDE_LOG_LEVEL: 'silent',
  };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('serve waits for signals before it has started', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as AddressInfo;
  const waitsFor: string[] = [];
  const run = runCli(
    ['serve'],
    { ...environment, BONAFIDE_PORT: String(port) },
    {
      onStopSignal: () => waitsFor.push('stop'),
      onReloadSignal: () => waitsFor.push('reload'),
    },
  );
  await expect(run).rejects.toThrow('EADDRINUSE');
  expect(waitsFor.sort()).toEqual(['reload', 'stop']);
  await new Promise<void>((resolve) => void taken.close(() => resolve()));
});

it('serve reads its policies again and ends when that was asked for during its start', async () => {
  const now = (action: () => void) => action();
  const run = await runCli(['serve'], environment, { onStopSignal: now, onReloadSignal: now });
  expect(run).toMatchObject({ code: 0, stderr: '' });
});
