import fs, {
  chmodSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { replaceFile } from '../../../src/cli/replace-file.ts';

vi.mock('node:fs', async (importOriginal) => {
  const real = await importOriginal<typeof fs>();
  const watched = {
    renameSync: vi.fn(real.renameSync),
    openSync: vi.fn(real.openSync),
    fchownSync: vi.fn(real.fchownSync),
    fstatSync: vi.fn(real.fstatSync),
    fsyncSync: vi.fn(real.fsyncSync),
  };
  return { ...real, ...watched, default: { ...real, ...watched } };
});

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-replace-'));
  file = join(folder, 'keys.json');
});
afterEach(() => {
  vi.clearAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

const LONG = 'x'.repeat(1_000);
function systemError(code: string): Error {
  return Object.assign(new Error(code), { code, syscall: 'rename' });
}

describe('replaceFile', () => {
  it('makes a file for its user only', () => {
    replaceFile(file, 'new');
    expect(readFileSync(file, 'utf8')).toBe('new');
    expect(statSync(file).mode & 0o7777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['keys.json']);
  });

  it('puts another file in the place of the old one, whole and on the disk, with its permissions', () => {
    writeFileSync(file, LONG);
    chmodSync(file, 0o640);
    vi.mocked(fs.renameSync).mockImplementationOnce((from, to) => {
      // A crash here leaves the old file; one after it the new.
      expect([readFileSync(to, 'utf8'), readFileSync(from, 'utf8')]).toEqual([LONG, 'new']);
      expect(statSync(from)).toMatchObject({ uid: statSync(to).uid, mode: statSync(to).mode });
      expect(fs.fsyncSync).toHaveBeenCalledOnce();
      writeFileSync(to, readFileSync(from));
      rmSync(from);
    });
    replaceFile(file, 'new');
    expect(fs.renameSync).toHaveBeenCalledOnce();
    expect(readFileSync(file, 'utf8')).toBe('new');
    expect(readdirSync(folder)).toEqual(['keys.json']);
  });

  it.each(['EBUSY', 'EXDEV', 'EPERM'])('writes in place where a rename says %s', (code) => {
    writeFileSync(file, LONG);
    const { ino } = statSync(file);
    vi.mocked(fs.renameSync).mockImplementationOnce(() => {
      throw systemError(code);
    });
    replaceFile(file, 'new');
    expect(readFileSync(file, 'utf8')).toBe('new');
    expect(statSync(file).ino).toBe(ino);
    expect(readdirSync(folder)).toEqual(['keys.json']);
  });

  it.each(['EACCES', 'EROFS'])('writes in place where the folder says %s', (code) => {
    writeFileSync(file, LONG);
    vi.mocked(fs.openSync).mockImplementationOnce(() => {
      throw systemError(code);
    });
    replaceFile(file, 'new');
    expect(readFileSync(file, 'utf8')).toBe('new');
    expect(fs.renameSync).not.toHaveBeenCalled();
  });

  it('leaves the old file as it was where the disk is full', () => {
    writeFileSync(file, LONG);
    vi.mocked(fs.fsyncSync).mockImplementationOnce(() => {
      throw systemError('ENOSPC');
    });
    expect(() => replaceFile(file, 'new')).toThrow('ENOSPC');
    expect(readFileSync(file, 'utf8')).toBe(LONG);
    expect(readdirSync(folder)).toEqual(['keys.json']);
  });

  it('follows a link, and keeps the other names of a file', () => {
    writeFileSync(file, LONG);
    const [link, other] = [join(folder, 'link'), join(folder, 'other')];
    symlinkSync('keys.json', link);
    replaceFile(link, 'new');
    expect([readlinkSync(link), readFileSync(file, 'utf8')]).toEqual(['keys.json', 'new']);
    linkSync(file, other);
    replaceFile(file, 'newer');
    expect(readFileSync(other, 'utf8')).toBe('newer');
  });

  it('writes in place where it may not give the new file to the owner of the old one', () => {
    writeFileSync(file, LONG);
    const { ino, uid } = statSync(file);
    vi.mocked(fs.fstatSync).mockReturnValueOnce({ ...statSync(file), uid: uid + 1 } as fs.Stats);
    vi.mocked(fs.fchownSync).mockImplementationOnce(() => {
      throw systemError('EPERM');
    });
    replaceFile(file, 'new');
    expect(fs.fchownSync).toHaveBeenCalledExactlyOnceWith(
      expect.any(Number),
      uid,
      statSync(file).gid,
    );
    expect([statSync(file).ino, readFileSync(file, 'utf8')]).toEqual([ino, 'new']);
    expect(readdirSync(folder)).toEqual(['keys.json']);
  });
});
