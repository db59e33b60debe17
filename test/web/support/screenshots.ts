import { mkdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

const DOCUMENTS = fileURLToPath(new URL('../../../docs/images/', import.meta.url));
/** Pictures differ from run to run in times and figures: the documents get new ones when asked to. */
const FOLDER =
  process.env['UPDATE_PICTURES'] === '1' ? DOCUMENTS : join(tmpdir(), 'bonafide-pictures/');
const MOST_BYTES = 200_000;

/**
 * Takes a picture for the documents, in both colour schemes: `docs/images/<name>-light.png`, `-dark`.
 * Without `UPDATE_PICTURES=1` they go to a temporary folder.
 */
export async function takePictures(page: Page, name: string): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.waitForTimeout(300);
    const path = join(FOLDER, `${name}-${colorScheme}.png`);
    await page.screenshot({ path, animations: 'disabled' });
    expect(statSync(path).size, path).toBeLessThan(MOST_BYTES);
  }
  await page.emulateMedia({ colorScheme: 'light' });
}
