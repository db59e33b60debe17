import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../logger.ts';
import { SUMMARY_FILE } from './summary-store.ts';

/** The file itself, and what SQLite has beside it. */
const ENDINGS = ['', '-wal', '-shm', '-journal'] as const;

/**
 * Deletes what was kept before the retention became 0. A file that cannot be deleted stops nothing: it is
 * said in the log.
 */
export function forgetSummaries(folder: string, logger: Logger): void {
  for (const ending of ENDINGS) {
    const path = join(folder, `${SUMMARY_FILE}${ending}`);
    try {
      rmSync(path, { force: true });
    } catch (error) {
      logger.warn({ path, err: error }, 'summaries of before could not be deleted');
    }
  }
}
