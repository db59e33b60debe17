import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../../src/cli/context.ts';
import { corpusFolder } from '../train/corpora/corpus-folder.ts';
import { runCli } from './run-cli.ts';

describe('train', () => {
  it('refuses the recipe of a transfer without a detector to go on from', async () => {
    const folder = corpusFolder({ 'transfer.yaml': ['isTransfer: true', 'steps: 1'] });
    const recipe = join(folder, 'transfer.yaml');
    const run = join(folder, 'run');
    const { code, stderr } = await runCli([
      ...['train', '--corpus', folder, '--recipe', recipe],
      ...['--run', run, '--out', join(folder, 'out'), '--cache', join(folder, 'cache')],
    ]);
    expect(code).toBe(EXIT.configuration);
    expect(stderr).toBe(
      `${recipe} is for a transfer: --from <detector> gives its front end and network`,
    );
    expect(existsSync(run)).toBe(false);
  });
});

describe('train, before the work', () => {
  it.each([
    ['--quick', '--recipe', 'recipes/small-8k.yaml'],
    ['--prepare-only', '--audit-only'],
  ])('refuses %s with %s, of which one would be passed over', async (...options) => {
    const { code, stderr } = await runCli(['train', '--corpus', 'nowhere', ...options]);
    expect(code).not.toBe(EXIT.ok);
    expect(stderr).toContain('cannot be used with option');
  });

  it('reads the corpus of the old evaluation before the work', async () => {
    const { code, stderr } = await runCli([
      ...['train', '--corpus', 'nowhere', '--from', 'models/telephone-8k', '--guard', 'mistyped'],
    ]);
    expect([code, stderr]).toEqual([EXIT.configuration, 'mistyped is not there']);
  });
});

describe('export', () => {
  it('says that a run has no checkpoint before it reads the corpus, and makes no folder of it', async () => {
    const folder = corpusFolder({ 'recipe.yaml': ['name: gone', 'seed: 3'] });
    const [run, cache] = ['run', 'cache'].map((name) => join(folder, name));
    const { code, stderr } = await runCli([
      ...['export', '--corpus', join(folder, 'none'), '--recipe', join(folder, 'recipe.yaml')],
      ...['--run', run!, '--out', join(folder, 'out'), '--cache', cache!],
    ]);
    expect(code).toBe(EXIT.configuration);
    expect(stderr).toBe(`${join(run!, 'gone-seed3')} has no checkpoint of this recipe`);
    expect([run!, cache!].map((path) => existsSync(path))).toEqual([false, false]);
  });
});
