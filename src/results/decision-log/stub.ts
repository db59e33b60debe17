import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { StoreError } from '../../sqlite.ts';

/** What retention leaves of the segments it cut: where the rest of the chain begins. */
const stubSchema = z.strictObject({
  /** Lines cut so far. */
  nextIndex: z.number().int().min(0),
  /** Hash of the last line that was cut. */
  lastHash: z.string().regex(/^[0-9a-f]{64}$/),
  cutAtMs: z.number().int(),
});
export type LogStub = z.infer<typeof stubSchema>;

export const STUB_FILE = 'cut.json';

/** @returns null when nothing was cut. @throws StoreError when the stub is damaged. */
export function readStub(folder: string): LogStub | null {
  const path = join(folder, STUB_FILE);
  if (!existsSync(path)) return null;
  const stub = stubOf(readFileSync(path, 'utf8'));
  if (stub === null) throw new StoreError(`${path}: no stub of a decision log`);
  return stub;
}

function stubOf(text: string): LogStub | null {
  try {
    const parsed = stubSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
