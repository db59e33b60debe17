import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  countLeftOut,
  joinLabels,
  readLabelFile,
  readScoreFile,
  SCORE_FORMATS,
  type TrialScore,
  trialNames,
  writeScoreFile,
} from '../../../src/train/score-files.ts';
import { corpusFolder } from './corpora/corpus-folder.ts';

const SCORES: readonly TrialScore[] = [
  { name: 'LA_E_1', score: 1.5, label: 'bonafide', source: '-' },
  { name: 'LA_E_2', score: -2.25e-3, label: 'spoof', source: 'A07' },
];

/** A file with these lines. */
function fileOf(...lines: readonly string[]): string {
  return join(corpusFolder({ 'file.txt': lines }), 'file.txt');
}

describe('score files', () => {
  it.each(SCORE_FORMATS)('%s: gives back what was written', (format) => {
    const path = fileOf();
    writeScoreFile(path, format, SCORES);
    const expected =
      format === 'asvspoof-2019' ? SCORES : SCORES.map(({ name, score }) => ({ name, score }));
    expect(readScoreFile(path)).toEqual(expected);
  });

  it('reads lines as the official tools have them', () => {
    expect(readScoreFile(fileOf('LA_E_2834763 A11 spoof -0.9876'))).toEqual([
      { name: 'LA_E_2834763', source: 'A11', label: 'spoof', score: -0.9876 },
    ]);
    expect(readScoreFile(fileOf('filename\tcm-score', 'E_0001\t1.25'))).toEqual([
      { name: 'E_0001', score: 1.25 },
    ]);
  });

  it.each([
    { lines: ['a b c'], says: /line 1: expected 2 or 4 columns, got 3/ },
    { lines: ['a 1', 'b - spoof 2'], says: /line 2: expected 2 columns, got 4/ },
    { lines: ['a 1', 'b one'], says: /line 2: "one" is no score/ },
    { lines: ['a 1', 'a 2'], says: /line 2: a second score of a/ },
    { lines: ['a - maybe 1'], says: /line 1: unknown label "maybe"/ },
    { lines: [], says: /holds no rows/ },
  ])('refuses $lines', ({ lines, says }) => {
    expect(() => readScoreFile(fileOf(...lines))).toThrow(says);
  });

  it('has a dash for a spoof whose synthesiser is not known, so that columns stay four', () => {
    const path = fileOf();
    const trial = { name: 'a', score: 1, label: 'spoof' as const };
    for (const source of ['', ' ']) {
      writeScoreFile(path, 'asvspoof-2019', [{ ...trial, source }]);
      expect(readScoreFile(path)).toEqual([{ ...trial, source: '-' }]);
    }
  });

  it('needs labels for the format of 2019', () => {
    expect(() => writeScoreFile(fileOf(), 'asvspoof-2019', [{ name: 'a', score: 1 }])).toThrow(
      RangeError,
    );
  });
});

describe('files of labels', () => {
  it.each([
    ['name and label', 'a spoof'],
    ['ASVspoof 2019', 'LA_0001 a - A07 spoof'],
    ['ASVspoof 2021 LA', 'LA_0009 a alaw ita_tx A07 spoof notrim eval'],
    ['ASVspoof 2021 DF', 'LA_0023 a nocodec asvspoof A14 spoof notrim eval unknown - - - -'],
    ['ASVspoof 5', 'T_0001 a F - - - AC3 A05 spoof -'],
    ['ASVspoof 5 keys', 'a\tspoof'],
  ])('%s', (_, line) => {
    expect(readLabelFile(fileOf(line)).byName).toEqual(new Map([['a', 'spoof']]));
  });

  it('refuses other widths and labels', () => {
    expect(() => readLabelFile(fileOf('a b c'))).toThrow(/expected 2, 5, 8, 10, 13 columns, got 3/);
    expect(() => readLabelFile(fileOf('a spoof', 'b'))).toThrow(/line 2: expected 2 columns/);
    expect(() => readLabelFile(fileOf('a maybe'))).toThrow(/unknown label "maybe"/);
  });
});

describe('joinLabels', () => {
  it('takes labels from the file, or from the scores themselves', () => {
    const joined = { bonafide: [1.5], spoof: [-2.25e-3] };
    expect(joinLabels(SCORES, null)).toEqual(joined);
    const labels = new Map([
      ['LA_E_2', 'spoof'],
      ['LA_E_1', 'bonafide'],
    ] as const);
    expect(joinLabels(SCORES, { byName: labels, others: null })).toEqual(joined);
  });

  it('refuses trials without label or score', () => {
    expect(() => joinLabels([{ name: 'a', score: 1 }], null)).toThrow(/a has a score but no label/);
    const labels = new Map([
      ['a', 'spoof'],
      ['b', 'spoof'],
    ] as const);
    const scores = [{ name: 'a', score: 1 }];
    expect(() => joinLabels(scores, { byName: labels, others: null })).toThrow(
      /1 trials have no score, for example b/,
    );
  });
});

describe.each([
  ['LA', (name: string, key: string, subset: string) => `s ${name} alaw x A07 ${key} no ${subset}`],
  [
    'DF',
    (name: string, key: string, subset: string) =>
      `s ${name} nocodec vcc2020 A07 ${key} no ${subset} unknown - - - -`,
  ],
])('keys of ASVspoof 2021 %s', (_, row) => {
  const evalRows = [row('e1', 'bonafide', 'eval'), row('e2', 'spoof', 'eval')];
  const otherRows = [row('p1', 'bonafide', 'progress'), row('h1', 'spoof', 'hidden')];
  const evalScores = ['e1 2', 'e2 -1'];
  const allScores = ['p1 9', ...evalScores, 'h1 8'];

  it.each([
    { scores: allScores, keys: [...otherRows, ...evalRows], leftOut: 2 },
    { scores: evalScores, keys: [...otherRows, ...evalRows], leftOut: 0 },
    { scores: allScores, keys: evalRows, leftOut: 2 },
    { scores: evalScores, keys: evalRows, leftOut: 0 },
  ])('$scores.length scores, $keys.length rows: takes eval alone', ({ scores, keys, leftOut }) => {
    const read = readScoreFile(fileOf(...scores));
    const labels = readLabelFile(fileOf(...keys));
    expect(joinLabels(read, labels)).toEqual({ bonafide: [2], spoof: [-1] });
    expect(countLeftOut(read, labels)).toBe(leftOut);
  });

  it('refuse what no subset explains', () => {
    const labels = readLabelFile(fileOf(...otherRows, ...evalRows));
    const join = (...lines: readonly string[]) =>
      joinLabels(readScoreFile(fileOf(...lines)), labels);
    expect(() => join(...allScores, 'x 1')).toThrow(/x has a score but no label/);
    expect(() => join('e1 2', 'p1 9')).toThrow(/1 trials have no score, for example e2/);
    expect(() => readLabelFile(fileOf(...otherRows))).toThrow(/no trials of the subset eval/);
  });
});

describe('trialNames', () => {
  it.each([
    { paths: ['c/real/a b.ogg', 'c/fake/c.wav'], names: ['a_b', 'c'] },
    {
      paths: ['c/real/9.ogg', 'c/fake/9.ogg', 'c/x y/1.wav'],
      names: ['real/9', 'fake/9', 'x_y/1'],
    },
    { paths: ['c/real/9.ogg', 'c/real/9.wav'], names: ['real/9.ogg', 'real/9.wav'] },
  ])('$paths', ({ paths, names }) => {
    expect(trialNames(paths, 'c')).toEqual(names);
  });
});
