import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixturePath } from '../../support/wire-audio.ts';
import { corpusFolder, empty } from '../train/corpora/corpus-folder.ts';
import { writeVocoder } from '../train/toy-vocoder.ts';
import { runCli } from './run-cli.ts';

const HEADER = 'file,label,system,speaker,language,page,split,source_rate_hz,seconds';

function folderOfPages(count: number): string {
  const rows = Array.from({ length: count }, (_, page) => [
    `${page}-a.wav,bonafide,human,ann ${page},en,page ${page},train,16000,2`,
    `${page}-b.wav,spoof,vits,ann ${page},en,page ${page},train,16000,2`,
  ]).flat();
  const files = Array.from({ length: count }, (_, page) => [
    `${page}-a.wav`,
    `${page}-b.wav`,
  ]).flat();
  return corpusFolder({ 'manifest.csv': [HEADER, ...rows], ...empty(...files) });
}

describe('corpus', () => {
  it('counts what is there', async () => {
    const { code, stdout } = await runCli(['corpus', folderOfPages(5)]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^manifest\n/);
    expect(stdout).toMatch(/│ train │ 5 {5}│ 5 {9}│ 5 {8}│ 1 /);
  });

  it('makes splits that evaluate takes', async () => {
    const folder = folderOfPages(40);
    const path = join(folder, 'splits.json');
    const { code, stdout } = await runCli(['corpus', folder, '--make-splits', path]);
    expect(code).toBe(0);
    for (const split of ['train', 'val', 'dev']) expect(stdout).toContain(`│ ${split} `);
    const { splits } = JSON.parse(readFileSync(path, 'utf8')) as { splits: object };
    expect(Object.keys(splits)).toHaveLength(80);
  });

  it('warns of other counts than the published ones, and refuses them when strict', async () => {
    const folder = corpusFolder({
      'meta.csv': ['file,speaker,label', '0.wav,a,spoof', '1.wav,b,bona-fide'],
      ...empty('0.wav', '1.wav'),
    });
    const lax = await runCli(['corpus', folder]);
    expect([lax.code, lax.stderr]).toEqual([0, expect.stringContaining('expected 19963')]);
    expect((await runCli(['corpus', folder, '--strict'])).code).toBe(2);
  });

  it('refuses an unknown thing to be disjoint by', async () => {
    const args = ['--make-splits', 'x.json', '--disjoint-by', 'mood'];
    const { code, stderr } = await runCli(['corpus', folderOfPages(2), ...args]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/got mood/)]);
  });

  it('copies what can be read, and names what cannot', async () => {
    const folder = folderOfPages(2);
    copyFileSync(fixturePath('human_allison_en_8k.flac'), join(folder, '1-a.wav'));
    const out = join(folder, 'copies');
    const { code, stdout, stderr } = await runCli([
      ...['corpus', folder, '--copy-synthesis', out],
      ...['--vocoders', writeVocoder(folder, 'mean')],
    ]);
    expect([code, stdout]).toEqual([0, expect.stringContaining(`1 copies in ${out}\n`)]);
    expect(stderr).toMatch(/^1 of 2 clips cannot be read and are left out: .*0-a\.wav: /);
    expect(readFileSync(join(out, 'manifest.csv'), 'utf8')).toMatch(
      /\naudio\/00001\.wav,.*page 1,/,
    );
  });
});
