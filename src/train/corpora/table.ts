import { readFileSync } from 'node:fs';
import { CsvError, parse } from 'csv-parse/sync';
import { CorpusError } from './clip.ts';

/** A row of a table by the names of its header, with where it stands, for messages. */
export interface Entry {
  readonly values: Readonly<Record<string, string>>;
  readonly where: string;
}

export interface TableFormat {
  readonly delimiter: ',' | '|';
  /** False where quotes are part of the text, as in transcripts. */
  readonly quoted: boolean;
  /** The header must have these columns; others are read too. */
  readonly needed: readonly string[];
}

interface ParsedRow {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/**
 * Reads a delimited table with a header.
 * @throws CorpusError when a column is missing or a row has another number of columns
 */
export function readTable(path: string, { delimiter, quoted, needed }: TableFormat): Entry[] {
  const rows = parseRows(path, delimiter, quoted);
  const header = rows[0]?.record ?? [];
  const missing = needed.filter((name) => !header.includes(name));
  if (missing.length > 0) {
    throw new CorpusError(
      `${path}: the header must have "${needed.join(delimiter)}", got "${header.join(delimiter)}"`,
    );
  }
  return rows.slice(1).map(({ record, info }) => {
    const where = `${path}, line ${info.lines}`;
    if (record.length !== header.length) {
      throw new CorpusError(`${where}: expected ${header.length} columns, got ${record.length}`);
    }
    return {
      values: Object.fromEntries(header.map((name, index) => [name, record[index]!])),
      where,
    };
  });
}

function parseRows(path: string, delimiter: string, quoted: boolean): ParsedRow[] {
  try {
    return parse(readFileSync(path), {
      delimiter,
      quote: quoted ? '"' : null,
      bom: true,
      info: true,
      record_delimiter: ['\r\n', '\n'],
      relax_column_count: true,
      skip_empty_lines: true,
    }) as unknown as ParsedRow[];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new CorpusError(`${path}: ${error.message}`, { cause: error });
  }
}
