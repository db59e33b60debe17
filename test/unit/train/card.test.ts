import { expect, it } from 'vitest';
import { planNetwork } from '../../../src/model/network.ts';
import { renderCard } from '../../../src/train/card.ts';
import type { Clip } from '../../../src/train/corpora/clip.ts';
import { networkOf } from '../../../src/train/train-run.ts';
import type { UnreadableClip } from '../../../src/train/unreadable.ts';
import { clipOf, toyRecipe } from './toy-corpus.ts';

const card = (
  clips: readonly Clip[],
  recordings = '',
  unreadable: readonly UnreadableClip[] = [],
  wentOnFrom: readonly string[] = [],
) =>
  renderCard({
    ...{
      recipe: toyRecipe({ recordings }),
      plan: planNetwork(networkOf(toyRecipe())),
      clips,
      figures: [],
      unreadable,
      wentOnFrom,
    },
    decision: { calibration: { bins: [], replicas: [] }, thresholds: [] },
  }).replaceAll('\n', ' ');

it('says that no page is in two splits where that is so', () => {
  const text = card([clipOf('bonafide', 'one'), clipOf('spoof', 'two', 'dev')]);
  expect(text).toContain('No page is in two splits. The audio is not part of this project.');
  expect(text).not.toContain('share pages');
});

it('says that splits share pages where own recordings are one page', () => {
  const text = card([clipOf('bonafide', 'mine'), clipOf('spoof', 'mine', 'dev')]);
  expect(text).toContain('The splits share pages');
  expect(text).not.toContain('No page is in two splits');
});

it('says which detectors it went on from', () => {
  const text = card([clipOf('bonafide', 'one')], '', [], ['b@2', 'a@1']);
  expect(text).toContain('It went on from b@2, before that from a@1.');
  expect(card([clipOf('bonafide', 'one')])).not.toContain('went on from');
});

it('says how many clips of each split could not be read', () => {
  const clips = [clipOf('bonafide', 'one'), clipOf('spoof', 'two', 'dev')];
  expect(card(clips)).not.toContain('cannot be read');
  const lost = [clipOf('spoof', 'a'), clipOf('spoof', 'b'), clipOf('spoof', 'c', 'val')];
  const text = card(
    clips,
    '',
    lost.map((clip) => ({ clip, reason: ': the file is empty' })),
  );
  expect(text).toContain('Clips left out because they cannot be read: 2 of train, 1 of val.');
  expect(text).not.toContain('a-spoof.wav');
});

it('says of the recordings what the recipe says, and nothing by itself', () => {
  const clips = [clipOf('bonafide', 'one'), clipOf('spoof', 'two', 'dev')];
  expect(card(clips, 'These are calls of ours.')).toContain('These are calls of ours. No page');
  expect(card(clips)).not.toMatch(/demonstrations|calls of ours/);
});
