import { afterEach, describe, expect, it } from 'vitest';
import { closeTestServices } from '../support/start-service.ts';
import { fixturePath } from '../support/wire-audio.ts';
import { closePages, openPage } from './support/browser.ts';
import { HAS_BROWSER } from './support/find-browser.ts';
import { startPageService, startTwoLegCall, urlOf } from './support/page-service.ts';

const HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=1</script>';
const SESSION_LIFE_MS = 13 * 3_600_000;

afterEach(async () => {
  await closePages();
  await closeTestServices();
});

describe.runIf(HAS_BROWSER)('what goes wrong', () => {
  it('goes on after a restart of the service', async () => {
    const first = await startPageService();
    const { page, faults } = await openPage(urlOf(first));
    await page.locator('[data-connection=open]').waitFor({ state: 'attached' });
    await first.service.close();
    await page.getByText('The service does not answer. Trying again').waitFor();
    const second = await startPageService({ config: { port: first.port } });
    expect(second.port).toBe(first.port);
    await page.locator('[data-connection=open]').waitFor({ state: 'attached' });
    const client = await startTwoLegCall(second);
    await page.locator('tr.call .leg.synthetic').waitFor();
    client.socket.terminate();
    expect(faults).toEqual([]);
  });

  it('keeps what is on the screen while the service does not answer', async () => {
    const first = await startPageService();
    const { page, faults } = await openPage(urlOf(first));
    await page.locator('[data-connection=open]').waitFor({ state: 'attached' });
    await page.getByRole('searchbox').fill('queue 7');
    await first.service.close();
    await page.getByText('The service does not answer. Trying again').waitFor();
    expect(await page.getByRole('searchbox').inputValue()).toBe('queue 7');
    await startPageService({ config: { port: first.port } });
    await page.getByText('The service does not answer').waitFor({ state: 'detached' });
    expect(await page.getByRole('searchbox').inputValue()).toBe('queue 7');
    expect(faults).toEqual([]);
  });

  it('goes on with a call whose events were cut off, after the last one it saw', async () => {
    const service = await startPageService();
    const client = await startTwoLegCall(service);
    const { page } = await openPage(urlOf(service));
    const asked: (string | undefined)[] = [];
    await page.route('**/v1/calls/two-legs/events', async (route) => {
      asked.push(route.request().headers()['last-event-id']);
      if (asked.length > 1) return route.fallback();
      const gap = { type: 'gap', callId: 'two-legs', leg: 'caller', streamTimeMs: 900, lostMs: 80 };
      const body = `id: 3\nevent: gap\ndata: ${JSON.stringify(gap)}\n\n`;
      return route.fulfill({ contentType: 'text/event-stream', body });
    });
    await page.goto(urlOf(service, '/#/call/two-legs'));
    await page.locator('.event.gap').waitFor();
    await page.locator('figure[data-leg=caller] .verdict.synthetic').waitFor();
    await page.locator('.event.finalized').waitFor();
    expect(asked).toEqual(['0', '3']);
    await client.stop();
    await page.locator('dd.ended').waitFor();
  });

  it('replaces a token that the service no longer takes, and says so when that does not help', async () => {
    const service = await startPageService();
    const { page, faults } = await openPage(urlOf(service, '/#/try'));
    let tokens = 0;
    await page.route('**/v1/tokens', async (route) => {
      tokens++;
      if (tokens > 1) return route.fallback();
      return route.fulfill({ status: 201, json: { token: 'expired', expiresInSeconds: 60 } });
    });
    const choose = () =>
      page.locator('input[type=file]').setInputFiles(fixturePath('human_awb_en.flac'));
    await choose();
    await page.locator('.attempts tr[data-state=done]').waitFor();
    expect(tokens).toBe(2);
    await page.unroute('**/v1/tokens');
    await page.route('**/v1/tokens', (route) =>
      route.fulfill({ status: 201, json: { token: 'expired', expiresInSeconds: 60 } }),
    );
    await choose();
    const failed = page.locator('.attempts tr[data-state=failed]');
    await failed.waitFor();
    expect(await failed.textContent()).toContain('the connection was refused');
    expect(faults).toEqual([]);
  });

  it('waits for its turn while the service is full', async () => {
    const service = await startPageService({ config: { maxCalls: 1 } });
    const client = await startTwoLegCall(service);
    const { page, faults } = await openPage(urlOf(service, '/#/try'));
    const refused = page.waitForResponse((answer) => answer.url().endsWith('/readyz'));
    await page.locator('input[type=file]').setInputFiles(fixturePath('human_awb_en.flac'));
    expect((await refused).status()).toBe(503);
    await client.stop();
    await page.locator('.attempts tr[data-state=done]').waitFor();
    expect(faults).toEqual([]);
  });

  it('asks for a key where one is needed, and again when the session has ended', async () => {
    const service = await startPageService({ keys: [{ name: 'desk', fast: true }] });
    const { page, faults } = await openPage(urlOf(service));
    const key = page.getByLabel('API key');
    await key.fill('bfk_wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    await key.fill(service.keys['desk']!);
    await key.press('Enter');
    await page.getByText('No calls right now').waitFor();
    await page.getByText('desk', { exact: true }).waitFor();
    // The cookie is the browser's alone.
    expect(await page.evaluate('document.cookie')).toBe('');

    await page.goto(urlOf(service, '/#/try'));
    await page.locator('input[type=file]').setInputFiles(fixturePath('human_awb_en.flac'));
    await page.locator('.attempts tr[data-state=done]').waitFor();

    service.clock.skip(SESSION_LIFE_MS);
    await page.goto(urlOf(service, '/#/detector'));
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(faults).toEqual([]);
  });

  it('shows markup in names as the text that it is', async () => {
    const service = await startPageService();
    const client = await startTwoLegCall(service, {
      callId: HOSTILE,
      legs: [
        { id: `${HOSTILE}1`, role: 'agent' },
        { id: `${HOSTILE}2`, role: 'caller' },
      ],
      metadata: { [HOSTILE.slice(0, 60)]: HOSTILE },
    });
    const { page, faults } = await openPage(urlOf(service));
    await page.getByRole('link', { name: HOSTILE }).click();
    await page.getByRole('heading', { name: HOSTILE }).waitFor();
    await page.locator('dd').getByText(HOSTILE).waitFor();
    await page.locator('figure .leg-title').getByText(`${HOSTILE}2`).waitFor();
    await page.locator('.event').last().click();
    await page.goto(urlOf(service, '/#/try'));
    const buffer = Buffer.from('not audio');
    const name = '<img src=x onerror=alert(1)>.wav';
    await page.locator('input[type=file]').setInputFiles({ name, mimeType: 'audio/wav', buffer });
    await page.locator('.attempts tr[data-state=failed]').getByText(name).waitFor();
    expect(await page.locator('main img, main script').count()).toBe(0);
    expect(await page.title()).not.toBe('1');
    client.socket.terminate();
    expect(faults).toEqual([]);
  });
});
