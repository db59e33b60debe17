import { existsSync } from 'node:fs';

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
] as const;

/** Path of a Chromium, or null: the tests install none. */
export function findBrowser(): string | null {
  const { CHROMIUM_PATH: wanted } = process.env;
  return [wanted ?? '', ...PLACES].find((path) => path !== '' && existsSync(path)) ?? null;
}

/** Whether the tests of the page can run here. */
export const HAS_BROWSER = findBrowser() !== null;
