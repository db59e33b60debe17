import { readdirSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Ending of a file that is being written, and takes its own name when it is whole. */
export const PART = '.part';
/** A run that lives writes every few seconds. */
const ABANDONED_MS = 3_600_000;

type Write = (file: number, bytes: Uint8Array) => number;

/** Writes all of it: the system may take a part only, as it does when a disk runs full. */
export function writeWhole(file: number, bytes: Uint8Array, write: Write = writeSync): void {
  for (let at = 0; at < bytes.length; ) at += write(file, bytes.subarray(at));
}

/**
 * Removes what killed runs left half written: files that nobody has touched for an hour.
 * @param own path of a file that was made just now: its time is the present, as the disk has it
 */
export function removeAbandonedParts(folder: string, own: string): void {
  const nowMs = statSync(own).mtimeMs;
  for (const name of readdirSync(folder)) {
    if (!name.endsWith(PART)) continue;
    const path = join(folder, name);
    const touched = statSync(path, { throwIfNoEntry: false });
    if (touched !== undefined && nowMs - touched.mtimeMs > ABANDONED_MS)
      rmSync(path, { force: true });
  }
}
