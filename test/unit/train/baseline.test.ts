import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readBaseline } from '../../../src/train/baseline.ts';
import { CorpusError } from '../../../src/train/corpora/clip.ts';
import { renderEvaluationReport } from '../../../src/train/report/evaluation-report.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-baseline-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const ROW = {
  split: 'dev',
  channel: 'mulaw',
  pageMacroEer: { '1 s': 0.31, '4 s': 0.251 },
  pooledEer: 0.24,
  cllr: 0.7,
  minCllr: 0.65,
};

it('reads what training wrote, and the report shows it under its name', () => {
  mkdirSync(join(folder, 'report'));
  const manifest = { name: 'mfcc<b>', version: '0.1.0', training: { parameters: 136001 } };
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'report/figures.json'), JSON.stringify({ figures: [ROW] }));
  const html = renderEvaluationReport({
    title: 't',
    about: [],
    judgements: [],
    comparison: [],
    baseline: readBaseline(folder),
    log: [],
  });
  expect(html).toContain('mfcc&lt;b&gt; 0.1.0, 136001 parameters');
  expect(html).toContain('25.1');
});

it('refuses figures of another kind, before the training that they are to stand beside', () => {
  mkdirSync(join(folder, 'report'));
  const manifest = { name: 'other', version: '1', training: { parameters: 1 } };
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'report/figures.json'), JSON.stringify({ channels: [] }));
  expect(() => readBaseline(folder)).toThrow(CorpusError);
});

it('refuses a folder without figures', () => {
  expect(() => readBaseline(folder)).toThrow(CorpusError);
});
