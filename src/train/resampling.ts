import type { Random } from '../random.ts';
import { groupBy } from './group-by.ts';

/** Fewer groups cannot be resampled. */
export const LEAST_GROUPS = 8;

/** Where something comes from that is to be resampled. */
export interface Origin {
  readonly page: string;
  /** Empty or absent = unknown. */
  readonly speaker?: string | undefined;
}

/** What shares its fate, so that it is drawn as a whole. */
export type ResampledUnit = 'page' | 'speaker' | 'clip';

/** Pages; where they are few, speakers, as long as all are known and many; else single clips. */
export function resampledUnit(origins: readonly Origin[]): ResampledUnit {
  if (new Set(origins.map(({ page }) => page)).size >= LEAST_GROUPS) return 'page';
  const speakers = new Set(origins.map(({ speaker = '' }) => speaker));
  return speakers.size >= LEAST_GROUPS && !speakers.has('') ? 'speaker' : 'clip';
}

/** A clip through one channel, or a part of it. */
export interface ResampledClip extends Origin {
  readonly path: string;
  readonly isSpoof: boolean;
}

/** Groups to draw from, as many as there are; those of different classes not for each other. */
type Stratum<T> = readonly (readonly T[])[];

/** Draws clips with replacement, what shares its fate together: a clip with all of its channels. */
export class Resampler<T> {
  readonly #strata: readonly Stratum<T>[];

  constructor(items: readonly T[], originOf: (item: T) => ResampledClip) {
    const unit = resampledUnit(items.map(originOf));
    const groups = groupBy(items, (item) => {
      const { page, speaker = '', path } = originOf(item);
      return { page, speaker, clip: path }[unit];
    });
    const classesOf = (group: readonly T[]) =>
      [false, true].map((wanted) => group.some((item) => originOf(item).isSpoof === wanted)).join();
    // Pages may hold both classes or one; speakers and clips mostly have one: none may be missing.
    this.#strata = [...groupBy([...groups.values()], classesOf).values()];
  }

  draw(random: Random): T[] {
    return this.#strata.flatMap((groups) =>
      groups.flatMap(() => groups[random.integer(groups.length)]!),
    );
  }
}
