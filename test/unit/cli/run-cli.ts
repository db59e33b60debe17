import { CommanderError } from 'commander';
import { type CliContext, CliError, EXIT } from '../../../src/cli/context.ts';
import { exitCodeOf } from '../../../src/cli/exit-code.ts';
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
  around: Partial<Pick<CliContext, 'onStopSignal' | 'onReloadSignal' | 'clock'>> = {},
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
    ...around,
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
    if (error instanceof CommanderError) {
      code = error.exitCode;
    } else {
      code = exitCodeOf(error);
      if (code === EXIT.failure && !(error instanceof CliError)) throw error;
      written.stderr += (error as Error).message;
    }
  }
  return { code, ...written };
}
