import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CorpusLoader } from '../../../../src/train/corpora/clip.ts';
import { fakeOrRealLoader } from '../../../../src/train/corpora/fake-or-real.ts';
import { inTheWildLoader } from '../../../../src/train/corpora/in-the-wild.ts';
import { mlaadLoader } from '../../../../src/train/corpora/mlaad.ts';
import { plainFolderLoader } from '../../../../src/train/corpora/plain-folder.ts';
import { waveFakeLoader } from '../../../../src/train/corpora/wavefake.ts';
import { collecting, corpusFolder, empty, facts } from './corpus-folder.ts';

describe('In-the-Wild', () => {
  it('reads meta.csv, commas within quotes included', () => {
    const folder = corpusFolder({
      'release_in_the_wild/meta.csv': [
        'file,speaker,label',
        '0.wav,Alan Watts,spoof',
        '1.wav,"King, Jr.",bona-fide',
      ],
      ...empty('release_in_the_wild/0.wav', 'release_in_the_wild/1.wav'),
    });
    const options = collecting();
    expect(facts(inTheWildLoader.read(folder, options))).toEqual([
      '0.wav spoof unknown Alan Watts',
      '1.wav bonafide human King, Jr.',
    ]);
    expect(options.lines[0]).toBe('In-the-Wild: expected 19963 bonafide rows as published, got 1');
  });

  describe('sorted anew into folders', () => {
    const rows = ['file,speaker,label', '0.wav,a,spoof', '1.wav,b,bona-fide'];

    it('finds the audio one folder below', () => {
      const folder = corpusFolder({ 'meta.csv': rows, ...empty('fake/0.wav', 'real/1.wav') });
      const options = collecting();
      const clips = inTheWildLoader.read(folder, options);
      expect(clips.map(({ path, label }) => [relative(folder, path), label])).toEqual([
        ['fake/0.wav', 'spoof'],
        ['real/1.wav', 'bonafide'],
      ]);
      expect(options.lines.filter((line) => line.includes('no audio'))).toEqual([]);
    });

    it('takes what lies beside meta.csv before what lies below, and tells what is missing', () => {
      const folder = corpusFolder({ 'meta.csv': rows, ...empty('0.wav', 'real/0.wav') });
      const options = collecting();
      const clips = inTheWildLoader.read(folder, options);
      expect(clips.map(({ path }) => relative(folder, path))).toEqual(['0.wav']);
      expect(options.lines.at(-1)).toContain('1 of 2 clips have no audio file');
    });

    it('refuses files that were numbered anew: their labels would be wrong', () => {
      const files = empty('fake/1.wav', 'real/0.wav');
      const folder = corpusFolder({ 'meta.csv': rows, ...files });
      expect(() => inTheWildLoader.read(folder, collecting())).toThrow(
        `line 2: 0.wav is spoof, but lies in ${join(folder, 'real')}`,
      );
      const both = corpusFolder({ 'meta.csv': rows, ...files, ...empty('fake/0.wav') });
      expect(() => inTheWildLoader.read(both, collecting())).toThrow(
        `line 2: 0.wav may be ${join(both, 'fake', '0.wav')} or ${join(both, 'real', '0.wav')}`,
      );
    });
  });

  it('refuses an unknown label with file and line', () => {
    const folder = corpusFolder({ 'meta.csv': ['file,speaker,label', '0.wav,a,deepfake'] });
    expect(() => inTheWildLoader.read(folder, collecting())).toThrow(
      /meta\.csv, line 2: unknown label "deepfake"/,
    );
  });
});

