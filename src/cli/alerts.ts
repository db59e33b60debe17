import Table from 'cli-table3';
import { type Command, Option } from 'commander';
import { isoTimeOf } from '../clock.ts';
import {
  AlertDesk,
  DELIVERY_STATES,
  type DeliveryRow,
  type DeliveryState,
} from '../results/outbox/alert-desk.ts';
import { type CliContext, CliError, EXIT, type ExitCode } from './context.ts';
import { wholeNumber } from './options.ts';

interface FolderOptions {
  readonly dataFolder?: string;
}

interface ListOptions extends FolderOptions {
  readonly state?: DeliveryState;
  readonly destination?: string;
  readonly limit: number;
  readonly json?: boolean;
}

interface ChangeOptions extends FolderOptions {
  readonly destination?: string;
  readonly allDead?: boolean;
}

const MAX_ROWS = 100_000;

/** `bonafide alerts list|show|retry|drop`: the alert store, also beside a service that runs. */
export function addAlertsCommand(
  program: Command,
  context: CliContext,
  exit: (code: ExitCode) => void,
): void {
  const alerts = program.command('alerts').description('alerts and their deliveries');
  const command = (name: string, description: string) =>
    alerts
      .command(name)
      .description(description)
      .option('--data-folder <path>', 'folder of the store (BONAFIDE_DATA_FOLDER)');
  command('list', 'deliveries, newest first')
    .addOption(new Option('--state <state>', 'only these').choices(DELIVERY_STATES))
    .option('--destination <name>', 'only to this one')
    .option('--limit <number>', `most rows, 1-${MAX_ROWS}`, wholeNumber(1, MAX_ROWS), 100)
    .option('--json', 'one delivery a line')
    .action((options: ListOptions) => {
      withDesk(options, context, (desk) => list(desk, options, context));
      exit(EXIT.ok);
    });
  command('show', 'one alert as JSON, with its deliveries')
    .argument('<id>')
    .action((id: string, options: FolderOptions) => {
      withDesk(options, context, (desk) => show(desk, id, context));
      exit(EXIT.ok);
    });
  for (const [name, description] of [
    [
      'retry',
      'send an alert again (dead or delivered); a service that runs takes it up in a second',
    ],
    ['drop', 'give an alert up that was not delivered'],
  ] as const) {
    command(name, description)
      .argument('[id]', 'an alert; or --all-dead')
      .option('--destination <name>', 'only to this one')
      .option('--all-dead', 'every delivery that was given up')
      .action((id: string | undefined, options: ChangeOptions) => {
        withDesk(options, context, (desk) => change(desk, { name, id, options }, context));
        exit(EXIT.ok);
      });
  }
}

function withDesk(
  options: FolderOptions,
  context: CliContext,
  action: (desk: AlertDesk) => void,
): void {
  const folder = options.dataFolder ?? context.environment['BONAFIDE_DATA_FOLDER'] ?? '';
  if (folder === '') {
    throw new CliError(
      'say which store: --data-folder or BONAFIDE_DATA_FOLDER',
      EXIT.configuration,
    );
  }
  const desk = new AlertDesk(folder);
  try {
    action(desk);
  } finally {
    desk.close();
  }
}

function list(desk: AlertDesk, options: ListOptions, context: CliContext): void {
  const { state, destination, limit } = options;
  const rows = desk.list({ state, destination }, limit);
  if (options.json) {
    for (const row of rows) context.stdout.write(`${JSON.stringify(row)}\n`);
    return;
  }
  context.stdout.write(`${renderRows(rows)}\n`);
}

function show(desk: AlertDesk, id: string, context: CliContext): void {
  const alert = desk.alert(id);
  if (alert === null) throw new CliError(`no alert "${id}"`, EXIT.failure);
  const deliveries = desk.list({ alertId: id }, MAX_ROWS);
  context.stdout.write(`${JSON.stringify({ ...alert, deliveries }, null, 2)}\n`);
}

function change(
  desk: AlertDesk,
  wanted: {
    readonly name: 'retry' | 'drop';
    readonly id: string | undefined;
    readonly options: ChangeOptions;
  },
  context: CliContext,
): void {
  const { name, id, options } = wanted;
  if ((id === undefined) === (options.allDead !== true)) {
    throw new CliError('give one alert id, or --all-dead', EXIT.configuration);
  }
  const state = options.allDead === true ? 'dead' : undefined;
  const filter = { alertId: id, destination: options.destination, state } as const;
  const nowMs = Math.floor(context.clock.nowMs());
  const changed = name === 'retry' ? desk.retry(filter, nowMs) : desk.drop(filter, nowMs);
  if (changed === 0) throw new CliError('no delivery fits', EXIT.failure);
  context.stdout.write(`${changed} ${changed === 1 ? 'delivery' : 'deliveries'}\n`);
}

function renderRows(rows: readonly DeliveryRow[]): string {
  const table = new Table({
    head: ['alert', 'raised', 'to', 'state', 'attempts', 'next attempt', 'last error'],
    style: { head: [], border: [] },
  });
  for (const row of rows) {
    table.push([
      row.alertId,
      isoTimeOf(row.createdAtMs),
      row.destination,
      row.state,
      String(row.attempts),
      row.state === 'waiting' ? isoTimeOf(row.nextAttemptAtMs) : '',
      row.lastError ?? '',
    ]);
  }
  return table.toString();
}
