import { describe, expect, it } from 'vitest';
import { asvspoof2019LaLoader } from '../../../../src/train/corpora/asvspoof-2019-la.ts';
import {
  asvspoof2021DfLoader,
  asvspoof2021LaLoader,
} from '../../../../src/train/corpora/asvspoof-2021.ts';
import { asvspoof5Loader } from '../../../../src/train/corpora/asvspoof5.ts';
import { CorpusError } from '../../../../src/train/corpora/clip.ts';
import { collecting, corpusFolder, empty, facts } from './corpus-folder.ts';

const PROTOCOL_2019 = 'LA/ASVspoof2019_LA_cm_protocols/ASVspoof2019.LA.cm.dev.trl.txt';
const REAL_2019 = 'LA_0069 LA_D_1047731 - - bonafide';
const FAKE_2019 = 'LA_0069 LA_D_1105538 - A06 spoof';
const AUDIO_2019 = ['LA_D_1047731', 'LA_D_1105538'].map(
  (trial) => `LA/ASVspoof2019_LA_dev/flac/${trial}.flac`,
);

describe('ASVspoof 2019 LA', () => {
  const folderOf = (...lines: readonly string[]) =>
    corpusFolder({ [PROTOCOL_2019]: lines, ...empty(...AUDIO_2019) });

  it('reads a protocol, and warns of counts that are not the published ones', () => {
    const options = collecting();
    const clips = asvspoof2019LaLoader.read(folderOf(REAL_2019, FAKE_2019), options);
    expect(facts(clips)).toEqual([
      'LA_D_1047731.flac bonafide human LA_0069',
      'LA_D_1105538.flac spoof A06 LA_0069',
    ]);
    expect(clips[0]).toMatchObject({ split: 'dev', language: 'en', sourceRateHz: 16_000 });
    expect(options.lines).toEqual([
      'ASVspoof 2019 LA dev: expected 2548 bonafide rows as published, got 1',
      'ASVspoof 2019 LA dev: expected 22296 spoof rows as published, got 1',
    ]);
  });

  it.each([
    {
      what: 'a column too few',
      line: 'LA_0069 LA_D_1105538 A06 spoof',
      says: /line 2: expected 5/,
    },
    { what: 'an unknown key', line: FAKE_2019.replace('spoof', 'maybe'), says: /line 2: unknown/ },
  ])('refuses $what', ({ line, says }) => {
    const folder = folderOf(REAL_2019, line);
    expect(() => asvspoof2019LaLoader.read(folder, collecting())).toThrow(CorpusError);
    expect(() => asvspoof2019LaLoader.read(folder, collecting())).toThrow(says);
  });

  it('says so when a folder holds none of it', () => {
    const folder = corpusFolder(empty('real/a.wav'));
    expect(() => asvspoof2019LaLoader.read(folder, collecting())).toThrow(
      `${folder} has no protocols of ASVspoof 2019 LA`,
    );
  });

  it('refuses other counts when strict', () => {
    const folder = folderOf(REAL_2019, FAKE_2019);
    expect(() => asvspoof2019LaLoader.read(folder, collecting(true))).toThrow(/expected 2548/);
  });

  it('leaves out clips without audio, and refuses when there is none', () => {
    const options = collecting();
    const other = FAKE_2019.replace('1105538', '9999999');
    expect(asvspoof2019LaLoader.read(folderOf(REAL_2019, other), options)).toHaveLength(1);
    expect(options.lines.at(-1)).toMatch(/1 of 2 clips have no audio file.*LA_D_9999999\.flac/);
    expect(() => asvspoof2019LaLoader.read(folderOf(other), collecting())).toThrow(/1 of 1 clips/);
  });
});

