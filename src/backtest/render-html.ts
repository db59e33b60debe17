import { STYLE } from '../train/report/evaluation-report.ts';
import { renderLineChart, type Series } from '../train/report/line-chart.ts';
import { escapeMarkup, htmlTable, percentText } from '../train/report/markup.ts';
import type { AlertSliceFigures, Rate } from './alert-figures.ts';
import type { AlertTrial } from './alert-trials.ts';
import type { BacktestResult, Variant } from './backtest-result.ts';
import { COMPARISON_HEAD, comparisonCells, FIGURE_HEAD, figureCells } from './render-text.ts';

/** More values do not fit under an axis. */
const MOST_VALUES = 8;
const LONGEST_LABEL = 11;
const percent = (share: number) => `${percentText(share)} %`;

/** A result as one HTML file that needs nothing else: no script, no font, no image from elsewhere. */
export function renderBacktestHtml(result: BacktestResult, trials: readonly AlertTrial[]): string {
  const title = `Back-test of ${result.archive}`;
  const { human, synthetic, unlabelled } = result.recordings;
  const variants = result.variants.map(
    ({ name, policyFile, detectors }) =>
      `<li>${escapeMarkup(`${name}: policies ${policyFile}, detectors ${detectors.join(', ')}`)}</li>`,
  );
  const charts = [...timeCharts(result, trials), ...sliceCharts(result)];
  const figures = result.figures.map((row) => figureCells(row, result));
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeMarkup(title)}</title><style>${STYLE}</style></head><body>
<h1>${escapeMarkup(title)}</h1>
<p>${human} human, ${synthetic} synthetic, ${unlabelled} unlabelled calls. Intervals are 95 %.</p>
<ul>${variants.join('\n')}</ul>
<div class="charts">${charts.join('\n')}</div>
<h2>Figures</h2>
<div class="scroll">${htmlTable(FIGURE_HEAD, figures)}</div>
${comparisonSection(result)}
${lostSection(result)}
</body></html>
`;
}

function comparisonSection(result: BacktestResult): string {
  if (result.comparison.length === 0) return '';
  const rows = result.comparison.map((row) => comparisonCells(row, result));
  return `<h2>Against ${escapeMarkup(result.variants[0]!.name)}</h2>
<p>Paired bootstrap on the same calls; each row is tested by itself.</p>
<div class="scroll">${htmlTable(COMPARISON_HEAD, rows)}</div>`;
}

function lostSection({ lost }: BacktestResult): string {
  if (lost.length === 0) return '';
  const rows = lost.map(({ name, kind, reason }) => [name, kind, reason]);
  return `<h2>Not replayed</h2>\n<div class="scroll">${htmlTable(['recording', '', 'why'], rows)}</div>`;
}

const CLASSES = [
  ['synthetic', 'Synthetic calls with an alert by then'],
  ['human', 'Human calls with a (false) alert by then'],
  [null, 'Calls with an alert by then'],
] as const;

function timeCharts({ variants }: BacktestResult, trials: readonly AlertTrial[]): string[] {
  return CLASSES.flatMap(([label, title]) => {
    const members = trials.filter(({ recording }) => recording.label === label);
    if (members.length === 0) return [];
    const series = variants.map(({ name }, variant) => ({
      name,
      points: alertedBy(members, variant),
    }));
    const points = series.flatMap((one) => one.points);
    const most = Math.max(...points.map(([, share]) => share));
    return renderLineChart({
      title,
      x: { label: 'seconds of call', domain: [0, Math.max(...points.map(([at]) => at), 1)] },
      y: { label: 'share of calls', domain: [0, most > 0 ? most : 0.01], format: percent },
      series,
    });
  });
}

/** Steps of the share of calls that had their first alert by a time. */
function alertedBy(trials: readonly AlertTrial[], variant: number): [number, number][] {
  const times = trials
    .flatMap(({ verdicts }) => verdicts[variant]!.firstAlertMs ?? [])
    .sort((a, b) => a - b);
  return [
    [0, 0],
    ...times.map((timeMs, index): [number, number] => [
      timeMs / 1_000,
      (index + 1) / trials.length,
    ]),
  ];
}

const PICTURES = [
  ['missed', 'Synthetic calls missed', ({ missed }: AlertSliceFigures) => missed],
  ['falseAlerts', 'Human calls alerted on', ({ falseAlerts }: AlertSliceFigures) => falseAlerts],
] as const;

/** Misses and false alerts (alerts, where nobody told) of the values of each dimension, side by side. */
function sliceCharts({ figures, variants }: BacktestResult): string[] {
  const dimensions = [...new Set(figures.map(({ dimension }) => dimension))];
  return dimensions.flatMap((dimension) => {
    const rows = figures.filter((row) => row.dimension === dimension);
    return PICTURES.flatMap(([, title, pick]) => {
      const told = rows.filter((row) => pick(row) !== null);
      const values = [...new Set(told.map(({ value }) => value))].slice(0, MOST_VALUES);
      if (values.length === 0) return [];
      const name = dimension === 'all' ? title : `${title}, by ${dimension}`;
      return dotChart(name, values, seriesOf(told, { values, variants, pick }));
    });
  });
}

function seriesOf(
  rows: readonly AlertSliceFigures[],
  options: {
    readonly values: readonly string[];
    readonly variants: readonly Variant[];
    readonly pick: (row: AlertSliceFigures) => Rate | null;
  },
): Series[] {
  const { values, variants, pick } = options;
  return variants.map(({ name }, variant) => {
    const shift = (variant - (variants.length - 1) / 2) * 0.14;
    const places = values.flatMap((value, index) => {
      const row = rows.find((one) => one.variant === variant && one.value === value);
      const rate = row === undefined ? null : pick(row);
      return rate === null ? [] : [{ at: index + shift, rate }];
    });
    return {
      name,
      style: 'points',
      points: places.map(({ at, rate }) => [at, rate.share] as const),
      bars: places.map(({ rate }) => [rate.low, rate.high] as const),
    };
  });
}

function dotChart(title: string, values: readonly string[], series: readonly Series[]): string {
  const highs = series.flatMap(({ bars }) => (bars ?? []).map(([, high]) => high));
  const short = (text: string) =>
    text.length > LONGEST_LABEL ? `${text.slice(0, LONGEST_LABEL - 1)}…` : text;
  return renderLineChart({
    title,
    x: {
      label: '',
      domain: [-0.5, values.length - 0.5],
      ticks: values.map((_, index) => index),
      format: (index) => short(values[index] ?? '') || 'all',
    },
    y: { label: 'share of calls', domain: [0, Math.max(...highs, 0.01)], format: percent },
    series,
  });
}
