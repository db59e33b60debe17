import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from './run-cli.ts';

const FIXTURES: Readonly<Record<string, readonly string[]>> = {
  real: ['human_carlo_it_8k.flac', 'human_allison_en_8k.flac', 'human_ivrvoice_ru_8k.flac'],
  fake: ['synth_flite_slt_8k.flac', 'synth_espeak_en_us.flac', 'synth_hifigan_v3_nsh_ru.flac'],
};

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-evaluate-'));
  for (const [kind, names] of Object.entries(FIXTURES)) {
    mkdirSync(join(folder, 'my-calls', kind), { recursive: true });
    for (const name of names) {
      copyFileSync(join('test/fixtures', name), join(folder, 'my-calls', kind, name));
    }
  }
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function write(name: string, ...lines: readonly string[]): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

describe('evaluate --corpus', () => {
  it('judges a plain folder, writes a report and scores, and compares', async () => {
    const args = ['--corpus', join(folder, 'my-calls'), '--cache', join(folder, 'cache')];
    const report = join(folder, 'out', 'report.html');
    const scores = join(folder, 'out', 'scores.txt');
    const { code, stdout, stderr } = await runCli([
      'evaluate',
      ...args,
      ...['--report', report, '--write-scores', scores, '--score-format', 'asvspoof-2019'],
      ...['--compare', 'models/telephone-8k'],
    ]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/\| dev \| mulaw \|/);
    expect(stdout).toMatch(/\| mulaw \| all \| 3 \| 3 \|/);
    expect(stdout).toMatch(/\| mulaw \| all \| 6 \| 0\.0 \|/);
    expect(readFileSync(report, 'utf8')).toContain('telephone-8k@');
    const figures = JSON.parse(readFileSync(report.replace('.html', '.json'), 'utf8')) as {
      channels: { slices: { dimension: string }[] }[];
    };
    expect(figures.channels[0]!.slices[0]!.dimension).toBe('all');
    const again = await runCli(['evaluate', '--scores', scores, '--json']);
    expect(JSON.parse(again.stdout)).toMatchObject({ bonafide: 3, spoof: 3 });
  });

  it('writes scores of files of one name that it reads again', async () => {
    const corpus = join(folder, 'numbered');
    for (const [kind, names] of Object.entries(FIXTURES)) {
      mkdirSync(join(corpus, kind), { recursive: true });
      copyFileSync(join('test/fixtures', names[0]!), join(corpus, kind, '009.flac'));
    }
    const scores = join(folder, 'out', 'numbered.txt');
    const args = ['--corpus', corpus, '--cache', join(folder, 'cache'), '--write-scores', scores];
    expect((await runCli(['evaluate', ...args])).code).toBe(0);
    const names = readFileSync(scores, 'utf8').trim().split('\n');
    expect(names.map((line) => line.split(' ')[0]).sort()).toEqual(['fake/009', 'real/009']);
    const labels = write('numbered-labels.txt', 'real/009 bonafide', 'fake/009 spoof');
    const again = await runCli(['evaluate', '--scores', scores, '--labels', labels, '--json']);
    expect(JSON.parse(again.stdout)).toMatchObject({ bonafide: 1, spoof: 1 });
  });

  it('leaves a clip out that cannot be read, names it, and tells it in every form', async () => {
    const corpus = join(folder, 'holed');
    for (const [kind, names] of Object.entries(FIXTURES)) {
      mkdirSync(join(corpus, kind), { recursive: true });
      for (const name of names) {
        copyFileSync(join('test/fixtures', name), join(corpus, kind, name));
      }
    }
    const broken = write('holed/fake/broken.flac', 'no audio');
    const report = join(folder, 'out', 'holed.html');
    const args = ['evaluate', '--corpus', corpus, '--cache', join(folder, 'cache'), '--json'];
    const { code, stdout, stderr } = await runCli([...args, '--report', report]);
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^1 of 7 clips cannot be read and are left out: .*broken\.flac: this is no WAV/,
    );
    const unreadable = {
      clips: 1,
      named: [{ path: broken, reason: expect.stringMatching(/^this is no WAV/) }],
    };
    expect(JSON.parse(stdout)).toMatchObject({ channels: [{ figures: { clips: 6 } }], unreadable });
    const json = JSON.parse(readFileSync(report.replace('.html', '.json'), 'utf8')) as object;
    expect(json).toMatchObject({ unreadable });
    expect(readFileSync(report, 'utf8')).toContain('they cannot be read: 1 of dev.');
    write('holed/fake/broken-2.flac', 'no audio');
    const refused = await runCli(args);
    expect([refused.code, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toContain('2 of 8 clips of the split dev cannot be read, more than 1 %');
  });

  it.each([
    { args: ['--corpus', 'nowhere'], says: /nowhere is not there/ },
    { args: ['--channels', 'tin'], says: /--channels must be of clean, mulaw/ },
    { args: ['--labels', 'x'], says: /--labels needs --scores/ },
  ])('refuses $args', async ({ args, says }) => {
    const { code, stderr } = await runCli(['evaluate', ...args]);
    expect(code).toBe(2);
    expect(stderr).toMatch(says);
  });
});

describe('evaluate --scores', () => {
  it('refuses what would be passed over in silence', async () => {
    const { code, stderr } = await runCli(['evaluate', '--scores', 'x', '--report', 'y']);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/--scores.* cannot be used with .*--report/);
  });

  it('prints the figures of a set with known answers', async () => {
    const scores = write('scores.txt', 'a 2', 'b 1.5', 'c 0.4', 'd -0.6', 'e 3.1', 'f 0.9');
    const spoof = ['g -2.2', 'h -1.1', 'i 0.7', 'j -0.3', 'k -3', 'l -0.8'];
    write('scores.txt', ...readFileSync(scores, 'utf8').trim().split('\n'), ...spoof);
    const names = (list: string, label: string) => [...list].map((name) => `${name} ${label}`);
    const labels = write('labels.txt', ...names('abcdef', 'bonafide'), ...names('ghijkl', 'spoof'));
    const { code, stdout } = await runCli(['evaluate', '--scores', scores, '--labels', labels]);
    expect(code).toBe(0);
    for (const figure of ['16.667 %', '0.3333 / 0.3333', '0.5691 / 0.3333', '0.3752']) {
      expect(stdout).toContain(figure);
    }
  });

  it('judges the subset eval of the keys of ASVspoof 2021 and says what it left out', async () => {
    const scores = write('2021.txt', 'a 2', 'b -1', 'c -9');
    const keys = write(
      'trial_metadata.txt',
      'LA_0009 a alaw ita_tx - bonafide notrim eval',
      'LA_0009 b alaw ita_tx A07 spoof notrim eval',
      'LA_0009 c alaw ita_tx - bonafide trim hidden',
    );
    const args = ['evaluate', '--scores', scores, '--labels', keys, '--json'];
    const { code, stdout, stderr } = await runCli(args);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ bonafide: 1, spoof: 1, eer: 0 });
    expect(stderr).toBe(`1 scores left out: not of the subset eval of ${keys}\n`);
  });

  it('says when the sign looks wrong', async () => {
    const scores = write('flipped.txt', 'a - bonafide -1', 'b A01 spoof 1');
    const { code, stderr } = await runCli(['evaluate', '--scores', scores]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/flip the sign/);
  });

  it('tells a file that is not there from one that is wrong', async () => {
    const missing = await runCli(['evaluate', '--scores', join(folder, 'none.txt')]);
    expect([missing.code, missing.stderr]).toEqual([3, expect.stringContaining('ENOENT')]);
    const wrong = await runCli(['evaluate', '--scores', write('wrong.txt', 'a one')]);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('line 1')]);
    const alone = await runCli(['evaluate', '--scores', write('alone.txt', 'a 1')]);
    expect(alone.stderr).toContain('a has a score but no label');
  });
});
