import { mkdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

const FOLDER = fileURLToPath(new URL('../../../docs/images/', import.meta.url));
const MOST_BYTES = 200_000;

/** Takes a picture for the documents, in both colour schemes: `docs/images/<name>-light.png`, `-dark`. */
export async function takePictures(page: Page, name: string): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.waitForTimeout(300);
    const path = `${FOLDER}${name}-${colorScheme}.png`;
    await page.screenshot({ path, animations: 'disabled' });
    expect(statSync(path).size, path).toBeLessThan(MOST_BYTES);
  }
  await page.emulateMedia({ colorScheme: 'light' });
}
