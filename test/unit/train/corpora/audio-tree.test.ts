import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { audioFilesIn, foldersIn } from '../../../../src/train/corpora/audio-tree.ts';
import { plainFolderLoader } from '../../../../src/train/corpora/plain-folder.ts';
import { collecting, corpusFolder, empty, facts } from './corpus-folder.ts';

/** All folders at or below one. */
function walk(folder: string): string[] {
  return [folder, ...foldersIn(folder).flatMap((name) => walk(join(folder, name)))];
}

describe('links', () => {
  it('to folders and files are what they lead to', () => {
    const store = corpusFolder(empty('vits/a.wav', 'b.wav'));
    const folder = corpusFolder(empty('real/ann/c.wav'));
    symlinkSync(store, join(folder, 'fake'));
    symlinkSync(join(store, 'vits'), join(folder, 'real', 'bob'));
    symlinkSync(join(store, 'b.wav'), join(folder, 'real', 'd.wav'));
    // A folder by another name than folders have.
    symlinkSync(join(store, 'vits'), join(folder, 'real', 'e.wav'));
    expect(foldersIn(join(folder, 'real'))).toEqual(['ann', 'bob', 'e.wav']);
    expect(audioFilesIn(join(folder, 'real'))).toEqual([join(folder, 'real', 'd.wav')]);
    expect(facts(plainFolderLoader.read(folder, collecting()))).toEqual([
      'd.wav bonafide human ',
      'c.wav bonafide human ann',
      'a.wav bonafide human bob',
      'a.wav bonafide human e.wav',
      'b.wav spoof unknown ',
      'a.wav spoof vits ',
    ]);
  });

  it('that lead back, in one step or two, or nowhere, are no folders', () => {
    const folder = corpusFolder(empty('one/a.wav', 'two/b.wav'));
    symlinkSync(folder, join(folder, 'one', 'top'));
    symlinkSync('.', join(folder, 'one', 'here'));
    symlinkSync('itself', join(folder, 'one', 'itself'));
    symlinkSync('nowhere', join(folder, 'one', 'broken'));
    symlinkSync('../two', join(folder, 'one', 'other'));
    symlinkSync('../one', join(folder, 'two', 'other'));
    expect(walk(folder).map((path) => path.slice(folder.length))).toEqual([
      '',
      '/one',
      '/one/other',
      '/two',
      '/two/other',
    ]);
  });
});

describe('files that are no audio by their ending', () => {
  it('are warned of in one line with number and endings', () => {
    const folder = corpusFolder(
      empty('real/a.wav', 'real/ann/b.M4A', 'fake/c.amr', 'fake/d.m4a', 'fake/README', 'fake/.x'),
    );
    const options = collecting();
    expect(plainFolderLoader.read(folder, options)).toHaveLength(1);
    expect(options.lines).toEqual(['4 files left out because of their ending: .amr, .m4a, none']);
  });

  it('are not mentioned where there are none', () => {
    const options = collecting();
    plainFolderLoader.read(corpusFolder(empty('real/a.wav', 'fake/b.OGG')), options);
    expect(options.lines).toEqual([]);
  });
});
