import type { Clock } from '../clock.ts';

/** What commands may touch of the process; `main.ts` fills it in. */
export interface CliContext {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Calls back once at SIGTERM or SIGINT; a second signal ends the process. */
  readonly onStopSignal: (action: () => void) => void;
  /** Calls back at every SIGHUP: the operator changed a file. */
  readonly onReloadSignal: (action: () => void) => void;
  /** CPU seconds used by this process so far. */
  readonly cpuSeconds: () => number;
  readonly residentBytes: () => number;
  /** How this program was started, to start it again as another process. */
  readonly selfCommand: readonly string[];
}

export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Takes lines about what is odd but can be lived with. */
export function warnOn({ stderr }: Pick<CliContext, 'stderr'>): (line: string) => void {
  return (line) => void stderr.write(`${line}\n`);
}

/** Exit codes of every command; documented in the README and in `--help`. */
export const EXIT = {
  ok: 0,
  /** Something failed that has no code of its own. */
  failure: 1,
  /** Wrong options or configuration, or a detector that is not what its manifest says. */
  configuration: 2,
  /** At least one input could not be read; the others were done. */
  unreadable: 3,
  /** A comparison found a slice significantly worse. */
  worse: 4,
  /** `screen --fail-on`: the verdict asked for was found. */
  found: 5,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A failure with its exit code and one line for the user. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode) {
    super(message);
    this.exitCode = exitCode;
  }
}
