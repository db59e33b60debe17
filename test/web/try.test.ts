import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import { closeTestServices } from '../support/start-service.ts';
import { fixturePath } from '../support/wire-audio.ts';
import { closePages, openPage } from './support/browser.ts';
import { HAS_BROWSER } from './support/find-browser.ts';
import { startPageService, urlOf } from './support/page-service.ts';
import { takePictures } from './support/screenshots.ts';

afterEach(async () => {
  await closePages();
  await closeTestServices();
});

async function openTry(options: Parameters<typeof openPage>[1] = {}) {
  const service = await startPageService();
  const opened = await openPage(urlOf(service, '/#/try'), options);
  await opened.page.getByRole('heading', { name: 'Try it' }).waitFor();
  return { service, ...opened };
}

const choose = (page: Page, names: readonly string[]) =>
  page.locator('input[type=file]').setInputFiles(names.map(fixturePath));
const rowOf = (page: Page, name: string) =>
  page.locator('.attempts tbody tr').filter({ hasText: name });

/** Reads what the page hands to the downloads. */
async function downloadOf(page: Page, click: () => Promise<void>): Promise<string> {
  const [file] = await Promise.all([page.waitForEvent('download'), click()]);
  return readFile(await file.path(), 'utf8');
}

const FORMATS = [
  'format_human_wav_pcm16_16k.wav',
  'format_human_wav_pcm24_8k.wav',
  'format_synth_wav_float32_8k.wav',
  'format_human_flac_16k.flac',
  'format_human_mp3_16k.mp3',
  'format_human_mp3_stereo_44k1.mp3',
  'format_human_opus_ogg.opus',
  'format_human_vorbis.ogg',
  'format_human_opus_webm.webm',
  'format_human_raw_8k.ulaw',
  'format_human_raw_8k.alaw',
  'format_human_raw_8k.s16le',
];

describe.runIf(HAS_BROWSER)('recordings', () => {
  it('screens every format over the telephone line, several at once, and exports them', async () => {
    const { page, faults } = await openTry();
    await choose(page, FORMATS);
    for (const name of FORMATS) {
      const row = rowOf(page, name).and(page.locator('[data-state=done], [data-state=failed]'));
      await row.waitFor();
      const text = await row.textContent();
      // All are the same four seconds of speech, but for the synthetic one.
      expect(text, name).toMatch(/\d %\s*(● human|○ undecided|▲ synthetic)/);
    }
    const csv = await downloadOf(page, () =>
      page.locator('.attempts').getByRole('button', { name: 'CSV' }).click(),
    );
    const lines = csv.trim().split('\r\n');
    expect(lines).toHaveLength(1 + FORMATS.length + 1);
    expect(lines[0]).toMatch(/^file,line,loss,state,note,leg,verdict/);
    expect(lines[1]).toMatch(/^format_human_wav_pcm16_16k\.wav,mulaw,0,done,,speaker,/);
    expect(lines.filter((line) => line.includes('telephone-8k@'))).toHaveLength(lines.length - 1);
    expect(faults).toEqual([]);
  });

  it('shows the timeline over the spectrogram, which has the band that is heard', async () => {
    const { page, faults } = await openTry();
    await choose(page, ['synth_hifigan_v3_allison_en_8k.flac']);
    await page.locator('figure[data-leg=speaker] .verdict.synthetic').waitFor();
    await page.getByText('Between the dashed lines, 100 Hz to 3.9 kHz').waitFor();
    const label = await page.locator('figure[data-leg=speaker] .plot').getAttribute('aria-label');
    expect(label).toContain('Verdicts: synthetic');
    await page.setViewportSize({ width: 1010, height: 800 });
    await page.locator('.attempts').evaluate((table) => table.scrollIntoView());
    await takePictures(page, 'try');
    const events = JSON.parse(
      await downloadOf(page, () => page.getByRole('button', { name: 'JSON' }).click()),
    ) as { name: string; events: { type: string }[]; legs: { timeline: object[] }[] };
    expect(events.name).toBe('synth_hifigan_v3_allison_en_8k.flac');
    expect(events.events.at(-1)?.type).toBe('stopped');
    expect(events.legs[0]!.timeline.length).toBeGreaterThan(8);
    const csv = await downloadOf(page, () =>
      page.locator('.trace').getByRole('button', { name: 'CSV' }).click(),
    );
    expect(csv.split('\r\n').length).toBe(events.legs[0]!.timeline.length + 2);
    expect(faults).toEqual([]);
  });

  it('loses packets where it is asked to, and the service sees it', async () => {
    const { page, faults } = await openTry();
    await page.getByLabel('5 % of the packets get lost').check();
    await choose(page, ['human_carlo_it_8k.flac']);
    await rowOf(page, 'human_carlo').and(page.locator('[data-state=done]')).waitFor();
    const csv = await downloadOf(page, () =>
      page.locator('.attempts').getByRole('button', { name: 'CSV' }).click(),
    );
    const [head, row] = csv.split('\r\n').map((line) => line.split(','));
    expect(Number(row![head!.indexOf('lostMs')])).toBeGreaterThan(0);
    expect(faults).toEqual([]);
  });

  it('encodes Opus where the browser can, and takes recordings as they are', async () => {
    const { page, faults } = await openTry();
    await page.getByLabel('Internet call: Opus, 12 kbit/s').check();
    await choose(page, ['human_allison_en.flac']);
    await page.getByLabel('None: as recorded').check();
    await choose(page, ['human_awb_en.flac']);
    for (const [name, line] of [
      ['human_allison', 'Opus'],
      ['human_awb', 'as recorded'],
    ] as const) {
      const row = rowOf(page, name).and(page.locator('[data-state=done]'));
      await row.waitFor();
      expect(await row.textContent()).toContain(line);
      expect(await row.textContent()).toMatch(/● human|○ undecided/);
    }
    const csv = await downloadOf(page, () =>
      page.locator('.attempts').getByRole('button', { name: 'CSV' }).click(),
    );
    // Both lines carry 16 kHz.
    expect(csv.match(/wideband-16k@/g)).toHaveLength(2);
    expect(faults).toEqual([]);
  });

  it('says of a broken file what the service says', async () => {
    const { page } = await openTry();
    await choose(page, ['broken_text.wav']);
    const row = rowOf(page, 'broken_text').and(page.locator('[data-state=failed]'));
    await row.waitFor();
    expect(await row.textContent()).toMatch(/cannot be read/);
  });
});

