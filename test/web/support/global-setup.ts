import { findBrowser } from './find-browser.ts';

/** Says in one line why the tests of the page are skipped, or refuses to skip them. */
export default function setup(): void {
  if (findBrowser() !== null) return;
  const said = 'no Chromium here (apt-get install chromium, or CHROMIUM_PATH)';
  if (process.env['CI_REQUIRE_BROWSER'] === '1') throw new Error(`${said}; one is required`);
  process.stdout.write(`${said}: the tests of the page that need one are skipped\n`);
}
