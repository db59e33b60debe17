import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  joinLabels,
  readLabelFile,
  readScoreFile,
  SCORE_FORMATS,
  type TrialScore,
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
    expect(readLabelFile(fileOf(line))).toEqual(new Map([['a', 'spoof']]));
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
    expect(joinLabels(SCORES, labels)).toEqual(joined);
  });

  it('refuses trials without label or score', () => {
    expect(() => joinLabels([{ name: 'a', score: 1 }], null)).toThrow(/a has a score but no label/);
    const labels = new Map([
      ['a', 'spoof'],
      ['b', 'spoof'],
    ] as const);
    expect(() => joinLabels([{ name: 'a', score: 1 }], labels)).toThrow(
      /1 trials have no score, for example b/,
    );
  });
});
