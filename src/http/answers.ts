import type { z } from 'zod';
import { PROBLEMS, type ProblemCode } from './problem.ts';
import { problemSchema } from './schemas.ts';

/** A JSON answer of a route's description. */
export function jsonAnswer<Schema extends z.ZodType>(description: string, schema: Schema) {
  return { description, content: { 'application/json': { schema } } };
}

type StatusOf<Code extends ProblemCode> = (typeof PROBLEMS)[Code]['status'];
interface ProblemAnswer {
  description: string;
  content: { 'application/problem+json': { schema: typeof problemSchema } };
}

/** The failures that a route may answer with, by status. */
export function problemAnswers<Code extends ProblemCode>(
  ...codes: readonly Code[]
): Record<StatusOf<Code>, ProblemAnswer> {
  const answers: Partial<Record<number, ProblemAnswer>> = {};
  for (const code of codes) {
    const { status, title } = PROBLEMS[code];
    const before = answers[status]?.description;
    answers[status] = {
      description: `${before === undefined ? '' : `${before}; `}${code}: ${title}`,
      content: { 'application/problem+json': { schema: problemSchema } },
    };
  }
  return answers as Record<StatusOf<Code>, ProblemAnswer>;
}
