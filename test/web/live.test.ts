import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { closeTestServices } from '../support/start-service.ts';
import { closePages, openPage } from './support/browser.ts';
import { HAS_BROWSER } from './support/find-browser.ts';
import { startPageService, startTwoLegCall, urlOf } from './support/page-service.ts';
import { takePictures } from './support/screenshots.ts';

afterEach(async () => {
  await closePages();
  await closeTestServices();
});

describe.runIf(HAS_BROWSER)('the live view', () => {
  it('says what to do while there is no call', async () => {
    const service = await startPageService();
    const { page, faults } = await openPage(urlOf(service));
    await page.getByText('No calls right now').waitFor();
    expect(await page.title()).toBe('Live – bonafide');
    expect(faults).toEqual([]);
  });

  it('shows a call of two legs: the caller turns red, the agent stays green', async () => {
    const service = await startPageService();
    const { page, faults } = await openPage(urlOf(service));
    await page.getByText('No calls right now').waitFor();
    const client = await startTwoLegCall(service, { metadata: { line: '<b>sales</b>' } });
    const row = page.locator('tr.call');
    await row.locator('.leg.synthetic').waitFor();
    expect(await row.count()).toBe(1);
    expect(await row.locator('.leg.synthetic').getAttribute('data-leg')).toBe('caller');
    await row.locator('.leg.human[data-leg=agent]').waitFor();
    // The leg at risk comes first.
    expect(await row.locator('.leg').first().getAttribute('data-leg')).toBe('caller');

    await row.getByRole('link', { name: 'two-legs' }).click();
    const caller = page.locator('figure[data-leg=caller]');
    await caller.locator('.verdict.synthetic').waitFor();
    const agent = page.locator('figure[data-leg=agent]');
    await agent.locator('.verdict.human').waitFor();
    // The verdict stands in the summary already; what led to it comes with the events.
    const labelOf = (leg: typeof caller) => () => leg.locator('.plot').getAttribute('aria-label');
    await expect
      .poll(labelOf(caller), { timeout: 10_000 })
      .toMatch(/At its end: synthetic\. Verdicts: .*synthetic \d+\.\d s/);
    // Never anything but human was said of the agent.
    await expect
      .poll(labelOf(agent), { timeout: 10_000 })
      .toMatch(/At its end: human\. Verdicts: human \d+\.\d s\./);
    await page.getByText('<b>sales</b>', { exact: true }).waitFor();
    await takePictures(page, 'call');

    // The service keeps 64 events; the timeline goes back to the beginning all the same.
    const [csv] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'CSV' }).click(),
    ]);
    const text = await readFile(await csv.path(), 'utf8');
    for (const leg of ['caller', 'agent'])
      expect(text).toMatch(new RegExp(`^${leg},\\w+,500,`, 'm'));

    await client.stop();
    await page.getByText('ended', { exact: true }).waitFor();
    expect(faults).toEqual([]);
  });
});