describe('Fake-or-Real', () => {
  const tree = (root: string) =>
    empty(
      `${root}/training/real/a.wav`,
      `${root}/training/fake/b.wav`,
      `${root}/testing/fake/c.wav`,
      `${root}/testing/fake/Thumbs.db`,
    );

  it.each(['for-norm', 'for-norm/for-norm', 'for-2sec/for-2seconds', 'for-rerec/for-rerecorded'])(
    'reads %s',
    (root) => {
      const clips = fakeOrRealLoader.read(corpusFolder(tree(root)), collecting());
      expect(clips.map(({ path, label, split }) => [path.at(-5), label, split])).toEqual([
        ['a', 'bonafide', 'train'],
        ['b', 'spoof', 'train'],
        ['c', 'spoof', 'eval'],
      ]);
    },
  );

  it('knows a variant by its folder, however that is written', () => {
    const folder = join(corpusFolder(tree('for-norm')), 'for-norm');
    for (const path of [folder, `${folder}/`]) {
      const options = collecting();
      expect(fakeOrRealLoader.read(path, options)[0]).toMatchObject({ sourceRateHz: 16_000 });
      expect(options.lines[0]).toContain('for-norm');
    }
  });

  it('warns that classes of for-norm differ in duration', () => {
    const options = collecting();
    fakeOrRealLoader.read(corpusFolder(tree('for-norm')), options);
    expect(options.lines[0]).toMatch(/2\.59 s and fake ones 1\.67 s/);
    expect(options.lines[1]).toBe('1 files left out because of their ending: .db');
  });
});

describe('folders that a loader does not know are told', () => {
  const told = (loader: CorpusLoader, files: Record<string, readonly string[] | null>) => {
    const folder = corpusFolder(files);
    const options = collecting();
    loader.read(folder, options);
    return options.lines.map((line) => line.replace(`${folder}/`, ''));
  };

  it('of WaveFake: vocoders of other names, parts of JSUT without wav, deeper ones', () => {
    const lines = told(
      waveFakeLoader,
      empty(
        ...[
          'generated_audio/ljspeech_melgan/a_gen.wav',
          'generated_audio/ljspeech_melgan/more/b.wav',
        ],
        ...['generated_audio/libritts_bigvgan/c.wav', 'jsut/basic5000/d.wav'],
      ),
    );
    expect(lines).toEqual([
      '1 folders left out: WaveFake has no vocoder of such a name, for example generated_audio/libritts_bigvgan',
      '1 folders left out: below a vocoder or speaker nothing is read, for example generated_audio/ljspeech_melgan/more',
      '1 folders left out: a part of JSUT has its audio in wav, for example jsut/basic5000',
    ]);
  });

  it('of WaveFake: not the originals where they lie beside the vocoders', () => {
    const files = ['ljspeech_melgan/a_gen.wav', 'LJSpeech-1.1/wavs/a.wav', 'jsut/basic/wav/b.wav'];
    expect(told(waveFakeLoader, empty(...files))).toEqual([]);
  });

  it('of Fake-or-Real: other variants, parts, classes and deeper ones', () => {
    const lines = told(
      fakeOrRealLoader,
      empty(
        ...['for-2sec/training/real/a.wav', 'for-2sec/training/fake/deep/b.wav'],
        ...['for-2sec/train/real/c.wav', 'for-2sec/testing/synthetic/d.wav', 'for-5sec/e.wav'],
      ),
    );
    expect(lines).toEqual([
      '1 folders left out: below real and fake nothing is read, for example for-2sec/training/fake/deep',
      '3 folders left out: Fake-or-Real has none of such a name, for example for-5sec',
    ]);
  });

  it('of MLAAD: models without a table, and originals without audio', () => {
    const header =
      'path|original_file|language|is_original_language|duration|training_data|model_name|architecture|transcript';
    const row = './fake/en/vits/a.wav|en_US/x/a.wav|en|True|3.2|l|vits|vits|text';
    const lines = told(mlaadLoader, {
      'fake/en/vits/meta.csv': [header, row],
      ...empty('fake/en/vits/a.wav', 'fake/en/bark/b.wav'),
    });
    expect(lines).toEqual([
      '1 folders left out: a model of MLAAD has a meta.csv, for example fake/en/bark',
      '1 of 1 originals have no audio file, for example real/en_US/x/a.wav',
    ]);
  });

  it('of a plain folder: what is neither class', () => {
    const lines = told(plainFolderLoader, empty('real/a.wav', 'fake/b.wav', 'synthetic/c.wav'));
    expect(lines).toEqual([
      '1 folders left out: beside real and fake (or bonafide and spoof) nothing is read, for example synthetic',
    ]);
  });
});

