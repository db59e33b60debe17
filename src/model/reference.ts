import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Detector } from './detector.ts';

const REFERENCE_FILE = 'reference.json';

const binned = z
  .strictObject({ edges: z.array(z.number()), shares: z.array(z.number().min(0).max(1)) })
  .refine(({ edges, shares }) => shares.length === edges.length + 1, 'one share more than edges');

const referenceSchema = z.strictObject({
  schemaVersion: z.literal(1),
  /** Of the `model.onnx` that it was made with. */
  modelSha256: z.string(),
  /** Speech of a clip that was taken. */
  speechMs: z.number(),
  /** Of human clips, by the channel that they went through. */
  channels: z.record(
    z.string(),
    z.strictObject({ clips: z.number().int().min(1), measures: z.record(z.string(), binned) }),
  ),
});

/** A reference as it is written down. */
export type ReferenceFile = z.infer<typeof referenceSchema>;

/** sha256 of a detector's model, which a reference names. */
export function modelSha256Of({ manifest }: Detector): string {
  return manifest.files['model.onnx']!.sha256;
}

/**
 * The reference beside a detector's card; null when there is none. It stands outside the manifest's
 * hashes, as it watches and does not decide.
 * @param problem takes one line when it cannot be used
 */
export async function readReference(
  detector: Detector,
  problem: (line: string) => void,
): Promise<ReferenceFile | null> {
  const path = join(detector.folder, REFERENCE_FILE);
  try {
    const parsed = referenceSchema.safeParse(JSON.parse(await readFile(path, 'utf8')));
    if (!parsed.success) problem(`${path}: ${parsed.error.issues[0]!.message}`);
    else if (parsed.data.modelSha256 !== modelSha256Of(detector)) {
      problem(`${path}: was made with another model`);
    } else return parsed.data;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      problem(`${path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return null;
}

export async function writeReference(detector: Detector, reference: ReferenceFile): Promise<void> {
  const text = `${JSON.stringify(referenceSchema.parse(reference))}\n`;
  await writeFile(join(detector.folder, REFERENCE_FILE), text);
}
