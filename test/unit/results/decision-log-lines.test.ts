import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  LineTooLongError,
  linesFromEnd,
  linesOf,
  wholeBytesOf,
} from '../../../src/results/decision-log/lines.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-lines-'));
  file = join(folder, 'lines');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Bytes with many newlines, carriage returns, characters of several bytes, and no UTF-8 at all. */
const bytes = fc
  .array(
    fc.oneof(
      fc
        .constantFrom('\n', '\r\n', ' ', '\0', '\u2028', '\ufeff', '€', '😀', 'line')
        .map((text) => [...Buffer.from(text)]),
      fc.integer({ min: 0, max: 255 }).map((byte) => [byte]),
    ),
    { maxLength: 60 },
  )
  .map((pieces) => Buffer.from(pieces.flat()));

it('gives what splitting the whole file gives, at any size of chunks', () => {
  fc.assert(
    fc.property(bytes, fc.integer({ min: 1, max: 40 }), (content, chunkBytes) => {
      writeFileSync(file, content);
      const split = content.toString().split('\n');
      expect([...linesFromEnd(file, { chunkBytes })]).toEqual(split.toReversed());
      const tail = split.pop()!;
      const lines = split.map((text) => ({ text, isWhole: true }));
      if (tail !== '') lines.push({ text: tail, isWhole: false });
      expect([...linesOf(file, { chunkBytes })]).toEqual(lines);
      expect(wholeBytesOf(file, { chunkBytes })).toBe(content.lastIndexOf(10) + 1);
    }),
    { numRuns: 300 },
  );
});

it('takes a line of just the most bytes, and refuses one of one more', () => {
  const reading = { chunkBytes: 3, maxLineBytes: 10 };
  writeFileSync(file, `ab\n${'x'.repeat(10)}\n`);
  expect([...linesOf(file, reading)]).toHaveLength(2);
  expect([...linesFromEnd(file, reading)]).toHaveLength(3);
  for (const end of ['\n', '']) {
    writeFileSync(file, `ab\n${'x'.repeat(11)}${end}`);
    expect(() => [...linesOf(file, reading)]).toThrow(LineTooLongError);
    expect(() => [...linesFromEnd(file, reading)]).toThrow(LineTooLongError);
  }
  expect(wholeBytesOf(file, reading)).toBe(3);
});

it('reads from the end no more than it is asked for', () => {
  writeFileSync(file, `${'x'.repeat(99)}\nlast\n`);
  const lines = linesFromEnd(file, { chunkBytes: 4, maxLineBytes: 10 });
  expect([lines.next().value, lines.next().value]).toEqual(['', 'last']);
  expect(() => lines.next()).toThrow(LineTooLongError);
});
