import { nameOf } from '../train/render-slices.ts';
import { percentText } from '../train/report/markup.ts';
import type { AlertComparison, AlertSliceFigures, Measure, Rate } from './alert-figures.ts';
import type { BacktestResult } from './backtest-result.ts';

export const FIGURE_HEAD = [
  'variant',
  'slice',
  'calls',
  'alerts per 1,000 calls',
  '95 % interval',
  'missed, %',
  '95 % interval',
  'false alerts, %',
  '95 % interval',
  'time to alert: median / 90 %',
  'no verdict',
] as const;
export const COMPARISON_HEAD = [
  'variant',
  'slice',
  'measure',
  'calls',
  'difference',
  '95 % interval',
  'it is',
] as const;

const MEASURES: Readonly<Record<Measure, string>> = {
  missed: 'missed, points',
  falseAlerts: 'false alerts, points',
  timeToAlert: 'time to alert, s',
  alerts: 'alerts per 1,000 calls',
};

/** A row of the table of figures. */
export function figureCells(row: AlertSliceFigures, { variants }: BacktestResult): string[] {
  const { value, low, high } = row.alertsPerThousand;
  const time = row.timeToAlert;
  return [
    variants[row.variant]!.name,
    nameOf(row),
    String(row.calls),
    value.toFixed(1),
    `${low.toFixed(1)} – ${high.toFixed(1)}`,
    ...rateCells(row.missed),
    ...rateCells(row.falseAlerts),
    time === null ? '–' : `${secondsText(time.medianMs)} / ${secondsText(time.p90Ms)} s`,
    String(row.unjudged),
  ];
}

function rateCells(rate: Rate | null): string[] {
  if (rate === null) return ['–', '–'];
  return [percentText(rate.share), `${percentText(rate.low)} – ${percentText(rate.high)}`];
}

/** A row of the comparison: the variant minus the first one. */
export function comparisonCells(row: AlertComparison, { variants }: BacktestResult): string[] {
  const scale = { missed: 100, falseAlerts: 100, timeToAlert: 1e-3, alerts: 1_000 }[row.measure];
  const text = (value: number) => `${value > 0 ? '+' : ''}${(scale * value).toFixed(1)}`;
  return [
    variants[row.variant]!.name,
    nameOf(row),
    MEASURES[row.measure],
    String(row.calls),
    text(row.difference),
    `${text(row.low)} … ${text(row.high)}`,
    row.verdict,
  ];
}

/** The whole result in Markdown. */
export function renderBacktest(result: BacktestResult): string {
  const { human, synthetic, unlabelled } = result.recordings;
  const calls = `${human} human, ${synthetic} synthetic, ${unlabelled} unlabelled calls`;
  const parts = [
    calls,
    markdown(
      FIGURE_HEAD,
      result.figures.map((row) => figureCells(row, result)),
    ),
  ];
  if (result.comparison.length > 0) {
    parts.push(
      `Against ${result.variants[0]!.name}:`,
      markdown(
        COMPARISON_HEAD,
        result.comparison.map((row) => comparisonCells(row, result)),
      ),
    );
  }
  return parts.join('\n\n');
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}

function secondsText(timeMs: number): string {
  return (timeMs / 1_000).toFixed(1);
}