describe('WaveFake', () => {
  it('reads vocoders by folder and the originals beside them', () => {
    const folder = corpusFolder(
      empty(
        'generated_audio/ljspeech_hifiGAN/LJ001-0001_generated.wav',
        'generated_audio/ljspeech_waveglow/LJ001-0001.wav',
        'generated_audio/jsut_parallel_wavegan/BASIC5000_0001_gen.wav',
        'generated_audio/common_voices_prompts_from_conformer_fastspeech2_pwg_ljspeech/gen_0.wav',
        'LJSpeech-1.1/wavs/LJ001-0001.wav',
        'LJSpeech-1.1/wavs/LJ001-0002.m4a',
      ),
    );
    const options = collecting();
    const clips = waveFakeLoader.read(folder, options);
    expect(options.lines).toEqual(['1 files left out because of their ending: .m4a']);
    expect(clips.map(({ system, speaker, sentence }) => [system, speaker, sentence])).toEqual([
      ['from_conformer_fastspeech2_pwg_ljspeech', 'ljspeech', 'prompt gen_0'],
      ['parallel_wavegan', 'jsut', 'BASIC5000_0001'],
      ['hifiGAN', 'ljspeech', 'LJ001-0001'],
      ['waveglow', 'ljspeech', 'LJ001-0001'],
      ['human', 'ljspeech', 'LJ001-0001'],
    ]);
    expect(clips.map(({ sourceRateHz }) => sourceRateHz).slice(0, 3)).toEqual([
      22_050, 24_000, 22_050,
    ]);
  });
});

describe('MLAAD', () => {
  const header =
    'path|original_file|language|is_original_language|duration|training_data|model_name|architecture|transcript';
  const original = 'en_US/by_book/female/judy_bieber/ozma_of_oz/wavs/ozma_01_f000001.wav';
  const row = `./fake/en/vits/ozma.wav|${original}|en|True|3.2|ljspeech|vits|vits|"Well" he said, 5" high`;

  it('reads unquoted tables, the reader as the speaker, and originals where they are', () => {
    const folder = corpusFolder({
      'fake/en/vits/meta.csv': [header, row],
      ...empty('fake/en/vits/ozma.wav', `real/${original}`),
    });
    const clips = mlaadLoader.read(folder, collecting());
    expect(facts(clips)).toEqual([
      'ozma.wav spoof vits judy_bieber',
      'ozma_01_f000001.wav bonafide human judy_bieber',
    ]);
    expect(clips[0]).toMatchObject({
      language: 'en',
      seconds: 3.2,
      gender: 'female',
      page: 'm-ailabs/en_US/judy_bieber',
    });
    expect(clips[0]!.sentence).toBe(clips[1]!.sentence);
  });

  it('knows the language of an original whose path begins with a dot', () => {
    const folder = corpusFolder({
      'fake/en/vits/meta.csv': [header, row.replace(original, `./${original}`)],
      ...empty('fake/en/vits/ozma.wav', `real/${original}`),
    });
    const languages = mlaadLoader.read(folder, collecting()).map(({ language }) => language);
    expect(languages).toEqual(['en', 'en']);
  });

  it('reads the newer column, and refuses a row of another width', () => {
    const files = (line: string) => ({
      'fake/en/vits/meta.csv': [`${header}|reference_speaker`, line],
      ...empty('fake/en/vits/ozma.wav'),
    });
    expect(mlaadLoader.read(corpusFolder(files(`${row}|bob`)), collecting())).toHaveLength(1);
    expect(() => mlaadLoader.read(corpusFolder(files(row)), collecting())).toThrow(
      /line 2: expected 10 columns, got 9/,
    );
  });
});
