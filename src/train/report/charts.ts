import type { DurationPoint } from '../duration-curve.ts';
import type { CalibrationError } from '../metrics/calibration-error.ts';
import { realisablePoints } from '../metrics/det.ts';
import type { TrialScores } from '../metrics/trials.ts';
import { type Axis, renderLineChart, type Series } from './line-chart.ts';
import { probit } from './probit.ts';

/** Something of one channel. */
export interface Named<T> {
  readonly name: string;
  readonly value: T;
}

const DET_SHARES = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8] as const;
const HISTOGRAM_BINS = 40;
const percent = (value: number) => `${Math.round(100 * value * 10) / 10} %`;

/** Detection error trade-off: both error rates on normal-deviate axes, the lower left the better. */
export function detChart(channels: readonly Named<TrialScores>[]): string {
  const axis = (label: string): Axis => ({
    label,
    domain: [probit(DET_SHARES[0]), probit(DET_SHARES.at(-1)!)],
    ticks: DET_SHARES.map(probit),
    format: (value) => percent(DET_SHARES.find((share) => probit(share) === value)!),
  });
  const [low, high] = [DET_SHARES[0], DET_SHARES.at(-1)!];
  return renderLineChart({
    title: 'DET: detection error trade-off',
    x: axis('human clips called synthetic'),
    y: axis('synthetic clips missed'),
    series: [
      guide([probit(low), probit(low)], [probit(high), probit(high)]),
      ...channels.map(({ name, value }) => ({
        name,
        points: realisablePoints(value)
          .filter(({ frr, far }) => frr >= low && far >= low && frr <= high && far <= high)
          .map(({ frr, far }) => [probit(frr), probit(far)] as const),
      })),
    ],
  });
}

/** Receiver operating characteristic: the upper left the better. */
export function rocChart(channels: readonly Named<TrialScores>[]): string {
  return renderLineChart({
    title: 'ROC',
    x: { label: 'human clips called synthetic', domain: [0, 1], format: percent },
    y: { label: 'synthetic clips found', domain: [0, 1], format: percent },
    series: [
      guide([0, 0], [1, 1]),
      ...channels.map(({ name, value }) => ({
        name,
        points: realisablePoints(value).map(({ frr, far }) => [frr, 1 - far] as const),
      })),
    ],
  });
}

/** What was said against what was found; on the diagonal probabilities keep what they say. */
export function reliabilityChart(channels: readonly Named<CalibrationError>[]): string {
  return renderLineChart({
    title: 'Reliability (classes weighted alike)',
    x: { label: 'probability said', domain: [0, 1], format: percent },
    y: { label: 'share that is synthetic', domain: [0, 1], format: percent },
    series: [
      guide([0, 0], [1, 1]),
      ...channels.map(({ name, value }) => ({
        name: `${name}, ECE ${value.ece.toFixed(3)}`,
        style: 'dots' as const,
        points: value.bins
          .filter(({ trials }) => trials > 0)
          .map(({ said, found }) => [said, found] as const),
      })),
    ],
  });
}

/** How LLRs of both classes lie; the guide is the threshold. */
export function scoreHistogram(name: string, scores: TrialScores, threshold: number): string {
  const all = [...scores.bonafide, ...scores.spoof].sort((a, b) => a - b);
  const low = Math.min(all[0]!, threshold);
  const high = Math.max(all.at(-1)!, threshold) + 1e-9;
  const width = (high - low) / HISTOGRAM_BINS;
  const shares = (values: readonly number[]) => {
    const counts = new Array<number>(HISTOGRAM_BINS).fill(0);
    for (const value of values) {
      const bin = Math.min(HISTOGRAM_BINS - 1, Math.floor((value - low) / width));
      counts[bin] = counts[bin]! + 1 / values.length;
    }
    return counts;
  };
  const classes = [
    { label: 'human', counts: shares(scores.bonafide) },
    { label: 'synthetic', counts: shares(scores.spoof) },
  ];
  const most = Math.max(...classes.flatMap(({ counts }) => counts));
  return renderLineChart({
    title: `Scores after 4 s of speech: ${name}`,
    x: { label: 'LLR (positive = human)', domain: [low, high] },
    y: { label: 'share of the class', domain: [0, most], format: percent },
    series: [
      guide([threshold, 0], [threshold, most]),
      ...classes.map(({ label, counts }) => ({
        name: label,
        style: 'area' as const,
        points: outline(counts, low, width),
      })),
    ],
  });
}

/** Corners of the bars of a histogram. */
function outline(counts: readonly number[], low: number, width: number): [number, number][] {
  const corners = counts.flatMap((count, bin): [number, number][] => [
    [low + bin * width, count],
    [low + (bin + 1) * width, count],
  ]);
  return [[low, 0], ...corners, [low + counts.length * width, 0]];
}

/** EER by speech heard, with 95 % intervals. */
export function durationChart(channels: readonly Named<readonly DurationPoint[]>[]): string {
  const highs = channels.flatMap(({ value }) =>
    value.flatMap(({ eer, eerInterval }) => [eer, eerInterval.high]),
  );
  const seconds = [...new Set(channels.flatMap(({ value }) => value.map((p) => p.speechSeconds)))];
  return renderLineChart({
    title: 'EER by speech heard (95 % intervals)',
    x: {
      label: 'seconds of speech',
      domain: [Math.log2(Math.min(...seconds)) - 0.2, Math.log2(Math.max(...seconds)) + 0.2],
      ticks: seconds.map(Math.log2),
      format: (value) => `${2 ** value} s`,
    },
    y: { label: 'pooled EER', domain: [0, largest(highs)], format: percent },
    series: channels.map(({ name, value }) => ({
      name,
      style: 'dots' as const,
      points: value.map(({ speechSeconds, eer }) => [Math.log2(speechSeconds), eer] as const),
      bars: value.map(({ eerInterval: { low, high } }) => [low, high] as const),
    })),
  });
}

/** Loss and error of the validation set over training; empty when the run has no log. */
export function trainingCharts(log: readonly Readonly<Record<string, number>>[]): string[] {
  const steps = log.map((entry) => entry['step'] ?? Number.NaN).filter(Number.isFinite);
  if (steps.length < 2) return [];
  const x: Axis = { label: 'step', domain: [0, Math.max(...steps)] };
  const points = (field: string) =>
    log.map((entry) => [entry['step'] ?? Number.NaN, entry[field] ?? Number.NaN] as const);
  const chart = (title: string, label: string, field: string, format?: (value: number) => string) =>
    renderLineChart({
      title,
      x,
      y: {
        label,
        domain: [0, largest(points(field).map(([, value]) => value))],
        ...(format === undefined ? {} : { format }),
      },
      series: [{ name: label, points: points(field) }],
    });
  return [
    ['Training loss', 'loss', 'loss'] as const,
    ['Validation during training', 'page-macro EER of val', 'valPageMacroEer'] as const,
  ].map(([title, label, field]) =>
    field === 'loss' ? chart(title, label, field) : chart(title, label, field, percent),
  );
}

function largest(values: readonly number[]): number {
  const finite = values.filter(Number.isFinite);
  return finite.length === 0 ? 1 : 1.05 * Math.max(...finite);
}

function guide(...points: readonly (readonly [number, number])[]): Series {
  return { name: '', style: 'guide', points };
}
