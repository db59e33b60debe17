import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readPolicies } from '../../src/results/policies.ts';
import { closeTestServices } from '../support/start-service.ts';
import { WebhookReceiver } from '../support/webhook-receiver.ts';
import { seriousOf } from './support/accessibility.ts';
import { closePages, openPage } from './support/browser.ts';
import { HAS_BROWSER } from './support/find-browser.ts';
import { startPageService, startTwoLegCall, urlOf } from './support/page-service.ts';

const SECRET = `whsec_${Buffer.alloc(32, 3).toString('base64')}`;

let folder: string;
let receiver: WebhookReceiver;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bonafide-page-alerts-'));
  receiver = await WebhookReceiver.listen();
});
afterEach(async () => {
  await closePages();
  await closeTestServices();
  await receiver.close();
  await rm(folder, { recursive: true });
});

/** A service that raises an alert for the synthetic caller and tells the receiver. */
async function startWithPolicy() {
  const policiesFile = join(folder, 'policies.yaml');
  await writeFile(
    policiesFile,
    `policies:
  - { name: synthetic-callers, match: { roles: [caller] }, threshold: { llr: 0 }, minimumSpeechMs: 1000, consecutiveScores: 1 }
destinations:
  - { name: soc, url: '${receiver.url}', allowPrivate: true, secrets: [${SECRET}] }
`,
  );
  const problems: string[] = [];
  const policies = readPolicies(policiesFile, problems);
  expect(problems).toEqual([]);
  const dataFolder = join(folder, 'data');
  return startPageService({ config: { policiesFile, policies, dataFolder } });
}

describe.runIf(HAS_BROWSER)('an alert', () => {
  it('is on the call, and with its delivery on the page of the detectors', async () => {
    const service = await startWithPolicy();
    const { page, faults } = await openPage(urlOf(service));
    await page.getByText('No calls right now').waitFor();
    const client = await startTwoLegCall(service);
    await page.getByLabel('Which calls are shown').selectOption('alerts');
    await page.locator('tr.call .chip.alert').waitFor();
    await receiver.count(1);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.goto(urlOf(service, '/#/live'));
      await page.locator('tr.call').waitFor();
      expect(await seriousOf(page)).toEqual([]);
      await page.goto(urlOf(service, '/#/detector'));
      const alert = page.locator('[aria-labelledby=alerts] tbody tr');
      await alert.getByText('soc: delivered').waitFor();
      expect(await alert.textContent()).toContain('synthetic-callers');
      expect(await alert.textContent()).toContain('two-legs caller');
      expect(await seriousOf(page)).toEqual([]);
    }
    client.socket.terminate();
    expect(faults).toEqual([]);
  });
});
