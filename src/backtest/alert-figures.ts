import {
  type BootstrapOptions,
  type Difference,
  type Interval,
  percentileInterval,
  resample,
} from '../train/metrics/bootstrap.ts';
import { wilsonInterval } from '../train/metrics/wilson.ts';
import { LEAST_GROUPS } from '../train/resampling.ts';
import { type AlertSlice, type AlertTrial, groupedTrials, LEAST_CALLS } from './alert-trials.ts';

/** A share with its 95 % interval. */
export interface Rate extends Interval {
  readonly hits: number;
  readonly of: number;
  readonly share: number;
}

/** Figures of one variant on one slice. */
export interface AlertSliceFigures {
  readonly variant: number;
  readonly dimension: string;
  readonly value: string;
  readonly calls: number;
  readonly alerts: number;
  readonly alertsPerThousand: Interval & { readonly value: number };
  /** Synthetic calls without an alert; null without synthetic calls. */
  readonly missed: Rate | null;
  /** Human calls with an alert; null without human calls. */
  readonly falseAlerts: Rate | null;
  /** Stream time of the first alert of synthetic calls (of all calls, where nobody told), null = none. */
  readonly timeToAlert: { readonly medianMs: number; readonly p90Ms: number } | null;
  /** Calls that no policy had a verdict on. */
  readonly unjudged: number;
}

/** What two variants are compared by. For all of them more is worse, but for `alerts`. */
export type Measure = 'missed' | 'falseAlerts' | 'timeToAlert' | 'alerts';

/** A variant against the first one on the same calls. */
export interface AlertComparison extends Difference {
  readonly variant: number;
  readonly dimension: string;
  readonly value: string;
  readonly measure: Measure;
  /** Calls that the measure is about. */
  readonly calls: number;
  /** By the 95 % interval; `more` and `fewer` alerts are neither good nor bad by themselves. */
  readonly verdict: 'worse' | 'better' | 'same' | 'more' | 'fewer';
}

const BOOTSTRAP_SEED = 20_26;

const isSynthetic = ({ recording }: AlertTrial) => recording.label === 'synthetic';
const isHuman = ({ recording }: AlertTrial) => recording.label === 'human';

/** Figures of every variant on a slice. */
export function judgeAlertSlice(slice: AlertSlice, variants: number): AlertSliceFigures[] {
  return Array.from({ length: variants }, (_, variant) => figuresOf(slice, variant));
}

function figuresOf({ dimension, value, trials }: AlertSlice, variant: number): AlertSliceFigures {
  const verdictOf = ({ verdicts }: AlertTrial) => verdicts[variant]!;
  const alerts = trials.reduce((sum, trial) => sum + verdictOf(trial).alerts, 0);
  const judgedCalls = trials.filter((trial) => verdictOf(trial).judged).length;
  return {
    ...{ variant, dimension, value, calls: trials.length, alerts },
    alertsPerThousand: perThousand(trials, variant),
    missed: rateOf(trials.filter(isSynthetic), (trial) => verdictOf(trial).alerts === 0),
    falseAlerts: rateOf(trials.filter(isHuman), (trial) => verdictOf(trial).alerts > 0),
    timeToAlert: timeOf(trials, variant),
    unjudged: trials.length - judgedCalls,
  };
}

/** The wider of Wilson's interval and the one of resampled groups, which Wilson's knows nothing of. */
function rateOf(trials: readonly AlertTrial[], isHit: (trial: AlertTrial) => boolean): Rate | null {
  if (trials.length === 0) return null;
  const values = trials.map((trial) => Number(isHit(trial)));
  const hits = values.reduce((sum, value) => sum + value, 0);
  const wilson = wilsonInterval(hits, trials.length);
  const grouped = intervalOfMean(trials, values);
  return {
    ...{ hits, of: trials.length, share: hits / trials.length },
    low: Math.min(wilson.low, grouped.low),
    high: Math.max(wilson.high, grouped.high),
  };
}

