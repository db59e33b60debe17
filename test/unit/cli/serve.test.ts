import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { unusedVariables } from '../../../src/cli/serve.ts';
import { readConfig } from '../../../src/config.ts';
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

it('serve takes a variable that only the policies file reads for no misspelt setting', () => {
  const path = join(folder, 'policies.yaml');
  const account = `AC${'0'.repeat(32)}`;
  writeFileSync(
    path,
    `callControl:
  - { name: a, kind: twilio-rest, accountSid: ${account}, authToken: { env: BONAFIDE_TWILIO_TOKEN }, action: hangUp }
  - { name: b, kind: twilio-rest, accountSid: ${account}, authToken: { file: ${path} }, action: hangUp }
  - { name: c, kind: hang-up, platform: asterisk }
`,
  );
  const variables = {
    BONAFIDE_POLICIES_FILE: path,
    BONAFIDE_TWILIO_TOKEN: 'secret',
    BONAFIDE_TWILIO_TOKN: 'misspelt',
  };
  expect(unusedVariables(variables, readConfig(variables))).toEqual(['BONAFIDE_TWILIO_TOKN']);
});
