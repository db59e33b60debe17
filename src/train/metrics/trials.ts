import { CorpusError } from '../corpora/clip.ts';

/** Scores of one set of trials; higher = more bona fide. */
export interface TrialScores {
  readonly bonafide: readonly number[];
  readonly spoof: readonly number[];
}

/** A trial with the page (publisher) it comes from. */
export interface PageTrial {
  readonly page: string;
  /** Empty or absent = unknown. */
  readonly speaker?: string;
  readonly isSpoof: boolean;
  /** Higher = more bona fide. */
  readonly score: number;
}

/** Scores split by class. */
export function splitScores(
  trials: readonly { readonly isSpoof: boolean; readonly score: number }[],
): { bonafide: number[]; spoof: number[] } {
  const scores = { bonafide: [] as number[], spoof: [] as number[] };
  for (const { isSpoof, score } of trials) scores[isSpoof ? 'spoof' : 'bonafide'].push(score);
  return scores;
}

/** @throws CorpusError when a class has no trial; RangeError when a score is not a number */
export function requireBothClasses({ bonafide, spoof }: TrialScores): void {
  if (bonafide.length === 0 || spoof.length === 0) {
    throw new CorpusError(
      `both classes are needed, got ${bonafide.length} bona fide and ${spoof.length} spoof`,
    );
  }
  for (const score of [...bonafide, ...spoof]) {
    if (Number.isNaN(score)) throw new RangeError('scores must be numbers, got NaN');
  }
}
