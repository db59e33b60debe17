import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readCorpus } from '../../../src/train/corpus.ts';
import { writeSplitFile } from '../../../src/train/split-file.ts';
import { fixturePath } from '../../support/wire-audio.ts';
import { runCli } from './run-cli.ts';

const EMBEDDED = fileURLToPath(new URL('../../../models/telephone-8k', import.meta.url));
const CLIPS = 20;
let folder = '';
let corpus = '';
let detector = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-reference-'));
  corpus = join(folder, 'my-calls');
  detector = join(folder, 'detector');
  cpSync(EMBEDDED, detector, { recursive: true });
  rmSync(join(detector, 'reference.json'));
  for (const name of ['real', 'fake']) mkdirSync(join(corpus, name), { recursive: true });
  const speech = fixturePath('human_allison_en_8k.flac');
  for (let clip = 0; clip < CLIPS; clip++) cpSync(speech, join(corpus, 'real', `${clip}.flac`));
  cpSync(fixturePath('synth_flite_slt_8k.flac'), join(corpus, 'fake', 'one.flac'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const reference = (...options: string[]) =>
  runCli([
    ...['reference', '--detector', detector, '--corpus', corpus],
    ...['--cache', join(folder, 'cache'), ...options],
  ]);

it('says of a corpus without splits that those of the training are needed', async () => {
  const { code, stderr } = await reference();
  expect(code).toBe(2);
  expect(stderr).toContain(`${corpus} has no human clips of train or val: --splits names`);
  expect(existsSync(join(detector, 'reference.json'))).toBe(false);
});

it('is written from the clips that the training learnt from', async () => {
  const splits = join(folder, 'splits.json');
  const clips = readCorpus(corpus).map((clip) => ({ ...clip, split: 'train' as const }));
  writeSplitFile(splits, corpus, clips, { seed: 1, disjointBy: [] });
  const { code, stdout, stderr } = await reference('--splits', splits);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(stdout).toContain(`mulaw: ${CLIPS} human clips`);
  expect(existsSync(join(detector, 'reference.json'))).toBe(true);
});
