import { closeSync, existsSync, openSync } from 'node:fs';
import Database from 'libsql';
import { CliError, EXIT } from './context.ts';

/** Longer than another program needs to read a file and to write it. */
const WAIT_MS = 5_000;

/**
 * Does `work` while nobody else does theirs under the same lock: an open exclusive transaction on an empty
 * file of its own, which the system ends when its process dies. The file stays: who removed it would take
 * it away from one that waits. Where the folder takes none, or the file is another user's, there is no lock.
 * @throws CliError when another one has it for longer than `waitMs`
 */
export function withFileLock<Result>(
  lockPath: string,
  work: () => Result,
  waitMs = WAIT_MS,
): Result {
  const lock = takeLock(lockPath, waitMs);
  try {
    return work();
  } finally {
    lock?.close();
  }
}

function takeLock(path: string, waitMs: number): Database.Database | null {
  const lock = openLock(path, waitMs);
  try {
    lock?.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock?.close();
    if (!(error instanceof Database.SqliteError)) throw error;
    if (error.code !== 'SQLITE_BUSY') return null;
    throw new CliError(`another program has ${path}: try again`, EXIT.failure);
  }
}

/** null where the folder takes no file, or this user may not open the one that is there. */
function openLock(path: string, waitMs: number): Database.Database | null {
  try {
    // One that is there is not opened: closing it would end the locks that this process has on it.
    if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
    return new Database(path, { timeout: waitMs });
  } catch {
    // The library's error says nothing of why. Without a lock the file is still written whole.
    return null;
  }
}
