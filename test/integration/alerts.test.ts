import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AlertEvent } from '../../src/results/alert-events.ts';
import { readPolicies } from '../../src/results/policies.ts';
import { PlatformPeer } from '../support/platform-peer.ts';
import { closeTestServices, startTestService } from '../support/start-service.ts';
import { WebhookReceiver } from '../support/webhook-receiver.ts';
import { speechPackets } from '../support/wire-audio.ts';
import { runCli } from '../unit/cli/run-cli.ts';

const FORMAT = { codec: 'pcm16', sampleRateHz: 8000, channels: 1 } as const;
const SECRET = `whsec_${Buffer.alloc(32, 3).toString('base64')}`;

let folder: string;
let receiver: WebhookReceiver;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-alerts-'));
  receiver = await WebhookReceiver.listen();
});
afterEach(async () => {
  await receiver.close();
  rmSync(folder, { recursive: true });
});
afterAll(closeTestServices);

/** A policy that every score meets, on `threshold`. */
function policyText(llr: number, name = 'any'): string {
  return `
policies:
  - { name: ${name}, match: {}, threshold: { llr: ${llr} }, minimumSpeechMs: 0, consecutiveScores: 1 }
destinations:
  - { name: soc, url: '${receiver.url}', allowPrivate: true, template: slack, secrets: [${SECRET}] }
`;
}

async function startWith(text: string) {
  const policiesFile = join(folder, 'policies.yaml');
  writeFileSync(policiesFile, text);
  const problems: string[] = [];
  const policies = readPolicies(policiesFile, problems);
  expect(problems).toEqual([]);
  const dataFolder = join(folder, 'store');
  const host = await startTestService({ config: { policiesFile, policies, dataFolder } });
  return { host, policiesFile, dataFolder };
}

type Host = Awaited<ReturnType<typeof startWith>>['host'];

async function callThrough(host: Host, callId: string): Promise<void> {
  const { packets } = await speechPackets(FORMAT);
  const client = await host.connect();
  await client.start({ callId, audio: FORMAT, legs: [{ id: 'in', role: 'caller' }], pace: 'fast' });
  client.send(packets);
  await client.stop();
}

