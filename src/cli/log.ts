import { createPublicKey, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { decisionLogFolder } from '../results/decision-log/log-writer.ts';
import { verifyLog } from '../results/decision-log/verify.ts';
import { type CliContext, CliError, EXIT, type ExitCode } from './context.ts';
import { collect } from './options.ts';

interface VerifyOptions {
  readonly dataFolder?: string;
  readonly publicKey: readonly string[];
}

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
    .description('check the whole log; exits 1 and names the first bad record')
    .option('--data-folder <path>', 'folder of the store (BONAFIDE_DATA_FOLDER)')
    .option(
      '--public-key <path>',
      'PEM of the public key: checks the signatures of checkpoints too (repeat after a change of keys)',
      collect,
      [],
    )
    .action((options: VerifyOptions) => exit(check(options, context)));
}

function check(options: VerifyOptions, context: CliContext): ExitCode {
  const dataFolder = options.dataFolder ?? context.environment['BONAFIDE_DATA_FOLDER'] ?? '';
  const folder = decisionLogFolder(dataFolder);
  if (dataFolder === '' || !existsSync(folder)) {
    throw new CliError(
      `no decision log in "${dataFolder}": --data-folder or BONAFIDE_DATA_FOLDER`,
      EXIT.configuration,
    );
  }
  const { problem, lines, decisions, checkpoints, signed, cut } = verifyLog(
    folder,
    options.publicKey.map(readKey),
  );
  if (problem !== null) {
    context.stdout.write(`first bad record: ${problem}\n`);
    return EXIT.failure;
  }
  context.stdout.write(
    `${lines} records whole: ${decisions} decisions, ${checkpoints} checkpoints ` +
      `(${signed} signatures checked), ${cut} cut by retention\n`,
  );
  return EXIT.ok;
}

function readKey(path: string): KeyObject {
  try {
    return createPublicKey(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new CliError(`${path}: ${(error as Error).message}`, EXIT.configuration);
  }
}
