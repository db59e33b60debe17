import { createPublicKey, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { decisionLogFolder } from '../results/decision-log/log-writer.ts';
import { type LogReport, verifyLog } from '../results/decision-log/verify.ts';
import { type CliContext, CliError, EXIT, type ExitCode } from './context.ts';
import { collect } from './options.ts';

interface VerifyOptions {
  readonly dataFolder?: string;
  readonly publicKey: readonly string[];
}

/** A running service writes each second, in far less time than this. */
const WRITE_MS = 500;
/** So often at most a log is checked that is being written each time. */
const MAX_LOOKS = 5;

/** `bonafide log verify`: finds any changed, removed, inserted or reordered record. */
export function addLogCommand(
  program: Command,
  context: CliContext,
  exit: (code: ExitCode) => void,
): void {
  program
    .command('log')
    .description('the decision log')
    .command('verify')
    .description(
      'check the whole log; exits 1 and names the first bad record, 3 where the last one is cut off',
    )
    .option('--data-folder <path>', 'folder of the store (BONAFIDE_DATA_FOLDER)')
    .option(
      '--public-key <path>',
      'PEM of the public key: checks the signatures of checkpoints too (repeat after a change of keys)',
      collect,
      [],
    )
    .action(async (options: VerifyOptions) => exit(await check(options, context)));
}

async function check(options: VerifyOptions, context: CliContext): Promise<ExitCode> {
  const dataFolder = options.dataFolder ?? context.environment['BONAFIDE_DATA_FOLDER'] ?? '';
  const folder = decisionLogFolder(dataFolder);
  if (dataFolder === '' || !existsSync(folder)) {
    throw new CliError(
      `no decision log in "${dataFolder}": --data-folder or BONAFIDE_DATA_FOLDER`,
      EXIT.configuration,
    );
  }
  const keys = options.publicKey.map(readKey);
  const { problem, lines, decisions, checkpoints, signed, cut, unfinished } = await verifySettled(
    () => verifyLog(folder, keys),
    context,
  );
  if (problem !== null) {
    context.stdout.write(`first bad record: ${problem}\n`);
    return EXIT.failure;
  }
  context.stdout.write(
    `${lines} records whole: ${decisions} decisions, ${checkpoints} checkpoints ` +
      `(${signed} signatures checked), ${cut} cut by retention\n`,
  );
  if (unfinished === null) return EXIT.ok;
  context.stdout.write(
    `not checked, as it is cut off: ${unfinished}. The next start of the service takes it away\n`,
  );
  return EXIT.unreadable;
}

/** Looks again where the last line was half written: a service that runs has written the rest a moment later. */
async function verifySettled(look: () => LogReport, { clock }: CliContext): Promise<LogReport> {
  let report = look();
  for (let looks = 1; report.unfinished !== null && looks < MAX_LOOKS; looks++) {
    const { unfinished } = report;
    await clock.sleep(WRITE_MS);
    report = look();
    if (report.unfinished === unfinished) break;
  }
  return report;
}

function readKey(path: string): KeyObject {
  try {
    return createPublicKey(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new CliError(`${path}: ${(error as Error).message}`, EXIT.configuration);
  }
}
