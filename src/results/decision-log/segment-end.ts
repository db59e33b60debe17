import { StoreError } from '../../sqlite.ts';
import { type LineReading, linesFromEnd } from './lines.ts';
import type { LogLine } from './record.ts';
import { parseLine } from './verify.ts';

/** The last line of a segment. @throws StoreError when it is damaged, as `linesFromEnd` otherwise */
export function lastLineOf(file: string, reading: LineReading = {}): LogLine {
  for (const text of linesFromEnd(file, reading)) {
    const line = text.trimEnd();
    if (line === '') continue;
    const parsed = parseLine(line);
    if (parsed !== null) return parsed;
    break;
  }
  throw new StoreError(`${file}: the last line is damaged`);
}

/**
 * Number in the store of the newest decision of a segment; 0 = it has none. Numbers only grow along the log, so
 * nothing before that decision is read. @throws as `linesFromEnd`
 */
export function lastSeqOf(file: string, reading: LineReading = {}): number {
  for (const text of linesFromEnd(file, reading)) {
    const line = parseLine(text.trimEnd());
    if (line?.kind === 'decision') return line.seq;
  }
  return 0;
}
