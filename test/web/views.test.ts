import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import { closeTestServices } from '../support/start-service.ts';
import { fixturePath } from '../support/wire-audio.ts';
import { seriousOf } from './support/accessibility.ts';
import { closePages, openPage } from './support/browser.ts';
import { HAS_BROWSER } from './support/find-browser.ts';
import { startPageService, startTwoLegCall, urlOf } from './support/page-service.ts';
import { takePictures } from './support/screenshots.ts';

afterEach(async () => {
  await closePages();
  await closeTestServices();
});

const VIEWS: readonly { readonly path: string; readonly ready: (page: Page) => Promise<void> }[] = [
  { path: '/#/live', ready: (page) => page.locator('tr.call .leg.synthetic').waitFor() },
  {
    path: '/#/call/two-legs',
    ready: (page) => page.locator('figure[data-leg=caller] .verdict.synthetic').waitFor(),
  },
  {
    path: '/#/try',
    async ready(page) {
      const files = ['human_carlo_it_8k.flac', 'broken_text.wav'].map(fixturePath);
      if ((await page.locator('.attempts').count()) === 0) {
        await page.locator('input[type=file]').setInputFiles(files);
      }
      await page.locator('.attempts tr[data-state=failed]').waitFor();
      await page.locator('.spectrogram canvas').waitFor();
    },
  },
  {
    path: '/#/detector',
    async ready(page) {
      await page.locator('img.chart').first().waitFor();
      for (const card of await page.locator('summary').all()) await card.click();
    },
  },
  { path: '/#/call/gone', ready: (page) => page.getByText('This call is not here').waitFor() },
  { path: '/#/meaning', ready: (page) => page.locator('.squares').waitFor() },
];

describe.runIf(HAS_BROWSER)('every view', () => {
  for (const width of [1280, 390]) {
    for (const colorScheme of ['light', 'dark'] as const) {
      it(`has no serious violation of accessibility: ${colorScheme}, ${width} wide`, async () => {
        const service = await startPageService();
        const client = await startTwoLegCall(service);
        const { page, faults } = await openPage(urlOf(service), {
          colorScheme,
          viewport: { width, height: 844 },
        });
        for (const { path, ready } of VIEWS) {
          await page.goto(urlOf(service, path));
          await ready(page);
          expect(await seriousOf(page), path).toEqual([]);
          const overflow = await page.evaluate(
            'document.documentElement.scrollWidth - document.documentElement.clientWidth',
          );
          expect(overflow, `${path} scrolls sideways`).toBe(0);
        }
        client.socket.terminate();
        expect(faults).toEqual([]);
      });
    }
  }

  it('has none where nobody has signed in, and where there is no call', async () => {
    const locked = await startPageService({ keys: [{ name: 'desk' }] });
    const empty = await startPageService();
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page } = await openPage(urlOf(locked), { colorScheme });
      await page.getByLabel('API key').fill('bfk_wrong');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('alert').waitFor();
      expect(await seriousOf(page)).toEqual([]);
      await page.goto(urlOf(empty));
      await page.getByText('No calls right now').waitFor();
      expect(await seriousOf(page)).toEqual([]);
    }
  });

  it('is reached, and a call opened and scrubbed, by keyboard', async () => {
    const service = await startPageService();
    const client = await startTwoLegCall(service);
    const { page, faults } = await openPage(urlOf(service));
    await page.locator('tr.call').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    const link = page.getByRole('link', { name: 'two-legs' });
    for (let presses = 0; presses < 30; presses++) {
      await page.keyboard.press('Tab');
      if (await link.evaluate((element) => element === document.activeElement)) break;
    }
    await page.keyboard.press('Enter');
    const slider = page.getByRole('slider', { name: 'Moment of the call' });
    await slider.waitFor();
    await slider.focus();
    await page.keyboard.press('Home');
    // At the beginning nothing had been said.
    await page.locator('figure[data-leg=caller]').getByText('nothing yet').waitFor();
    await page.keyboard.press('End');
    await page.locator('figure[data-leg=caller] .verdict.synthetic').waitFor();
    client.socket.terminate();
    expect(faults).toEqual([]);
  });

  it('shows what the detector is and what the score means', async () => {
    const service = await startPageService();
    const { page, faults } = await openPage(urlOf(service, '/#/detector'));
    await page.getByRole('img', { name: /^DET/ }).first().waitFor();
    await page
      .getByRole('img', { name: /^Reliability/ })
      .first()
      .waitFor();
    await page.getByText('This service keeps no alerts').waitFor();
    await takePictures(page, 'detector');
    await page.goto(urlOf(service, '/#/meaning'));
    await page.getByText('So of 155 flagged calls 5 are really synthetic: 3 %.').waitFor();
    await takePictures(page, 'meaning');
    expect(faults).toEqual([]);
  });

  it('has every second at most once on the time axis of a short recording', async () => {
    const service = await startPageService();
    const { page } = await openPage(urlOf(service, '/#/try'));
    // What is written on the canvases: of a timeline the times, then the probabilities.
    await page.addInitScript(`globalThis.written = [];
      const { fillText } = CanvasRenderingContext2D.prototype;
      CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
        written.push(text);
        return fillText.call(this, text, ...rest);
      };`);
    await page.reload();
    const file = fixturePath('human_too_short.flac');
    await page.locator('input[type=file]').setInputFiles(file);
    await page.locator('.attempts tr[data-state=done]').waitFor();
    await page.waitForFunction('written.includes("0:00") && written.at(-1) !== "0:00"');
    const written = (await page.evaluate('written.join()')) as string;
    const axes = written.split('100 %').map((axis) => axis.match(/\d+:\d\d/g) ?? []);
    expect(axes.some((times) => times.length > 0)).toBe(true);
    for (const times of axes) expect(times).toEqual([...new Set(times)]);
  });

  it('exports the timelines as a picture', async () => {
    const service = await startPageService();
    const client = await startTwoLegCall(service);
    const { page } = await openPage(urlOf(service, '/#/call/two-legs'));
    await page.locator('figure[data-leg=caller] .verdict.synthetic').waitFor();
    const button = page.getByRole('button', { name: 'PNG' });
    const [file] = await Promise.all([page.waitForEvent('download'), button.click()]);
    expect(file.suggestedFilename()).toBe('two-legs.png');
    const bytes = await readFile(await file.path());
    expect(bytes.subarray(1, 4).toString()).toBe('PNG');
    // Two timelines of 210 each with their titles.
    expect(bytes.readUInt32BE(20)).toBeGreaterThan(450);
    client.socket.terminate();
  });
});
