import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ClipContents } from '../../../src/train/clip-content.ts';

/** SHA-256 of `abc` (FIPS 180-2, appendix B.1). */
const ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-contents-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function write(name: string, text: string, modifiedS = 1000): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  utimesSync(path, modifiedS, modifiedS);
  return path;
}

const cache = () => join(folder, 'cache');

it('is the hash of the bytes and the ending of the name, wherever the file lies', () => {
  const contents = new ClipContents(cache());
  expect(contents.contentOf({ path: write('one.wav', 'abc') })).toBe(`${ABC}.wav`);
  expect(contents.contentOf({ path: write('two.WAV', 'abc', 2000) })).toBe(`${ABC}.wav`);
  expect(contents.contentOf({ path: write('two.ulaw', 'abc') })).toBe(`${ABC}.ulaw`);
  expect(contents.contentOf({ path: write('three.wav', 'abd') })).not.toBe(`${ABC}.wav`);
});

it('reads a recording again when its size or time is another, and only then', () => {
  const path = write('one.wav', 'abd');
  const first = new ClipContents(cache());
  const before = first.contentOf({ path });
  first.save();
  write('one.wav', 'abc');
  expect(new ClipContents(cache()).contentOf({ path })).toBe(before);
  write('one.wav', 'abc', 1001);
  expect(new ClipContents(cache()).contentOf({ path })).toBe(`${ABC}.wav`);
  write('one.wav', 'abcd', 1000);
  const longer = new ClipContents(cache()).contentOf({ path });
  expect([before, `${ABC}.wav`]).not.toContain(longer);
});

it('is the path of what cannot be read, and that is not kept', () => {
  const contents = new ClipContents(cache());
  const path = join(folder, 'away.wav');
  expect(contents.contentOf({ path })).toBe(path);
  expect(contents.contentOf({ path: folder })).toBe(folder);
  write('away.wav', 'abc');
  expect(contents.contentOf({ path })).toBe(`${ABC}.wav`);
});

it('does without a file of hashes that is not whole, and writes a whole one', () => {
  const path = write('one.wav', 'abc');
  const contents = new ClipContents(cache());
  contents.contentOf({ path });
  contents.save();
  const file = join(cache(), 'recordings.json');
  const whole = readFileSync(file, 'utf8');
  writeFileSync(file, whole.slice(0, -5));
  const again = new ClipContents(cache());
  expect(again.contentOf({ path })).toBe(`${ABC}.wav`);
  again.save();
  expect(readFileSync(file, 'utf8')).toBe(whole);
});
