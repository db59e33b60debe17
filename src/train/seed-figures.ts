import { percentText } from './report/markup.ts';

/** Page-macro EER after 4 s of detectors that differ in their seed only; fractions. */
export interface SeedFigures {
  readonly split: string;
  readonly channel: string;
  readonly eers: readonly number[];
  readonly mean: number;
  /** Standard deviation over the seeds (n − 1); 0 for one. */
  readonly deviation: number;
}

/** Mean and standard deviation of the EERs of several seeds. */
export function spreadOf(
  eers: readonly number[],
): Pick<SeedFigures, 'eers' | 'mean' | 'deviation'> {
  const mean = eers.reduce((sum, eer) => sum + eer, 0) / eers.length;
  const squares = eers.reduce((sum, eer) => sum + (eer - mean) ** 2, 0);
  return { eers, mean, deviation: eers.length < 2 ? 0 : Math.sqrt(squares / (eers.length - 1)) };
}

/** The table of seeds, in Markdown. */
export function renderSeeds(rows: readonly SeedFigures[]): string {
  const lines = rows.map(
    ({ split, channel, eers, mean, deviation }) =>
      `| ${split} | ${channel} | ${eers.map(percentText).join(', ')} | ${percentText(mean)} | ${percentText(deviation)} |`,
  );
  return `| split | channel | page-macro EER (4 s) of each seed | mean | standard deviation |\n|---|---|---|---|---|\n${lines.join('\n')}\n`;
}
