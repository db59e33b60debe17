import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CliContext, EXIT } from '../../../src/cli/context.ts';
import { readTrainInputs } from '../../../src/cli/train-inputs.ts';
import { createRandom } from '../../../src/random.ts';
import { readRecipe } from '../../../src/train/recipe.ts';
import { RunFolder } from '../../../src/train/run-folder.ts';
import { corpusFolder, empty } from '../train/corpora/corpus-folder.ts';
import { runCli } from './run-cli.ts';

const HEADER = 'file,label,system,speaker,language,page,split,source_rate_hz,seconds';

/** Half a second of noise, µ-law at 8 kHz without a header. */
function writeNoise(path: string, seed: number): void {
  const random = createRandom(seed);
  writeFileSync(
    path,
    Uint8Array.from({ length: 4000 }, () => random.integer(256)),
  );
}

/** A corpus with a clip of each label on every page; pages are named after their split. */
function manifestFolder(splits: readonly string[], more: Record<string, string[]> = {}): string {
  const names = splits.flatMap((split, at) => [`${split}-${at}-h`, `${split}-${at}-s`]);
  const rows = names.map((name) => {
    const [split, at, kind] = name.split('-');
    const label = kind === 'h' ? 'bonafide,human' : 'spoof,vits';
    return `${name}.ulaw,${label},,en,${split} ${at},${split},8000,0.5`;
  });
  const folder = corpusFolder({
    'manifest.csv': [HEADER, ...rows],
    'recipe.yaml': ['name: small', 'channels: [mulaw]', 'frontEnd: {bands: 8}'],
    ...more,
  });
  for (const [at, name] of names.entries()) writeNoise(join(folder, `${name}.ulaw`), at);
  return folder;
}

/** `train --prepare-only` on a corpus, all of whose folders lie in it. */
function prepare(folder: string, ...options: readonly string[]) {
  return runCli([
    ...['train', '--prepare-only', '--corpus', folder, '--recipe', join(folder, 'recipe.yaml')],
    ...['--run', join(folder, 'run'), '--cache', join(folder, 'cache'), ...options],
  ]);
}

describe('what a training reads', () => {
  it('leaves the evaluation part of a public corpus alone', async () => {
    const folder = manifestFolder(['train', 'val', 'dev', 'eval']);
    // What cannot be decoded would end the run.
    writeFileSync(join(folder, 'eval-3-h.ulaw'), '');
    expect((await prepare(folder)).code).toBe(EXIT.ok);
  });

  it('tells what is odd about the corpus', async () => {
    const folder = corpusFolder(empty('real/a.m4a', 'real/b.wav', 'fake/c.wav'));
    expect((await prepare(folder, '--recipe', 'recipes/quick.yaml')).stderr).toContain(
      '1 files left out because of their ending: .m4a',
    );
  });

  it('can be told which of two layouts a folder has', async () => {
    const folder = corpusFolder(
      empty('release_in_the_wild/meta.csv', 'for-norm/training/real/a.wav'),
    );
    const undecided = await prepare(folder, '--recipe', 'recipes/quick.yaml');
    expect(undecided.stderr).toMatch(/looks like in-the-wild and fake-or-real; say which$/);
    const told = ['--recipe', 'recipes/quick.yaml', '--corpus-kind', 'fake-or-real'];
    expect((await prepare(folder, ...told)).stderr).toContain('holds only bonafide clips');
  });

  it('refuses the run folder of a training on other data before it audits these', async () => {
    const folder = manifestFolder(['train', 'val', 'dev']);
    const run = join(folder, 'run');
    const path = join(folder, 'recipe.yaml');
    const runFolder = join(run, 'small-seed1');
    mkdirSync(runFolder, { recursive: true });
    new RunFolder({ recipe: readRecipe(path), clips: [], runFolder }).save({
      ...{ randomState: 1, state: { step: 1, weights: new Map(), optimizer: [] } },
    });
    const { code, stderr } = await runCli([
      ...['train', '--audit-only', '--corpus', folder, '--recipe', path, '--run', run],
      ...['--cache', join(folder, 'cache')],
    ]);
    expect([code, stderr]).toEqual([EXIT.configuration, expect.stringContaining('on other data')]);
  });

  it('counts epochs over the clips that are trained on', async () => {
    const folder = manifestFolder(['train', 'train', 'val', 'dev'], {
      'pages.csv': ['page,repository_licence', 'train 0,MIT', 'train 1,none stated'],
      'recipe.yaml': ['channels: [mulaw]', 'frontEnd: {bands: 8}', 'epochs: 10', 'batchSize: 2'],
    });
    const inputs = (licences: object) =>
      readTrainInputs(
        {
          ...{ corpus: folder, recipe: join(folder, 'recipe.yaml') },
          ...{ run: join(folder, 'run'), cache: join(folder, 'cache'), ...licences },
        },
        { stderr: { write() {} } } as unknown as CliContext,
      );
    expect((await inputs({})).recipe.steps).toBe(20);
    expect((await inputs({ licences: 'mit' })).recipe.steps).toBe(10);
  });
});
