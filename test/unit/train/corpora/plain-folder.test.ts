import { expect, it } from 'vitest';
import { plainFolderLoader } from '../../../../src/train/corpora/plain-folder.ts';
import { collecting, corpusFolder, empty, facts } from './corpus-folder.ts';

it('names folders that lie deeper than a speaker or generator, as their clips are not read', () => {
  const folder = corpusFolder(
    empty('real/ann/1.wav', 'real/ann/monday/2.wav', 'real/ann/tuesday/3.wav', 'fake/4.wav'),
  );
  const options = collecting();
  expect(facts(plainFolderLoader.read(folder, options))).toEqual([
    '1.wav bonafide human ann',
    '4.wav spoof unknown ',
  ]);
  expect(options.lines).toEqual([
    `2 folders left out: below a speaker or generator nothing is read, for example ${folder}/real/ann/monday`,
  ]);
});
