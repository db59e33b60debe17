import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { randomId } from '../random.ts';
import { isSystemError } from './system-error.ts';

const PERMISSIONS = 0o7777;
/** What a folder says that takes no file in the place of this one: a mount of one file, no rights, read-only. */
const NO_PLACE_BESIDE = ['EBUSY', 'EXDEV', 'EACCES', 'EPERM', 'EROFS'];

/**
 * Writes a text file of its user's only, or over one with its owner and permissions, so that whoever reads
 * it meanwhile, or after a crash, sees the old text or the new one: a file beside it takes its place. Where
 * none can, or it has other names (hard links), it is written in place. Links are followed.
 * @throws the error of the operating system
 */
export function replaceFile(path: string, text: string): void {
  const before = statSync(path, { throwIfNoEntry: false });
  const target = before === undefined ? path : realpathSync(path);
  if (before !== undefined && (!before.isFile() || before.nlink > 1)) {
    writeInPlace(target, text);
    return;
  }
  const beside = `${target}.${randomId(4)}.new`;
  try {
    writeBeside(beside, text, before);
    renameSync(beside, target);
  } catch (error) {
    rmSync(beside, { force: true });
    if (!(isSystemError(error) && NO_PLACE_BESIDE.includes(error.code))) throw error;
    writeInPlace(target, text);
    return;
  }
  syncFolder(dirname(target));
}

function writeBeside(path: string, text: string, before: Stats | undefined): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    writeFileSync(file, text);
    if (before !== undefined) {
      const { uid, gid, mode } = before;
      const made = fstatSync(file);
      if (made.uid !== uid || made.gid !== gid) fchownSync(file, uid, gid);
      fchmodSync(file, mode & PERMISSIONS);
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Not emptied first: a crash leaves more than nothing. */
function writeInPlace(path: string, text: string): void {
  const file = openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o600);
  try {
    writeFileSync(file, text);
    if (!fstatSync(file).isFile()) return;
    ftruncateSync(file, Buffer.byteLength(text));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Without it a power cut may bring the old file back. */
function syncFolder(path: string): void {
  try {
    const folder = openSync(path, 'r');
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  } catch (error) {
    // Not all file systems can, and a folder may be written and not read: the file is there all the same.
    if (!isSystemError(error)) throw error;
  }
}
