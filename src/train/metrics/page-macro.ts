import { createRandom } from '../../random.ts';
import { type Interval, percentileInterval } from './bootstrap.ts';
import { equalErrorRate } from './eer.ts';
import { type PageTrial, splitScores } from './trials.ts';

const MIN_CLIPS_PER_LABEL = 5;

/** Mean EER over the pages with at least five clips of each label; NaN when there is none. */
export function pageMacroEer(trials: readonly PageTrial[]): { eer: number; pages: number } {
  const eers = pageEers(trials);
  return { eer: meanOf(eers), pages: eers.length };
}

/** 95 % percentile interval of the page-macro EER, pages resampled; NaN when there is no page. */
export function pageMacroInterval(
  trials: readonly PageTrial[],
  { seed, resamples = 1_000 }: { readonly seed: number; readonly resamples?: number },
): Interval {
  const random = createRandom(seed);
  const eers = pageEers(trials);
  if (eers.length === 0) return { low: Number.NaN, high: Number.NaN };
  const means = Array.from({ length: resamples }, () =>
    meanOf(eers.map(() => eers[random.integer(eers.length)]!)),
  );
  return percentileInterval(means);
}

function pageEers(trials: readonly PageTrial[]): number[] {
  const byPage = new Map<string, PageTrial[]>();
  for (const trial of trials) {
    const members = byPage.get(trial.page);
    if (members === undefined) byPage.set(trial.page, [trial]);
    else members.push(trial);
  }
  return [...byPage.values()].flatMap((members) => {
    const scores = splitScores(members);
    const smallest = Math.min(scores.bonafide.length, scores.spoof.length);
    return smallest < MIN_CLIPS_PER_LABEL ? [] : [equalErrorRate(scores).eer];
  });
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
