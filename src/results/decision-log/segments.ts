import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const NAME = /^(\d{12})-(\d{8})\.jsonl$/;

/** A file of the log: its first line's index and the UTC day that it was begun. */
export interface Segment {
  readonly file: string;
  readonly firstIndex: number;
  /** `YYYYMMDD`. */
  readonly day: string;
}

/** The files of a log in order. */
export function listSegments(folder: string): Segment[] {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const match = NAME.exec(name);
      return match === null
        ? []
        : [{ file: join(folder, name), firstIndex: Number(match[1]), day: match[2]! }];
    });
}

export function segmentFile(folder: string, firstIndex: number, day: string): string {
  return join(folder, `${String(firstIndex).padStart(12, '0')}-${day}.jsonl`);
}
