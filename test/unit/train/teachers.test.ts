import { describe, expect, it } from 'vitest';
import type { Detector } from '../../../src/model/detector.ts';
import { CorpusError } from '../../../src/train/corpora/clip.ts';
import { frontEndOf } from '../../../src/train/prepare.ts';
import { teach } from '../../../src/train/teachers.ts';
import { clipOf, storeOf, TOY_FEATURES, toyRecipe } from './toy-corpus.ts';

const clips = [
  clipOf('bonafide', 'a'),
  clipOf('spoof', 'a'),
  clipOf('spoof', 'b'),
  clipOf('bonafide', 'c', 'dev'),
  clipOf('spoof', 'a'),
];
/** The last one is an extra clip. */
const corpusClips = 4;
const signature = { framesPerStep: 4, featureCount: TOY_FEATURES, stateSize: 1, outputsPerStep: 1 };
// Frames of clip i hold i + 1; the third is too short for a step.
const store = storeOf('mulaw', [8, 8, 3, 8, 8], (clip) => clip + 1);

/** Says of every step what its first feature says, times `gain`. */
function teacherOf(gain: number, changes: object = {}) {
  const disposed: true[] = [];
  const normalisation = {
    kind: 'global',
    mean: new Array<number>(TOY_FEATURES).fill(2),
    scale: new Array<number>(TOY_FEATURES).fill(1),
  };
  const frontEnd = { ...frontEndOf(toyRecipe()), normalisation, ...changes };
  const teacher = {
    id: `teacher@${gain}`,
    manifest: { frontEnd },
    createEngine: async () => ({
      signature,
      async run(batch: { rows: number; features: Float32Array; logits: Float32Array }) {
        for (let row = 0; row < batch.rows; row++) {
          batch.logits[row] = gain * batch.features[row * 4 * TOY_FEATURES]!;
        }
      },
      dispose: () => disposed.push(true),
    }),
  };
  return { teacher: teacher as unknown as Detector, disposed };
}

const targetsOf = (teacherShare: number, teachers: readonly Detector[]) =>
  teach({
    recipe: toyRecipe({ teacherShare }),
    ...{ teachers, clips, corpusClips, store },
  });
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

describe('teach', () => {
  it('goes from the label towards the mean of the teachers, for the clips to train on', async () => {
    const [weak, strong] = [teacherOf(1), teacherOf(3)];
    const targets = await targetsOf(0.75, [weak.teacher, strong.teacher]);
    // Normalised features are −1 and 0, so the mean logits are −2 and 0.
    expect(targets[0]).toBeCloseTo(0.75 * sigmoid(-2), 6);
    expect(targets[1]).toBeCloseTo(0.25 + 0.75 * sigmoid(0), 6);
    expect([weak.disposed.length, strong.disposed.length]).toEqual([1, 1]);
  });

  it('leaves the label to clips that no teacher heard and to those not trained on', async () => {
    const targets = await targetsOf(1, [teacherOf(1).teacher]);
    expect([targets[2], targets[3]]).toEqual([1, 0]);
  });

  it('leaves the label to extra clips, which the teachers could have heard', async () => {
    const { teacher } = teacherOf(1);
    expect((await targetsOf(1, [teacher]))[4]).toBe(1);
    const asItsOwn = teach({
      recipe: toyRecipe({ teacherShare: 1 }),
      ...{ teachers: [teacher], clips, corpusClips: 5, store },
    });
    expect((await asItsOwn)[4]).toBeCloseTo(sigmoid(3), 6);
  });

  it.each([
    ['another rate', { sampleRateHz: 16_000 }],
    ['no global normalisation', { normalisation: { kind: 'none' } }],
  ])('refuses a teacher with %s', async (_name, changes) => {
    const { teacher } = teacherOf(1, changes);
    const refused = targetsOf(1, [teacher]);
    await expect(refused).rejects.toThrow(CorpusError);
    await expect(refused).rejects.toThrow('teacher@1 has another front end');
  });
});
