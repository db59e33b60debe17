import Table from 'cli-table3';
import type { Command } from 'commander';
import { writeFeedbackList } from '../backtest/feedback-list.ts';
import {
  type AlertPrecision,
  type FeedbackReport,
  feedbackReport,
} from '../backtest/feedback-report.ts';
import { isoTimeOf } from '../clock.ts';
import { type FeedbackCall, FeedbackDesk } from '../results/outbox/feedback-desk.ts';
import { percentText } from '../train/report/markup.ts';
import { type CliContext, CliError, EXIT, type ExitCode } from './context.ts';

interface ReportOptions {
  readonly dataFolder?: string;
  readonly json?: boolean;
  readonly list?: string;
  readonly recordings?: string;
}

/** `bonafide feedback report`: what alerts were worth, by the outcomes that were reported. */
export function addFeedbackCommand(
  program: Command,
  context: CliContext,
  exit: (code: ExitCode) => void,
): void {
  program
    .command('feedback')
    .description('outcomes of calls')
    .command('report')
    .description('precision of alerts by week and policy, and synthetic calls without an alert')
    .option('--data-folder <path>', 'folder of the store (BONAFIDE_DATA_FOLDER)')
    .option('--list <folder>', 'write manifest.csv for train --from; needs --recordings')
    .option('--recordings <folder>', 'your recordings, each named after its call id')
    .option('--json', 'the report as JSON')
    .action((options: ReportOptions) => exit(report(options, context)));
}

function report(options: ReportOptions, context: CliContext): ExitCode {
  const { list, recordings } = options;
  if ((list === undefined) !== (recordings === undefined)) {
    throw new CliError('--list and --recordings go together', EXIT.configuration);
  }
  const calls = readCalls(options, context);
  const result = feedbackReport(calls);
  context.stdout.write(options.json ? `${JSON.stringify(result)}\n` : render(result));
  if (list === undefined || recordings === undefined) return EXIT.ok;
  const { human, synthetic, absent, disputed } = writeFeedbackList(calls, recordings, list);
  const { stderr } = context;
  stderr.write(`${list}/manifest.csv: ${human} human and ${synthetic} synthetic recordings\n`);
  for (const callId of disputed) stderr.write(`${callId}: two keys say different things\n`);
  for (const callId of absent) stderr.write(`${callId}: no recording in ${recordings}\n`);
  return absent.length + disputed.length > 0 ? EXIT.unreadable : EXIT.ok;
}

function readCalls({ dataFolder }: ReportOptions, { environment }: CliContext): FeedbackCall[] {
  const folder = dataFolder ?? environment['BONAFIDE_DATA_FOLDER'] ?? '';
  if (folder === '') {
    throw new CliError(
      'say which store: --data-folder or BONAFIDE_DATA_FOLDER',
      EXIT.configuration,
    );
  }
  const desk = new FeedbackDesk(folder);
  try {
    return desk.calls();
  } finally {
    desk.close();
  }
}

function render({ all, weeks, policies, missed }: FeedbackReport): string {
  const table = new Table({
    head: ['alerts', 'synthetic', 'human', 'unknown', 'precision, %', '95 % interval'],
    style: { head: [], border: [] },
  });
  for (const row of weeks) table.push([`week of ${row.week}`, ...cellsOf(row)]);
  for (const row of policies) table.push([`policy ${row.policy}`, ...cellsOf(row)]);
  table.push(['all', ...cellsOf(all)]);
  const lines = missed.map(
    ({ keyName, callId, reportedAtMs }) =>
      `${keyName} ${callId}, reported ${isoTimeOf(reportedAtMs)}`,
  );
  const head = `${missed.length} confirmed synthetic without an alert`;
  return `${[table.toString(), head, ...lines].join('\n')}\n`;
}

function cellsOf({ synthetic, human, unknown, precision, interval }: AlertPrecision): string[] {
  return [
    ...[synthetic, human, unknown].map(String),
    percentText(precision ?? Number.NaN),
    interval === null ? '–' : `${percentText(interval.low)} – ${percentText(interval.high)}`,
  ];
}
