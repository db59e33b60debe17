import { CommanderError } from 'commander';
import { type CliContext, CliError } from '../../../src/cli/context.ts';
import { createProgram } from '../../../src/cli/program.ts';
import { systemClock } from '../../../src/clock.ts';

export interface CliRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process; `code` is what it would exit with, null when it said none. */
export async function runCli(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<CliRun> {
  const written = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      written[name] += text;
    },
  });
  const context: CliContext = {
    environment,
    clock: systemClock,
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    onStopSignal() {},
    onReloadSignal() {},
    cpuSeconds: () => 0,
    residentBytes: () => 0,
    selfCommand: [],
  };
  let code: number | null = null;
  const program = createProgram(context, (told) => {
    code = told;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError || error instanceof CliError)) throw error;
    code = error.exitCode;
    if (error instanceof CliError) written.stderr += error.message;
  }
  return { code, ...written };
}
