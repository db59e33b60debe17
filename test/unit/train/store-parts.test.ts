import { expect, it } from 'vitest';
import { unpackFrames } from '../../../src/train/features.ts';
import { joinStores, selectClips, splitTakes } from '../../../src/train/store-parts.ts';
import { storeOf, TOY_FEATURES } from './toy-corpus.ts';

const first = storeOf('mulaw', [3, 0, 2], (clip) => 1 + clip);
const second = storeOf('mulaw', [1, 4], (clip) => 11 + clip);

function firstValueOf(store: typeof first, clip: number): number {
  const into = new Float32Array(TOY_FEATURES);
  unpackFrames(store, store.spans[clip]!.firstFrame, 1, into);
  return into[0]!;
}

it('joins the clips of two stores, each with its own frames', () => {
  const joined = joinStores(first, second);
  expect(joined.spans.map(({ frames }) => frames)).toEqual([3, 0, 2, 1, 4]);
  expect([0, 2, 3, 4].map((clip) => firstValueOf(joined, clip))).toEqual([1, 3, 11, 12]);
  expect(joined.voiced).toHaveLength(first.voiced.length + second.voiced.length);
});

it('selects clips in the asked order', () => {
  const selected = selectClips(joinStores(first, second), [4, 0]);
  expect(selected.spans.map(({ frames }) => frames)).toEqual([4, 3]);
  expect([0, 1].map((clip) => firstValueOf(selected, clip))).toEqual([12, 1]);
});

it('tells the first take of each channel from further ones', () => {
  const noise = storeOf('noise', [2], () => 1);
  const again = [storeOf('mulaw', [2], () => 2), storeOf('noise', [2], () => 3)];
  const { first: firsts, further } = splitTakes([first, noise, ...again]);
  expect(firsts).toEqual([first, noise]);
  expect(further).toEqual(again);
});
