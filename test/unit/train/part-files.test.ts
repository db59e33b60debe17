import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { removeAbandonedParts, writeWhole } from '../../../src/train/part-files.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-parts-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

it('writes all bytes, also when the system takes a few at a time', () => {
  const path = join(folder, 'frames');
  const file = openSync(path, 'w');
  const bytes = Uint8Array.from({ length: 10 }, (_, at) => at);
  writeWhole(file, bytes, (to, rest) => writeSync(to, rest.subarray(0, 3)));
  closeSync(file);
  expect([...readFileSync(path)]).toEqual([...bytes]);
});

it('fails as the system does when there is no room for the rest', () => {
  const full = () => {
    throw new Error('ENOSPC');
  };
  expect(() => writeWhole(0, new Uint8Array(3), full)).toThrow('ENOSPC');
});

it('removes half files that nobody has touched for an hour, and nothing else', () => {
  const ages = { 'old.frames.part': 2, 'fresh.frames.part': 0.5, 'old.frames': 2, 'own.part': 0 };
  for (const [name, hours] of Object.entries(ages)) {
    const path = join(folder, name);
    writeFileSync(path, '');
    const seconds = 1_700_000_000 - 3600 * hours;
    utimesSync(path, seconds, seconds);
  }
  removeAbandonedParts(folder, join(folder, 'own.part'));
  const left = Object.keys(ages).filter((name) => existsSync(join(folder, name)));
  expect(left).toEqual(['fresh.frames.part', 'old.frames', 'own.part']);
});
