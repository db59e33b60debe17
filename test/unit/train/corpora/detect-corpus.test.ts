import { describe, expect, it } from 'vitest';
import { detectCorpusKind } from '../../../../src/train/corpora/detect-corpus.ts';
import { readCorpus } from '../../../../src/train/corpus.ts';
import { corpusFolder, empty } from './corpus-folder.ts';

describe('detectCorpusKind', () => {
  it.each([
    ['manifest', ['manifest.csv', 'real/a.wav']],
    ['asvspoof-2019-la', ['LA/ASVspoof2019_LA_cm_protocols/x.txt']],
    ['asvspoof-2019-la', ['ASVspoof2019_LA_cm_protocols/x.txt']],
    ['asvspoof-2021-la', ['keys/LA/CM/trial_metadata.txt']],
    ['asvspoof-2021-df', ['keys/DF/CM/trial_metadata.txt']],
    ['asvspoof-5', ['ASVspoof5.eval.track_1.tsv']],
    ['in-the-wild', ['release_in_the_wild/meta.csv']],
    ['fake-or-real', ['for-norm/training/real/a.wav']],
    ['wavefake', ['generated_audio/ljspeech_melgan/a.wav']],
    ['mlaad', ['fake/en/vits/meta.csv', 'real/en_US/a.wav']],
    ['plain-folder', ['real/a.wav', 'fake/b.wav']],
    ['plain-folder', ['bonafide/ann/a.wav', 'spoof/vits/b.wav']],
  ])('%s', (kind, files) => {
    expect(detectCorpusKind(corpusFolder(empty(...files)))).toBe(kind);
  });

  it('refuses two at once, none, and no folder', () => {
    const two = ['keys/LA/CM/trial_metadata.txt', 'keys/DF/CM/trial_metadata.txt'];
    expect(() => detectCorpusKind(corpusFolder(empty(...two)))).toThrow(
      /looks like asvspoof-2021-la and asvspoof-2021-df; say which/,
    );
    expect(() => detectCorpusKind(corpusFolder({}))).toThrow(/holds no clips in a layout of/);
    expect(() => detectCorpusKind('/nowhere/at/all')).toThrow(/is not there/);
  });

  it('is what readCorpus asks when it is not told', () => {
    const folder = corpusFolder(empty('real/a.wav', 'fake/b.wav'));
    expect(readCorpus(folder)).toHaveLength(2);
    expect(() => readCorpus(folder, { kind: 'wavefake' })).toThrow(/no generated_audio/);
  });
});
