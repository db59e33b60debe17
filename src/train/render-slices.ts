import type { SliceComparison } from './compare.ts';
import type { DurationPoint } from './duration-curve.ts';
import { percentText } from './report/markup.ts';
import type { RunningFigures } from './running-verdicts.ts';
import type { SliceFigures } from './slices.ts';

const points = (share: number) => `${share > 0 ? '+' : ''}${percentText(share)}`;

/** The table of slices, in Markdown. */
export function renderSlices(slices: readonly SliceFigures[]): string {
  const rows = slices.map(
    (row) =>
      `| ${row.channel} | ${cellOf(row)} | ${row.bonafide} | ${row.spoof} | ${percentText(row.eer)} | ${percentText(row.eerInterval.low)} – ${percentText(row.eerInterval.high)} | ${row.auc.toFixed(3)} | ${percentText(row.falseAlertRate)} | ${percentText(row.missRate)} | ${row.resampled} |`,
  );
  return `| channel | slice | human clips | synthetic clips | EER (4 s) | 95 % interval | AUC | false alerts | misses | resampled |\n|---|---|---|---|---|---|---|---|---|---|\n${rows.join('\n')}\n`;
}

/** The table of EERs by speech heard, in Markdown. */
export function renderDurations(
  rows: readonly { readonly channel: string; readonly durations: readonly DurationPoint[] }[],
): string {
  const lines = rows.flatMap(({ channel, durations }) =>
    durations.map(
      ({ speechSeconds, eer, eerInterval, longEnough }) =>
        `| ${channel} | ${speechSeconds} s | ${percentText(eer)} | ${percentText(eerInterval.low)} – ${percentText(eerInterval.high)} | ${percentText(longEnough)} |`,
    ),
  );
  return `| channel | speech | pooled EER | 95 % interval | clips as long, % |\n|---|---|---|---|---|\n${lines.join('\n')}\n`;
}

/** The table of verdicts while clips are heard, in Markdown. */
export function renderRunning(
  rows: readonly {
    readonly figures: { readonly channel: string };
    readonly running: RunningFigures;
  }[],
): string {
  const lines = rows.map(({ figures, running }) => {
    const { detected, falselyAccused, flipsPerClip, withoutVerdict } = running;
    return `| ${figures.channel} | ${percentText(detected)} | ${timesText(running)} | ${percentText(falselyAccused)} | ${flipsPerClip.toFixed(3)} | ${percentText(withoutVerdict)} |`;
  });
  return `| channel | synthetic clips detected, % | speech until then, median / 90 % | human clips accused, % | flips a clip | without verdict at the end, % |\n|---|---|---|---|---|---|\n${lines.join('\n')}\n`;
}

/** Median and 90 % of the speech that detecting took. */
export function timesText({ speechMsToDetect }: RunningFigures): string {
  if (speechMsToDetect === null) return '–';
  const seconds = (ms: number) => (ms / 1000).toFixed(1);
  return `${seconds(speechMsToDetect.median)} / ${seconds(speechMsToDetect.p90)} s`;
}

/** The table of a comparison, in Markdown; differences are this detector minus the other. */
export function renderComparison(rows: readonly SliceComparison[]): string {
  const lines = rows.map(
    (row) =>
      `| ${row.channel} | ${cellOf(row)} | ${row.trials} | ${points(row.difference)} | ${points(row.low)} … ${points(row.high)} | ${row.verdict} |`,
  );
  return `| channel | slice | clips | difference of EERs, points | 95 % interval | this detector is |\n|---|---|---|---|---|---|\n${lines.join('\n')}\n`;
}

/** A slice's name in a table: what a corpus says of its clips moves no cursor and ends no cell. */
function cellOf(slice: Parameters<typeof nameOf>[0]): string {
  return nameOf(slice).replaceAll(/[\p{Cc}|]/gu, ' ');
}

/** A slice's name for people. */
export function nameOf({ dimension, value }: { dimension: string; value: string }): string {
  return value === '' ? dimension : `${dimension}: ${value}`;
}
