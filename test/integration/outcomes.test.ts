import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { readPolicies } from '../../src/results/policies.ts';
import { closeTestServices, startTestService } from '../support/start-service.ts';
import { speechPackets } from '../support/wire-audio.ts';
import { runCli } from '../unit/cli/run-cli.ts';

const FORMAT = { codec: 'pcm16', sampleRateHz: 8000, channels: 1 } as const;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-outcomes-'));
});
afterEach(() => rmSync(folder, { recursive: true }));
afterAll(closeTestServices);

async function start(llr: number) {
  const policiesFile = join(folder, 'policies.yaml');
  writeFileSync(
    policiesFile,
    `policies: [{ name: any, match: {}, threshold: { llr: ${llr} }, minimumSpeechMs: 0, consecutiveScores: 1 }]`,
  );
  const policies = readPolicies(policiesFile, []);
  const dataFolder = join(folder, 'store');
  return startTestService({ config: { policiesFile, policies, dataFolder } });
}

type Host = Awaited<ReturnType<typeof start>>;

async function callThrough(host: Host, callId: string): Promise<void> {
  const { packets } = await speechPackets(FORMAT);
  const client = await host.connect();
  await client.start({ callId, audio: FORMAT, legs: [{ id: 'in', role: 'caller' }], pace: 'fast' });
  client.send(packets);
  await client.stop();
}

const report = (host: Host, callId: string, outcome: string) =>
  fetch(`http://127.0.0.1:${host.port}/v1/calls/${callId}/outcome`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ outcome, note: 'as found' }),
  });

it('takes outcomes of live, ended and long ended calls into the report and the chain', async () => {
  const first = await start(20);
  await callThrough(first, 'alerted');
  expect((await report(first, 'alerted', 'confirmed_synthetic')).status).toBe(200);
  await first.service.close();

  const second = await start(-20);
  await callThrough(second, 'quiet');
  expect((await report(second, 'quiet', 'confirmed_synthetic')).status).toBe(200);
  // Found out later: the call was before the restart.
  expect((await report(second, 'alerted', 'confirmed_human')).status).toBe(200);
  expect((await report(second, 'alerted', 'confirmed_human')).status).toBe(200);
  expect((await report(second, 'never-there', 'unknown')).status).toBe(404);
  await second.service.close();

  const store = ['--data-folder', join(folder, 'store')];
  const { code, stdout } = await runCli(['feedback', 'report', '--json', ...store]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    all: { synthetic: 0, human: 1, precision: 0 },
    policies: [{ policy: 'any', human: 1 }],
    missed: [{ keyName: 'loopback', callId: 'quiet' }],
  });
  const text = await runCli(['feedback', 'report', ...store]);
  expect(text.stdout).toContain('1 confirmed synthetic without an alert');

  const verified = await runCli(['log', 'verify', ...store]);
  expect(verified.code).toBe(0);
  const log = join(folder, 'store', 'decisions');
  const lines = readdirSync(log).flatMap((name) =>
    readFileSync(join(log, name), 'utf8').trim().split('\n'),
  );
  const outcomes = lines
    .map((line) => JSON.parse(line).decision)
    .filter((entry) => entry?.type === 'outcome');
  expect(outcomes.map(({ callId, outcome }) => [callId, outcome])).toEqual([
    ['alerted', 'confirmed_synthetic'],
    ['quiet', 'confirmed_synthetic'],
    ['alerted', 'confirmed_human'],
  ]);
  expect(lines.join('\n')).not.toContain('as found');
});

it('says what is missing', async () => {
  for (const [options, text] of [
    [[], '--data-folder'],
    [['--list', 'x', '--data-folder', folder], 'go together'],
  ] as const) {
    const { code, stderr } = await runCli(['feedback', 'report', ...options]);
    expect(code).toBe(2);
    expect(stderr).toContain(text);
  }
});
