import Table from 'cli-table3';
import { type AlertTrialFigures, runAlertTrial } from '../bench/alert-trial.ts';
import type { PreparedAudio } from '../replay/prepare-audio.ts';
import { type CliContext, EXIT, type ExitCode } from './context.ts';

/** What is promised of the good destination, in ms. */
const TARGET_P50_MS = 100;
const TARGET_P99_MS = 250;

export interface AlertBenchOptions {
  readonly calls: number;
  readonly seconds: number;
  readonly intervalMs: number;
  readonly recordings: readonly PreparedAudio[];
}

export interface AlertBenchReport {
  readonly calls: number;
  readonly seconds: number;
  /** With the good destination only. */
  readonly alone: Omit<AlertTrialFigures, 'traces'>;
  /** With a stalled and a failing one beside it. */
  readonly beside: Omit<AlertTrialFigures, 'traces'>;
  /** Calls whose trace is the same in both runs, byte for byte. */
  readonly sameTraces: number;
  readonly targetsMet: boolean;
}

/**
 * `bench --alerts`: the way of alerts to a good receiver, alone and beside a stalled and a failing one.
 * Exits with `failure` when an alert got lost or a call's scores changed; the latency depends on the machine.
 */
export async function benchAlerts(
  options: AlertBenchOptions,
  context: CliContext,
): Promise<{ readonly report: AlertBenchReport; readonly code: ExitCode }> {
  const { selfCommand: command, environment, clock, onStopSignal } = context;
  const shared = { ...options, command, environment, clock, onStopSignal };
  const alone = await runAlertTrial({ ...shared, receivers: ['good'] });
  const beside = await runAlertTrial({ ...shared, receivers: ['good', 'stalled', 'failing'] });
  const report = reportOf(options, alone, beside);
  context.stdout.write(`${render(report)}\n`);
  const whole = [alone, beside].every((run) => isWhole(run, options.calls));
  return { report, code: whole && report.sameTraces === options.calls ? EXIT.ok : EXIT.failure };
}

export function reportOf(
  { calls, seconds }: Pick<AlertBenchOptions, 'calls' | 'seconds'>,
  { traces: before, ...alone }: AlertTrialFigures,
  { traces: after, ...beside }: AlertTrialFigures,
): AlertBenchReport {
  const sameTraces = after.filter((trace, index) => trace === before[index]).length;
  const good = beside.destinations.find(({ destination }) => destination === 'good');
  const { firstByteP50Ms: p50, firstByteP99Ms: p99 } = good ?? {};
  const targetsMet =
    typeof p50 === 'number' &&
    typeof p99 === 'number' &&
    p50 <= TARGET_P50_MS &&
    p99 <= TARGET_P99_MS;
  return { calls, seconds, alone, beside, sameTraces, targetsMet };
}

/** Every call alerted, every alert came, and nothing was refused. */
function isWhole({ raised, destinations, errors }: AlertTrialFigures, calls: number): boolean {
  const good = destinations.find(({ destination }) => destination === 'good');
  return raised === calls && good?.alerts === raised && errors === 0;
}

function render(report: AlertBenchReport): string {
  const table = new Table({
    head: [
      'destinations',
      'destination',
      'alerts raised / came',
      'attempts',
      'evidence to first byte p50 / p99 ms',
      'evidence to score p50 / p99 ms',
      'late sends',
    ],
    style: { head: [], border: [] },
  });
  for (const name of ['alone', 'beside'] as const) {
    const { raised, destinations, lateSends, scoreP50Ms, scoreP99Ms } = report[name];
    const names = destinations.map(({ destination }) => destination).join(', ');
    for (const figures of destinations) {
      const delays = [figures.firstByteP50Ms, figures.firstByteP99Ms];
      table.push([
        names,
        figures.destination,
        `${raised} / ${figures.alerts}`,
        figures.attempts,
        delays.map((ms) => ms?.toFixed(1) ?? '–').join(' / '),
        `${scoreP50Ms.toFixed(1)} / ${scoreP99Ms.toFixed(1)}`,
        lateSends,
      ]);
    }
  }
  return [
    table.toString(),
    `calls with the same scores in both runs: ${report.sameTraces} of ${report.calls}`,
    `good destination within ${TARGET_P50_MS} / ${TARGET_P99_MS} ms: ${report.targetsMet ? 'yes' : 'no'}`,
  ].join('\n');
}
