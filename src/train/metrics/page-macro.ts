import { createRandom } from '../../random.ts';
import { groupBy } from '../group-by.ts';
import { resampledUnit } from '../resampling.ts';
import {
  type BootstrapOptions,
  bootstrapEer,
  type Interval,
  percentileInterval,
  resample,
} from './bootstrap.ts';
import { eerOrNaN } from './eer.ts';
import { type PageTrial, splitScores, type TrialScores } from './trials.ts';

const MIN_CLIPS_PER_LABEL = 5;

/** Mean EER over the pages with at least five clips of each label; NaN when there is none. */
export function pageMacroEer(trials: readonly PageTrial[]): { eer: number; pages: number } {
  const eers = pageEers(trials);
  return { eer: meanOf(eers), pages: eers.length };
}

/**
 * 95 % percentile interval of the page-macro EER; NaN when there is no page. Pages are resampled, or
 * where there are few, the speakers or the clips of each class in them.
 */
export function pageMacroInterval(
  trials: readonly PageTrial[],
  { seed, resamples = 1_000 }: { readonly seed: number; readonly resamples?: number },
): Interval {
  const pages = largePages(trials);
  if (pages.length === 0) return { low: Number.NaN, high: Number.NaN };
  const unit = resampledUnit(pages.flat());
  if (unit !== 'page') {
    const by = unit === 'speaker' ? 'group' : 'clip';
    return intervalWithinPages(pages, { by, seed, resamples });
  }
  const random = createRandom(seed);
  const eers = pages.map((members) => eerOrNaN(splitScores(members)));
  const means = Array.from({ length: resamples }, () =>
    meanOf(eers.map(() => eers[random.integer(eers.length)]!)),
  );
  return percentileInterval(means);
}

function intervalWithinPages(
  pages: readonly (readonly PageTrial[])[],
  options: BootstrapOptions,
): Interval {
  const grouped = (trial: PageTrial) => ({ ...trial, group: trial.speaker ?? '' });
  // The mean over one page is its EER, which has a faster way: most public corpora are one page.
  if (pages.length === 1) return bootstrapEer(pages[0]!.map(grouped), options);
  // In order, so that sorting a resample is a merge.
  const sorted = pages.map((members) => [...members].sort((a, b) => a.score - b.score));
  const statistic = (counts: Uint32Array): number => {
    let first = 0;
    const eers = sorted.map((members) => {
      const end = first + members.length;
      // A page of a resample may lack a class.
      const eer = eerOrNaN(drawnScores(members, counts.subarray(first, end)));
      first = end;
      return eer;
    });
    return meanOf(eers.filter((eer) => !Number.isNaN(eer)));
  };
  return percentileInterval(resample(sorted.flat().map(grouped), options, statistic));
}

/** Scores of a page in a resample that has each of its trials so many times. */
function drawnScores(trials: readonly PageTrial[], counts: Uint32Array): TrialScores {
  const scores = { bonafide: [] as number[], spoof: [] as number[] };
  for (const [at, { isSpoof, score }] of trials.entries()) {
    const members = scores[isSpoof ? 'spoof' : 'bonafide'];
    for (let copy = counts[at]!; copy > 0; copy--) members.push(score);
  }
  return scores;
}

function pageEers(trials: readonly PageTrial[]): number[] {
  return largePages(trials).map((members) => eerOrNaN(splitScores(members)));
}

/** Trials of the pages with at least five clips of each label. */
function largePages(trials: readonly PageTrial[]): PageTrial[][] {
  return [...groupBy(trials, ({ page }) => page).values()].filter((members) => {
    const { bonafide, spoof } = splitScores(members);
    return Math.min(bonafide.length, spoof.length) >= MIN_CLIPS_PER_LABEL;
  });
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
