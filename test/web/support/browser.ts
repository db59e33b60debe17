import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core';
import { findBrowser } from './find-browser.ts';

const ARGUMENTS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
  ...['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'],
];

export interface OpenOptions extends BrowserContextOptions {
  /** A WAV file that the microphone hears. */
  readonly microphone?: string;
}

/** A page in a browser of its own, and everything that went wrong in it. */
export interface OpenPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Violations of the content security policy, and faults of the page's scripts. */
  readonly faults: string[];
}

const open: { close(): Promise<void> }[] = [];

/** Opens a page with a fresh profile; `closePages` ends it. */
export async function openPage(url: string, options: OpenOptions = {}): Promise<OpenPage> {
  const { microphone, ...contextOptions } = options;
  const profile = await mkdtemp(join(tmpdir(), 'bonafide-browser-'));
  const sound = microphone === undefined ? [] : [`--use-file-for-fake-audio-capture=${microphone}`];
  const executablePath = findBrowser();
  if (executablePath === null || !existsSync(executablePath)) throw new Error('no Chromium');
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    args: [...ARGUMENTS, ...sound],
    viewport: { width: 1280, height: 800 },
    acceptDownloads: true,
    ...contextOptions,
  });
  open.push({
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  });
  // Machines that build share their cores: what takes long here is no failure.
  context.setDefaultTimeout(90_000);
  const page = context.pages()[0] ?? (await context.newPage());
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  await context.exposeFunction('noteViolation', (text: string) => faults.push(`csp: ${text}`));
  await context.addInitScript(`addEventListener('securitypolicyviolation', (event) => {
    noteViolation(event.violatedDirective + ' ' + event.blockedURI);
  })`);
  page.on('console', (message) => {
    // A refusal of the server is what some tests are about; the page says it by itself.
    const isNetwork = /Failed to load resource|WebSocket connection/.test(message.text());
    if (message.type() === 'error' && !isNetwork) faults.push(`console: ${message.text()}`);
  });
  await page.goto(url);
  return { page, context, faults };
}

/** For `afterEach`. */
export async function closePages(): Promise<void> {
  await Promise.all(open.splice(0).map((one) => one.close()));
}
