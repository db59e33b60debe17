import { LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';

/**
 * Reads YAML against a schema. Every problem is added to `problems` as `file:line:column: path: what`.
 * @returns null when there was any.
 */
export function readYaml<T>(
  source: { readonly file: string; readonly text: string },
  schema: z.ZodType<T>,
  problems: string[],
): T | null {
  const lines = new LineCounter();
  const document = parseDocument(source.text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${source.file}:${line}:${col}`;
  };
  for (const { message, pos } of document.errors) problems.push(`${at(pos[0])}: ${message}`);
  if (document.errors.length > 0) return null;
  let value: unknown;
  try {
    value = document.toJS();
  } catch (error) {
    // An alias to nothing, or too many of them.
    problems.push(`${at(0)}: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
  const parsed = schema.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    const offset = offsetOf(document, issue.path) ?? 0;
    problems.push(`${at(offset)}: ${issue.path.join('.') || 'file'}: ${issue.message}`);
  }
  return null;
}

/** Where a path begins, or the nearest thing above it that is there. */
function offsetOf(
  document: ReturnType<typeof parseDocument>,
  path: readonly PropertyKey[],
): number | null {
  for (let length = path.length; length >= 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as
      | { readonly range?: readonly number[] | null }
      | undefined;
    const start = node?.range?.[0];
    if (start !== undefined) return start;
  }
  return null;
}