describe('ASVspoof 2021', () => {
  it('LA: takes the subset eval with its codecs', () => {
    const folder = corpusFolder({
      'keys/LA/CM/trial_metadata.txt': [
        'LA_0009 LA_E_9332881 alaw ita_tx A07 spoof notrim eval',
        'LA_0020 LA_E_1000001 none loc_tx - bonafide notrim progress',
        'LA_0021 LA_E_1000002 gsm sin_tx bonafide bonafide notrim eval',
      ],
      ...empty(
        'ASVspoof2021_LA_eval/flac/LA_E_9332881.flac',
        'ASVspoof2021_LA_eval/flac/LA_E_1000002.flac',
      ),
    });
    const clips = asvspoof2021LaLoader.read(folder, collecting());
    expect(facts(clips)).toEqual([
      'LA_E_9332881.flac spoof A07 LA_0009',
      'LA_E_1000002.flac bonafide human LA_0021',
    ]);
    expect(clips.map(({ codec, split }) => [codec, split])).toEqual([
      ['alaw', 'eval'],
      ['gsm', 'eval'],
    ]);
  });

  it('DF: knows source, gender and language, and finds audio in its parts', () => {
    const folder = corpusFolder({
      'keys/DF/CM/trial_metadata.txt': [
        'LA_0023 DF_E_2000011 nocodec asvspoof A14 spoof notrim progress traditional_vocoder - - - -',
        'LA_0023 DF_E_2000012 low_mp3 asvspoof A14 spoof notrim eval traditional_vocoder - - - -',
        'TEF1 DF_E_2000013 high_ogg vcc2020 Task2-team20 spoof notrim eval unknown Task2 team20 FF G',
        'TEF2 DF_E_2000014 high_ogg vcc2020 - bonafide notrim eval bonafide - - MF E',
      ],
      ...empty(
        'part00/ASVspoof2021_DF_eval/flac/DF_E_2000012.flac',
        'part01/ASVspoof2021_DF_eval/flac/DF_E_2000013.flac',
        'part01/ASVspoof2021_DF_eval/flac/DF_E_2000014.flac',
      ),
    });
    const clips = asvspoof2021DfLoader.read(folder, collecting());
    expect(clips.map(({ page, language, gender }) => [page, language, gender])).toEqual([
      ['asvspoof-2021-df/asvspoof', 'en', undefined],
      ['asvspoof-2021-df/vcc2020', 'de', 'female'],
      ['asvspoof-2021-df/vcc2020', 'en', undefined],
    ]);
  });

  it('DF: refuses the columns of LA', () => {
    const folder = corpusFolder({
      'keys/DF/CM/trial_metadata.txt': ['LA_0009 LA_E_9332881 alaw ita_tx A07 spoof notrim eval'],
    });
    expect(() => asvspoof2021DfLoader.read(folder, collecting())).toThrow(
      /line 1: expected 13 columns, got 8/,
    );
  });
});

describe('ASVspoof 5', () => {
  const lines = [
    'T_0001 T_0000000000 F - - - AC3 A05 spoof -',
    'T_0002 T_0000000001 M C05 3 T_0000000007 - bonafide bonafide -',
  ];

  it('reads ten columns with gender, codec and what was copied', () => {
    const folder = corpusFolder({
      'ASVspoof5.train.tsv': lines,
      ...empty('flac_T/T_0000000000.flac', 'flac_T/T_0000000001.flac'),
    });
    const options = collecting();
    const clips = asvspoof5Loader.read(folder, options);
    expect(facts(clips)).toEqual([
      'T_0000000000.flac spoof A05 T_0001',
      'T_0000000001.flac bonafide human T_0002',
    ]);
    expect(clips[0]).toMatchObject({ gender: 'female', codec: 'none', sentence: 'T_0000000000' });
    expect(clips[1]).toMatchObject({ gender: 'male', codec: 'C05', sentence: 'T_0000000007' });
    expect(options.lines).toEqual([
      'ASVspoof 5 train: expected 182357 total rows as published, got 2',
    ]);
  });

  it('refuses the six columns of the first phase', () => {
    const folder = corpusFolder({ 'ASVspoof5.train.tsv': ['T_1 T_2 - - A05 spoof'] });
    expect(() => asvspoof5Loader.read(folder, collecting())).toThrow(/expected 10 columns, got 6/);
  });
});
