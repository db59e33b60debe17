import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CliContext, EXIT } from '../../../src/cli/context.ts';
import { readTrainInputs } from '../../../src/cli/train-inputs.ts';
import { loadDetector } from '../../../src/model/detector.ts';
import { createRandom } from '../../../src/random.ts';
import { type Recipe, readRecipe } from '../../../src/train/recipe.ts';
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

  it('leaves a clip out that cannot be read, and names it', async () => {
    const folder = manifestFolder(['train', 'train', 'val', 'dev']);
    writeFileSync(join(folder, 'train-1-s.ulaw'), '');
    const { code, stderr } = await prepare(folder);
    expect(code).toBe(EXIT.ok);
    const name = join(folder, 'train-1-s.ulaw');
    const told = `1 of 8 clips cannot be read and are left out: ${name}: the file is empty\n`;
    expect(stderr).toBe(told);
    // From the cache the same.
    expect((await prepare(folder)).stderr).toBe(told);
    // All that a split has of a class.
    writeFileSync(join(folder, 'val-2-h.ulaw'), '');
    const refused = await prepare(folder);
    expect(refused.code).toBe(EXIT.configuration);
    expect(refused.stderr).toContain('no bonafide clip of the split val can be read');
  });

  it('hands on which clips it left out, and knows its run by what was asked for', async () => {
    const folder = manifestFolder(['train', 'train', 'val', 'dev']);
    const options = {
      ...{ corpus: folder, recipe: join(folder, 'recipe.yaml') },
      ...{ run: join(folder, 'run'), cache: join(folder, 'cache') },
    };
    writeFileSync(join(folder, 'train-1-s.ulaw'), '');
    const context = { stderr: { write() {} } } as unknown as CliContext;
    const inputs = await readTrainInputs(options, context);
    expect(inputs.unreadable.map(({ clip }) => basename(clip.path))).toEqual(['train-1-s.ulaw']);
    expect(inputs.clips).toHaveLength(7);
    expect(inputs.corpusClips).toBe(7);
    expect(inputs.stores[0]!.spans).toHaveLength(7);
    const run = new RunFolder({ ...inputs, runFolder: join(folder, 'run', 'small-seed1') });
    run.save({ randomState: 1, state: { step: 1, weights: new Map(), optimizer: [] } });
    const again = await readTrainInputs({ ...options, checkpoint: 'needed' }, context);
    expect(again.askedData).toBe(inputs.askedData);
    // Once it can be read, it is another training.
    writeNoise(join(folder, 'train-1-s.ulaw'), 9);
    const healed = await readTrainInputs(options, context);
    expect(healed.unreadable).toEqual([]);
    const other = new RunFolder({ ...healed, runFolder: join(folder, 'run', 'small-seed1') });
    expect(() => other.checkpoint()).toThrow('on other data');
  });

  it('exports nothing before it knows whose checkpoint it is', async () => {
    const folder = manifestFolder(['train', 'val', 'dev']);
    const path = join(folder, 'recipe.yaml');
    const runFolder = join(folder, 'run', 'small-seed1');
    const exporting = () =>
      runCli([
        ...['export', '--corpus', folder, '--recipe', path, '--run', join(folder, 'run')],
        ...['--cache', join(folder, 'cache'), '--out', join(folder, 'out')],
      ]);
    const save = (recipe: Recipe) => {
      mkdirSync(runFolder, { recursive: true });
      new RunFolder({ recipe, clips: [], runFolder }).save({
        ...{ randomState: 1, state: { step: 1, weights: new Map(), optimizer: [] } },
      });
    };
    save({ ...readRecipe(path), learningRate: 1 });
    const other = await exporting();
    expect([other.code, other.stderr]).toEqual([
      EXIT.configuration,
      `${runFolder} has no checkpoint of this recipe`,
    ]);
    save(readRecipe(path));
    expect((await exporting()).stderr).toContain('on other data');
    expect(existsSync(join(folder, 'cache'))).toBe(false);
  });

  it('refuses a recipe whose teachers are not those of --teachers', async () => {
    const folder = manifestFolder(['train', 'val', 'dev'], {
      'recipe.yaml': ['name: small', 'channels: [mulaw]', 'teachers: [one@1, two@2]'],
    });
    const none = await prepare(folder);
    expect([none.code, none.stderr]).toEqual([
      EXIT.configuration,
      'the recipe names the teachers one@1, two@2, --teachers gives none: give these, or take the field out of the recipe',
    ]);
    const other = await prepare(folder, '--teachers', 'models/telephone-8k');
    expect(other.stderr).toMatch(/--teachers gives telephone-8k@[0-9a-f]+: give these/);
    const { id } = await loadDetector('models/telephone-8k');
    writeFileSync(
      join(folder, 'recipe.yaml'),
      `name: small\nchannels: [mulaw]\nteachers: ["${id}"]\n`,
    );
    expect((await prepare(folder, '--teachers', 'models/telephone-8k')).code).toBe(EXIT.ok);
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