function perThousand(trials: readonly AlertTrial[], variant: number) {
  const values = trials.map(({ verdicts }) => verdicts[variant]!.alerts);
  const alerts = values.reduce((sum, value) => sum + value, 0);
  const { low, high } = intervalOfMean(trials, values);
  // Of none, resampling makes none: the upper end is Wilson's.
  const highest = alerts === 0 ? wilsonInterval(0, trials.length).high : high;
  return { value: (1_000 * alerts) / trials.length, low: 1_000 * low, high: 1_000 * highest };
}

function timeOf(trials: readonly AlertTrial[], variant: number) {
  const labelled = trials.some(({ recording }) => recording.label !== null);
  const times = trials
    .filter((trial) => !labelled || isSynthetic(trial))
    .flatMap(({ verdicts }) => verdicts[variant]!.firstAlertMs ?? [])
    .sort((a, b) => a - b);
  if (times.length === 0) return null;
  const at = (share: number) =>
    times[Math.min(times.length - 1, Math.floor(share * times.length))]!;
  return { medianMs: at(0.5), p90Ms: at(0.9) };
}

/** A variant against the first one, by every measure that has enough calls. */
export function compareAlertSlice(slice: AlertSlice, variant: number): AlertComparison[] {
  const { dimension, value, trials } = slice;
  const synthetic = trials.filter(isSynthetic);
  const both = synthetic.filter(
    ({ verdicts }) => verdicts[0]!.alerts > 0 && verdicts[variant]!.alerts > 0,
  );
  const measures: readonly (readonly [Measure, readonly AlertTrial[], ValueOf])[] = [
    ['missed', synthetic, ({ alerts }) => Number(alerts === 0)],
    ['falseAlerts', trials.filter(isHuman), ({ alerts }) => Number(alerts > 0)],
    ['timeToAlert', both, ({ firstAlertMs }) => firstAlertMs ?? 0],
    ['alerts', trials, ({ alerts }) => alerts],
  ];
  return measures.flatMap(([measure, members, read]) => {
    if (members.length < LEAST_CALLS) return [];
    const differences = members.map(
      ({ verdicts }) => read(verdicts[variant]!) - read(verdicts[0]!),
    );
    const difference = differences.reduce((sum, one) => sum + one, 0) / members.length;
    const { low, high } = intervalOfMean(members, differences);
    const verdict = verdictOf(measure, { low, high });
    const calls = members.length;
    return [{ variant, dimension, value, measure, calls, difference, low, high, verdict }];
  });
}

type ValueOf = (verdict: AlertTrial['verdicts'][number]) => number;

function verdictOf(measure: Measure, { low, high }: Interval): AlertComparison['verdict'] {
  const [up, down] =
    measure === 'alerts' ? (['more', 'fewer'] as const) : (['worse', 'better'] as const);
  return low > 0 ? up : high < 0 ? down : 'same';
}

/** Bootstrap of a mean: whole groups where there are enough of them, else calls. */
function intervalOfMean(trials: readonly AlertTrial[], values: readonly number[]): Interval {
  const mean = (counts: Uint32Array) => {
    let sum = 0;
    let drawn = 0;
    for (let index = 0; index < counts.length; index++) {
      sum += counts[index]! * values[index]!;
      drawn += counts[index]!;
    }
    return drawn === 0 ? Number.NaN : sum / drawn;
  };
  // Alike in all calls, alike in every draw.
  if (values.every((value) => value === values[0])) return { low: values[0]!, high: values[0]! };
  return percentileInterval(resample(groupedTrials(trials), resamplingOf(trials), mean));
}

function resamplingOf(trials: readonly AlertTrial[]): BootstrapOptions {
  const groups = new Set(trials.map(({ recording }) => recording.group));
  return { by: groups.size < LEAST_GROUPS ? 'clip' : 'group', seed: BOOTSTRAP_SEED };
}
