import { existsSync, mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Checkpoint, readCheckpoint, writeCheckpoint } from '../../../src/train/checkpoint.ts';
import { CorpusError } from '../../../src/train/corpora/clip.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-checkpoint-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const isIt = (recipe: string) => recipe === CHECKPOINT.recipe;
const CHECKPOINT: Checkpoint = {
  recipe: '{"seed":1}',
  randomState: 4_000_000_000,
  state: {
    step: 7,
    weights: new Map([['out/kernel', { shape: [2, 1], values: Float32Array.of(0.1, -2) }]]),
    optimizer: [{ shape: [], values: Float32Array.of(7) }],
  },
};

it('gives back exactly what was written, and leaves no half file', () => {
  const path = join(folder, 'checkpoint.bin');
  writeCheckpoint(path, CHECKPOINT);
  expect(readCheckpoint(path, isIt)).toEqual(CHECKPOINT);
  expect(existsSync(`${path}.part`)).toBe(false);
  writeCheckpoint(path, { ...CHECKPOINT, randomState: 1 });
  expect(readCheckpoint(path, isIt)!.randomState).toBe(1);
});

it('is null for another recipe and when there is none', () => {
  const path = join(folder, 'other.bin');
  expect(readCheckpoint(path, isIt)).toBeNull();
  writeCheckpoint(path, CHECKPOINT);
  expect(readCheckpoint(path, (recipe) => recipe === '{"seed":2}')).toBeNull();
});

it.each([
  ['empty', 0],
  ['cut', 40],
])('names the file that is %s, as a power cut may leave it', (_, bytes) => {
  const path = join(folder, 'damaged.bin');
  writeCheckpoint(path, CHECKPOINT);
  truncateSync(path, bytes);
  expect(() => readCheckpoint(path, isIt)).toThrow(CorpusError);
  expect(() => readCheckpoint(path, isIt)).toThrow(/damaged\.bin is damaged .*remove it/);
});
