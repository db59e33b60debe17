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
  for (const issue of parsed.error.issues.flatMap(eachKey)) {
    const offset = offsetOf(document, issue.path) ?? 0;
    problems.push(`${at(offset)}: ${issue.path.join('.') || 'file'}: ${issue.message}`);
  }
  return null;
}

/** For `superRefine`: it runs where fields are wrong, too, so that every problem is told at once. */
export const EVEN_WHERE_WRONG: z.core.$ZodSuperRefineParams = {
  when: ({ value }) => typeof value === 'object' && value !== null,
};

/** Fields that are not known are a problem each, at their own place. */
function eachKey(issue: z.core.$ZodIssue): { path: readonly PropertyKey[]; message: string }[] {
  if (issue.code !== 'unrecognized_keys') return [issue];
  return issue.keys.map((key) => ({ path: [...issue.path, key], message: 'is no field here' }));
}

/** Where a path begins, or the nearest thing above it that is there. */
function offsetOf(
  document: ReturnType<typeof parseDocument>,
  path: readonly PropertyKey[],
): number | null {
  for (let length = path.length; length >= 0; length--) {
    const start = startOf(document.getIn(path.slice(0, length), true));
    if (start !== undefined) return start;
  }
  return null;
}

function startOf(node: unknown): number | undefined {
  return (node as { readonly range?: readonly number[] | null } | undefined)?.range?.[0];
}
