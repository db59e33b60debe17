import { afterEach, describe, expect, it } from 'vitest';
import { closeTestServices } from '../support/start-service.ts';
import { closePages, openPage } from './support/browser.ts';
import { FakeCalls, spyOnBus } from './support/fake-source.ts';
import { HAS_BROWSER } from './support/find-browser.ts';
import { startPageService, urlOf } from './support/page-service.ts';
import { takePictures } from './support/screenshots.ts';

const CALLS = 1_000;

afterEach(async () => {
  await closePages();
  await closeTestServices();
});

/** Scrolls to the end and back for a while; frames that were drawn and how long the longest took. */
const SCROLL = `(async () => {
  const region = document.querySelector('.table-scroll');
  const frames = [];
  let step = 240;
  const beganMs = performance.now();
  let lastMs = beganMs;
  while (performance.now() - beganMs < 3000) {
    await new Promise(requestAnimationFrame);
    const nowMs = performance.now();
    frames.push(nowMs - lastMs);
    lastMs = nowMs;
    region.scrollTop += step;
    if (region.scrollTop + region.clientHeight >= region.scrollHeight - 1) step = -240;
    if (region.scrollTop <= 0) step = 240;
  }
  frames.sort((a, b) => a - b);
  const seconds = (lastMs - beganMs) / 1000;
  return { perSecond: frames.length / seconds, p95Ms: frames[Math.floor(0.95 * frames.length)] };
})()`;

describe.runIf(HAS_BROWSER)('a thousand live calls', () => {
  it('are drawn a screenful at a time, sorted, found and held', async () => {
    const { bus, spy } = spyOnBus();
    const service = await startPageService({ config: { requestsPerMinute: 6_000 } });
    const { page, faults } = await openPage(urlOf(service));
    await page.getByText('No calls right now').waitFor();
    const source = new FakeCalls(bus(), CALLS, service.clock.nowMs());
    spy.mockRestore();
    source.say();
    await page.getByText('1,000 live, 0 lately ended').waitFor();
    const timer = setInterval(() => source.say(), 1_000);
    try {
      await page.waitForTimeout(3_000);
      expect(await page.locator('tr.call').count()).toBeLessThan(40);
      expect(await page.locator('table.calls').getAttribute('aria-rowcount')).toBe('1001');
      const verdicts = await page
        .locator('tr.call .line.leg:first-child .verdict')
        .allTextContents();
      expect(verdicts.slice(0, 5).every((text) => text.includes('synthetic'))).toBe(true);

      const { perSecond, p95Ms } = (await page.evaluate(SCROLL)) as {
        perSecond: number;
        p95Ms: number;
      };
      process.stdout.write(
        `1,000 calls, 2,000 scores/s, scrolling: ${perSecond.toFixed(0)} frames/s, 95 % within ${p95Ms.toFixed(0)} ms (software rendering, shared cores)\n`,
      );
      await page.locator('.table-scroll').evaluate((region) => region.scrollTo(0, 0));
      await takePictures(page, 'live');

      // What the page shows stays while it is paused, whatever comes.
      await page.getByRole('button', { name: 'Pause' }).click();
      const before = await page.locator('table.calls tbody').textContent();
      await page.waitForTimeout(1_500);
      expect(await page.locator('table.calls tbody').textContent()).toBe(before);
      await page.getByRole('button', { name: 'Go on' }).click();

      await page.getByRole('searchbox').fill('call-0421');
      await page.getByText('1 live, 0 lately ended').waitFor();
      expect(await page.locator('tr.call').count()).toBe(1);
      await page.getByRole('searchbox').fill('');
      await page.getByRole('button', { name: /^Call/ }).click();
      await page.locator('tr.call').first().getByText('call-0000').waitFor();
      await page.getByRole('button', { name: /^Call/ }).click();
      await page.locator('tr.call').first().getByText('call-0999').waitFor();
    } finally {
      clearInterval(timer);
    }
    expect(faults).toEqual([]);
  });
});
