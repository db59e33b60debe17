import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import { CorpusError } from './corpora/clip.ts';
import type { FitState } from './fit.ts';

/** What a run needs to go on: the network, the optimiser, and where the sampler's dice are. */
export interface Checkpoint {
  readonly recipe: string;
  /** Hash of what it was trained on and went on from; absent in checkpoints from before it was kept. */
  readonly data?: string;
  /** The same of what was asked for, unreadable clips among it; absent = no clip was left out. */
  readonly askedData?: string;
  readonly randomState: number;
  readonly state: FitState;
  /** Training losses since the last evaluation; absent in checkpoints from before they were kept. */
  readonly losses?: LossesSoFar;
  /** Of the features; absent in checkpoints from before it was kept. */
  readonly normalisation?: { readonly mean: readonly number[]; readonly scale: readonly number[] };
}

export interface LossesSoFar {
  readonly sum: number;
  readonly count: number;
}

/** Written beside and renamed into place, so that a kill leaves the last whole one. */
export function writeCheckpoint(path: string, checkpoint: Checkpoint): void {
  writeSerialized(path, checkpoint);
}

/** The same of anything: on the disk before it takes its name, which a power cut must not empty. */
export function writeSerialized(path: string, value: unknown): void {
  writeFileSync(`${path}.part`, serialize(value), { flush: true });
  renameSync(`${path}.part`, path);
}

/** @throws CorpusError when the file is damaged */
export function readSerialized(path: string): unknown {
  const bytes = readFileSync(path);
  try {
    return deserialize(bytes);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CorpusError(`${path} is damaged (${why}): remove it to begin anew`, { cause });
  }
}

/** The checkpoint of a recipe that `isSame` knows, or null. */
export function readCheckpoint(
  path: string,
  isSame: (recipe: string) => boolean,
): Checkpoint | null {
  if (!existsSync(path)) return null;
  const checkpoint = readSerialized(path) as Checkpoint;
  return isSame(checkpoint.recipe) ? checkpoint : null;
}
