import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Clip, Split } from '../../../src/train/corpora/clip.ts';
import { keepLicences, readPageLicences } from '../../../src/train/licences.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-licences-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const clip = (page: string, split: Split): Clip => ({
  path: `${page}.wav`,
  label: 'spoof',
  system: 's',
  speaker: '',
  language: '',
  page,
  split,
  sourceRateHz: 0,
  seconds: 1,
});
const clips = [clip('free', 'train'), clip('unsaid', 'train'), clip('unsaid', 'dev')];

function writePages(text: string): void {
  writeFileSync(join(folder, 'pages.csv'), text);
}

it('keeps the training pages that state a licence, and all others', () => {
  writePages('page,split,repository_licence\nfree,train,MIT\nunsaid,train,none stated\n');
  const licences = readPageLicences(folder);
  expect(keepLicences(clips, licences, ['apache-2.0', ' mit'])).toEqual([clips[0], clips[2]]);
});

it('takes a comma too many for no wish', () => {
  writePages('page,repository_licence\nfree,MIT\nunsaid,\n');
  const wishes = 'mit,'.split(',');
  expect(keepLicences(clips, readPageLicences(folder), wishes)).toEqual([clips[0], clips[2]]);
});

it('says what there is when nothing is left', () => {
  writePages('page,repository_licence\nfree,MIT\n');
  expect(() => keepLicences(clips, readPageLicences(folder), ['cc0-1.0'])).toThrow(
    'no training page states one of: cc0-1.0; the corpus has: mit',
  );
});

it('needs the table, with its columns', () => {
  expect(() => readPageLicences(folder)).toThrow('pages.csv is missing');
  writePages('page,licence\nfree,MIT\n');
  expect(() => readPageLicences(folder)).toThrow('repository_licence');
});
