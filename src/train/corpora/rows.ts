import { readFileSync } from 'node:fs';
import { CorpusError } from './clip.ts';

/** A row of a protocol file with where it stands, for messages. */
export interface Row {
  readonly fields: readonly string[];
  readonly where: string;
}

/**
 * Rows of a protocol file without header whose fields are separated by single spaces.
 * @throws CorpusError when a row has another number of columns
 */
export function readSpacedRows(path: string, columns: number): Row[] {
  const rows: Row[] = [];
  for (const [index, line] of readFileSync(path, 'utf8').split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const fields = line.trim().split(/[ \t]+/);
    const where = `${path}, line ${index + 1}`;
    if (fields.length !== columns) {
      throw new CorpusError(`${where}: expected ${columns} columns, got ${fields.length}`);
    }
    rows.push({ fields, where });
  }
  if (rows.length === 0) throw new CorpusError(`${path} holds no rows`);
  return rows;
}
