import type { Detector } from '../model/detector.ts';
import { meanLogitAfter } from './calibrate.ts';
import { type Clip, CorpusError } from './corpora/clip.ts';
import type { FeatureStore } from './features.ts';
import { hearsAs } from './prepare.ts';
import type { Recipe } from './recipe.ts';
import { scoreStore } from './score-store.ts';
import { indicesOf } from './train-run.ts';

export interface TeachOptions {
  readonly recipe: Recipe;
  readonly teachers: readonly Detector[];
  readonly clips: readonly Clip[];
  /**
   * So many of the clips are the corpus's own. Extra ones follow them and keep their labels: they
   * are there for what the teachers do not know.
   */
  readonly corpusClips: number;
  /** The clips as the teachers hear them. */
  readonly store: FeatureStore;
}

/**
 * Training targets between the labels and what several detectors think: for each clip
 * `(1 - teacherShare) · label + teacherShare · σ(mean over the teachers of the clip's mean logit)`,
 * 1 = synthetic (distillation: Hinton et al. 2015, arXiv 1503.02531). One network so learns what the
 * mean of many says, and labels that are wrong weigh less. A clip without speech, or of another split
 * than `train`, keeps its label.
 * @throws CorpusError when a teacher hears otherwise than the recipe's front end
 */
export async function teach(options: TeachOptions): Promise<Float32Array> {
  const { recipe, teachers, clips, corpusClips, store } = options;
  const indices = indicesOf(clips.slice(0, corpusClips), 'train');
  const sums = new Float64Array(clips.length);
  const places = new Map(clips.map((clip, index) => [clip, index]));
  for (const teacher of teachers) {
    const { mean, scale } = normalisationOf(teacher, recipe);
    const engine = await teacher.createEngine('onnx');
    try {
      for (const scored of await scoreStore({ engine, store, clips, indices, mean, scale })) {
        const place = places.get(scored.clip)!;
        sums[place] = sums[place]! + meanLogitAfter(scored, Number.POSITIVE_INFINITY);
      }
    } finally {
      engine.dispose();
    }
  }
  const targets = Float32Array.from(clips, ({ label }) => (label === 'spoof' ? 1 : 0));
  for (const index of indices) {
    const opinion = 1 / (1 + Math.exp(-sums[index]! / teachers.length));
    if (Number.isNaN(opinion)) continue;
    targets[index] = targets[index]! + recipe.teacherShare * (opinion - targets[index]!);
  }
  return targets;
}

function normalisationOf(teacher: Detector, recipe: Recipe) {
  const { normalisation } = teacher.manifest.frontEnd;
  if (normalisation.kind !== 'global' || !hearsAs(teacher, recipe)) {
    throw new CorpusError(`the teacher ${teacher.id} has another front end than the recipe`);
  }
  return normalisation;
}
