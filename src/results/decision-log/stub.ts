import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

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

/** @returns null when nothing was cut. @throws when the stub is damaged. */
export function readStub(folder: string): LogStub | null {
  const path = join(folder, STUB_FILE);
  if (!existsSync(path)) return null;
  return stubSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
}