/** What the microphone is put on, as the page and the service call it. */
const MICROPHONE_LINES = [
  { choice: 'Telephone: mu-law, 8 kHz', loss: false, shown: 'mu-law', detector: 'telephone-8k@' },
  { choice: 'Telephone: mu-law, 8 kHz', loss: true, shown: 'mu-law', detector: 'telephone-8k@' },
  {
    choice: 'Internet call: Opus, 12 kbit/s',
    loss: true,
    shown: 'Opus',
    detector: 'wideband-16k@',
  },
] as const;

describe.runIf(HAS_BROWSER)('the microphone', () => {
  for (const { choice, loss, shown, detector } of MICROPHONE_LINES) {
    it(`is heard over the line “${choice}”${loss ? ', of which packets get lost' : ''}`, async () => {
      const { page, faults } = await openTry({
        microphone: fixturePath('format_human_wav_pcm16_16k.wav'),
      });
      await page.getByLabel(choice).check();
      if (loss) await page.getByLabel('5 % of the packets get lost').check();
      await page.getByRole('button', { name: 'Record from the microphone' }).click();
      const leg = page.locator('figure[data-leg=speaker]');
      // The fake microphone plays the speech again and again.
      await leg
        .locator('.figure')
        .filter({ hasText: /so far \d/ })
        .waitFor();
      await page.getByRole('button', { name: 'Stop recording' }).click();
      const row = rowOf(page, 'Microphone').and(page.locator('[data-state=done]'));
      await row.waitFor();
      expect(await row.textContent()).toContain(loss ? `${shown}, 5 % lost` : shown);
      const csv = await downloadOf(page, () =>
        page.locator('.attempts').getByRole('button', { name: 'CSV' }).click(),
      );
      const [head, values] = csv.split('\r\n').map((line) => line.split(','));
      const cell = (name: string) => values![head!.indexOf(name)]!;
      expect(cell('detector')).toContain(detector);
      expect(Number(cell('speechMs'))).toBeGreaterThan(1_000);
      // One packet in twenty, as the service sees it.
      const lostShare = Number(cell('lostMs')) / Number(cell('streamTimeMs'));
      expect(lostShare).toBeGreaterThanOrEqual(loss ? 0.01 : 0);
      expect(lostShare).toBeLessThan(loss ? 0.15 : 0.01);
      expect(faults).toEqual([]);
    });
  }

  it('is opened once however often the button is pressed, and closed with the session', async () => {
    const service = await startPageService({ keys: [{ name: 'desk', fast: true }] });
    const { page, faults } = await openPage(urlOf(service, '/#/try'), {
      microphone: fixturePath('format_human_wav_pcm16_16k.wav'),
    });
    await page.evaluate(`{
      globalThis.opened = [];
      const devices = navigator.mediaDevices;
      const open = devices.getUserMedia.bind(devices);
      devices.getUserMedia = async (wanted) => {
        const media = await open(wanted);
        opened.push(...media.getTracks());
        return media;
      };
    }`);
    await page.getByLabel('API key').fill(service.keys['desk']!);
    await page.getByRole('button', { name: 'Sign in' }).click();
    const record = page.getByRole('button', { name: 'Record from the microphone' });
    await record.evaluate((button: HTMLElement) => {
      button.click();
      button.click();
    });
    await page.getByRole('button', { name: 'Stop recording' }).waitFor();
    await page.locator('figure[data-leg=speaker]').waitFor();
    expect(await page.locator('.attempts tbody tr').count()).toBe(1);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    const states = await page.evaluate('opened.map(({ readyState }) => readyState)');
    expect(states).toEqual(['ended']);
    expect(faults).toEqual([]);
  });

  it('cannot be put on a line that the browser does not encode', async () => {
    const { page, faults } = await openTry();
    await page.addInitScript('delete globalThis.AudioEncoder');
    await page.reload();
    const label = page.locator('.line-choice label').filter({ hasText: 'Opus, 12 kbit/s' });
    await label.getByText('not available in this browser').waitFor();
    expect(await label.locator('input').isDisabled()).toBe(true);
    expect(faults).toEqual([]);
  });
});
