import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readArchive } from '../../../src/backtest/archive.ts';

it('says that there is nothing to read, with the split only when one was asked for', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bonafide-archive-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  expect(() => readArchive(folder, null)).toThrow(`${folder} holds no recordings`);
  for (const name of ['real', 'fake']) mkdirSync(join(folder, name));
  expect(() => readArchive(folder, null)).toThrow(/ holds no recordings$/);
  expect(() => readArchive(folder, 'dev')).toThrow(`${folder} holds no recordings of split dev`);
});
