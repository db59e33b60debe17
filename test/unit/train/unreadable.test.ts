import { expect, it } from 'vitest';
import { type Clip, CorpusError } from '../../../src/train/corpora/clip.ts';
import {
  leaveOut,
  requireMostReadable,
  tellUnreadable,
  unreadableIn,
} from '../../../src/train/unreadable.ts';
import { clipOf, storeOf } from './toy-corpus.ts';

/** So many clips of each label in a split. */
const clipsOf = (split: 'train' | 'val', each: number): Clip[] =>
  Array.from({ length: 2 * each }, (_, at) =>
    clipOf(at % 2 === 0 ? 'bonafide' : 'spoof', `${split}${at}`, split),
  );

const bad = (clips: readonly Clip[]) => clips.map((clip) => ({ clip, reason: ': damaged' }));

it.each([
  { each: 150, lost: 3, ends: false },
  { each: 150, lost: 4, ends: true },
  // Of a small split one clip, which is more than 1 % of it.
  { each: 10, lost: 1, ends: false },
  { each: 10, lost: 2, ends: true },
])('of $each clips a class: $lost unreadable ones end it: $ends', ({ each, lost, ends }) => {
  const clips = [...clipsOf('train', each), ...clipsOf('val', 1000)];
  const judge = () => requireMostReadable(clips, bad(clips.slice(0, lost)));
  if (!ends) return expect(judge).not.toThrow();
  expect(judge).toThrow(CorpusError);
  expect(judge).toThrow(
    `${lost} of ${2 * each} clips of the split train cannot be read, more than 1 %: train0-bonafide.wav: damaged; train1`,
  );
});

it('refuses a split that loses a whole class, however small the share', () => {
  const clips = [
    clipOf('spoof', 'only', 'val'),
    ...clipsOf('val', 100).filter((_, at) => at % 2 === 0),
  ];
  expect(() => requireMostReadable(clips, bad(clips.slice(0, 1)))).toThrow(
    'no spoof clip of the split val can be read: only-spoof.wav: damaged',
  );
});

it('names the first ten', () => {
  const line = tellUnreadable(bad(clipsOf('train', 6)), 5000)!;
  expect(line).toMatch(
    /^12 of 5000 clips cannot be read and are left out: train0-bonafide\.wav: damaged; /,
  );
  expect(line.match(/damaged/g)).toHaveLength(10);
  expect(line).toMatch(/train9-spoof\.wav: damaged; and 2 more$/);
  expect(tellUnreadable([], 5000)).toBeNull();
});

it('takes the clip out of clips and stores, and leaves whole ones as they are', () => {
  const clips = clipsOf('train', 2);
  const whole = storeOf('mulaw', [3, 4, 5, 6], (clip) => clip);
  expect(leaveOut(clips, [whole])).toEqual({ clips, stores: [whole], unreadable: [] });
  const holed = storeOf('mulaw', [3, 0, 5, 6], (clip) => clip);
  const spans = holed.spans.map((span, at) =>
    at === 1 ? { ...span, unreadable: ': damaged' } : span,
  );
  const store = { ...holed, spans };
  expect(unreadableIn(clips, store)).toEqual(bad([clips[1]!]));
  const left = leaveOut(clips, [store]);
  expect(left.clips).toEqual([clips[0], clips[2], clips[3]]);
  expect(left.stores[0]!.spans.map(({ frames }) => frames)).toEqual([3, 5, 6]);
});