describe('alerts of the service', () => {
  it('reach the receiver and the results plane, once a leg', async () => {
    const { host, dataFolder } = await startWith(policyText(20));
    const reader = await PlatformPeer.connect(host.port, { path: '/v1/calls/call-1' });
    await callThrough(host, 'call-1');
    await receiver.count(1);
    await reader.closed;
    const alerts = reader.messages.filter(
      (message) => message['type'] === 'alert',
    ) as unknown as AlertEvent[];
    expect(alerts).toMatchObject([
      { callId: 'call-1', leg: 'in', role: 'caller', keyName: 'loopback', severity: 'alert' },
    ]);
    const { body, headers } = receiver.received[0]!;
    expect(headers['webhook-id']).toBe(alerts[0]!.id);
    const told = new Webhook(SECRET).verify(body, headers as Record<string, string>);
    expect(told).toMatchObject({ text: 'alert: Likely synthetic voice on leg in of call call-1' });
    await host.service.close();
    expect(receiver.received).toHaveLength(1);
    const { stdout } = await runCli(['alerts', 'list', '--data-folder', dataFolder, '--json']);
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { alertId: alerts[0]!.id, destination: 'soc', state: 'delivered', attempts: 1 },
    ]);
    expect(await host.service.metrics.render()).toBe('\n');
    const checked = await runCli(['log', 'verify', '--data-folder', dataFolder]);
    expect([checked.code, checked.stdout]).toEqual([0, expect.stringMatching(/^2 records whole/)]);
    expect(await runCli(['log', 'verify', '--data-folder', folder])).toMatchObject({ code: 2 });
    const logFolder = join(dataFolder, 'decisions');
    const file = join(logFolder, readdirSync(logFolder)[0]!);
    writeFileSync(file, readFileSync(file, 'utf8').replace('"caller"', '"agent"'));
    const spoilt = await runCli(['log', 'verify', '--data-folder', dataFolder]);
    expect([spoilt.code, spoilt.stdout]).toEqual([1, expect.stringContaining('record 0')]);
  });

  it('follow a policies file that changed; a wrong one changes nothing', async () => {
    const { host, policiesFile } = await startWith(policyText(-20));
    await callThrough(host, 'call-1');
    writeFileSync(policiesFile, 'policies: [{ nam: x }]');
    expect(host.service.reload()).toHaveLength(2);
    await callThrough(host, 'call-2');
    writeFileSync(policiesFile, policyText(20, 'new'));
    expect(host.service.reload()).toEqual([]);
    await callThrough(host, 'call-3');
    await receiver.count(1);
    expect(receiver.received[0]!.body).toContain('call-3');
    expect(await host.service.metrics.render()).toContain(
      'bonafide_alerts_total{policy="new",severity="alert"} 1',
    );
    await host.service.close();
    expect(receiver.received).toHaveLength(1);
  });

  it('refuse a reload that needs a store or a certificate that is not there', async () => {
    const policiesFile = join(folder, 'policies.yaml');
    const host = await startTestService({ config: { policiesFile } });
    writeFileSync(policiesFile, policyText(20));
    expect(host.service.reload()).toEqual([expect.stringMatching(/^BONAFIDE_DATA_FOLDER: /)]);
    await host.service.close();
    const kept = await startWith(policyText(20));
    const notOne = join(folder, 'ca.pem');
    writeFileSync(notOne, 'nonsense');
    for (const [caFile, what] of [
      ['/nowhere/ca.pem', /^destination "soc": caFile: ENOENT/],
      [notOne, /no certificate$/],
    ] as const) {
      const text = policyText(20).replace('template:', `caFile: ${caFile}, template:`);
      writeFileSync(kept.policiesFile, text);
      expect(kept.host.service.reload()).toEqual([expect.stringMatching(what)]);
    }
    await kept.host.service.close();
  });

  it('can be sent again or dropped beside the running service', async () => {
    const { host, dataFolder } = await startWith(policyText(20));
    receiver.answer = (response) => response.writeHead(410).end();
    const cli = (...args: string[]) => runCli(['alerts', ...args, '--data-folder', dataFolder]);
    await callThrough(host, 'call-1');
    await receiver.count(1);
    while ((await cli('list', '--state', 'dead', '--json')).stdout === '')
      await host.clock.sleep(5);
    receiver.answer = (response) => response.writeHead(200).end();
    expect((await cli('retry', '--all-dead')).stdout).toBe('1 delivery\n');
    host.clock.skip(1_000);
    await receiver.count(2);
    const id = String(receiver.received[1]!.headers['webhook-id']);
    expect(receiver.received[0]!.headers['webhook-id']).toBe(id);
    const shown = await cli('show', id);
    expect(JSON.parse(shown.stdout)).toMatchObject({ id, deliveries: [{ destination: 'soc' }] });
    expect(await cli('drop', 'alert_none')).toMatchObject({ code: 1, stderr: 'no delivery fits' });
    expect(await cli('retry')).toMatchObject({ code: 2 });
    expect(await cli('show', 'none')).toMatchObject({ code: 1 });
  });

  it('refuses a data folder that another service uses', async () => {
    const { dataFolder } = await startWith(policyText(20));
    await expect(startTestService({ config: { dataFolder } })).rejects.toThrow(/in use/);
  });
});

describe('bonafide policy test', () => {
  it('shows what would have fired on a trace, and when', async () => {
    const trace = join(folder, 'trace.jsonl');
    const { scoreEvent, stoppedEvent } = await import('../support/alert-fakes.ts');
    const lines = [1_000, 1_500, 2_000].map((at) => ({
      ...scoreEvent(at, -3),
      detector: 'tiny@none',
    }));
    writeFileSync(trace, [...lines, stoppedEvent()].map((line) => JSON.stringify(line)).join('\n'));
    const wrong = await runCli(['policy', 'test', 'default', trace]);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('scored by tiny@none');
    const { EMBEDDED_DETECTOR_FOLDERS } = await import('../../src/config.ts');
    const { loadDetector } = await import('../../src/model/detector.ts');
    const { id } = await loadDetector(EMBEDDED_DETECTOR_FOLDERS[0]!);
    writeFileSync(
      trace,
      [...lines.map((line) => ({ ...line, detector: id })), stoppedEvent()]
        .map((line) => JSON.stringify(line))
        .join('\n'),
    );
    const { code, stdout } = await runCli(['policy', 'test', 'default', trace, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      type: 'alert',
      streamTimeMs: 1_500,
      policy: { name: 'likely-synthetic' },
    });
    const agent = await runCli(['policy', 'test', 'default', trace, '--role', 'inbound=agent']);
    expect(agent.stdout).toBe('0 alerts in 1 call\n');
    writeFileSync(trace, '{"type":"score"}');
    const broken = await runCli(['policy', 'test', 'default', trace]);
    expect([broken.code, broken.stderr]).toEqual([3, expect.stringContaining('line 1: callId')]);
  });
});
