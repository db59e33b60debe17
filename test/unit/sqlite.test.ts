import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqlite, type SqliteOptions } from '../../src/sqlite.ts';

const OPTIONS: SqliteOptions = {
  what: 'list',
  migrations: ['CREATE TABLE words (word TEXT)'],
  mayMigrate: true,
  timeoutMs: 0,
  synchronous: 'NORMAL',
};
const READ = `
  const Database = require('libsql');
  const db = new Database(process.argv[1]);
  process.stdout.write(JSON.stringify(db.prepare('SELECT word FROM words').all()));
  db.close();`;

describe('a SQLite file', () => {
  let folder: string;
  const path = () => join(folder, 'words.db');
  /** What another program, such as the command line beside a service, finds in the file. */
  const readElsewhere = () =>
    JSON.parse(execFileSync(process.execPath, ['-e', READ, path()], { encoding: 'utf8' }));

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bonafide-sqlite-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is made for its user only, with the log beside it', () => {
    const db = openSqlite(path(), OPTIONS);
    const modes = [path(), `${path()}-wal`].map((file) => statSync(file).mode & 0o777);
    db.close();
    expect(modes).toEqual([0o600, 0o600]);
  });

  it('keeps its log while it is open, whoever else opens and closes it', () => {
    const db = openSqlite(path(), OPTIONS);
    // A second one of the same program: files that are closed take all locks of a process with them.
    const second = openSqlite(path(), { ...OPTIONS, mayMigrate: false });
    expect(readElsewhere()).toEqual([]);
    db.exec("INSERT INTO words VALUES ('kept')");
    expect(readElsewhere()).toEqual([{ word: 'kept' }]);
    second.close();
    db.close();
  });
});
