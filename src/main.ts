import { CommanderError } from 'commander';
import { type CliContext, EXIT } from './cli/context.ts';
import { exitCodeOf, needsStack } from './cli/exit-code.ts';
import { createProgram } from './cli/program.ts';
import { systemClock } from './clock.ts';

const CPU_MICROSECONDS = 1e6;

// Official builds of onnxruntime report models and their use to Microsoft, keep an id of the machine in its cache
// folder, and take no other word for it. Said before any thread starts: what a thread sets, native code does not see.
Object.assign(process.env, { ORT_DISABLE_TELEMETRY: '1' });

const context: CliContext = {
  environment: process.env,
  clock: systemClock,
  stdout: process.stdout,
  stderr: process.stderr,
  onStopSignal(action) {
    let stopping = false;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (stopping) process.exit(EXIT.failure);
        stopping = true;
        action();
      });
    }
  },
  onReloadSignal(action) {
    process.on('SIGHUP', action);
  },
  cpuSeconds: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / CPU_MICROSECONDS;
  },
  residentBytes: () => process.memoryUsage.rss(),
  selfCommand: [process.execPath, ...process.execArgv, process.argv[1] ?? ''],
};

// A reader of our output that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failure);
});

try {
  const program = createProgram(context, (code) => {
    process.exitCode = code;
  });
  program.exitOverride();
  for (const command of program.commands) command.exitOverride();
  await program.parseAsync(process.argv);
} catch (error) {
  process.exitCode = exitCodeOf(error);
  if (!(error instanceof CommanderError)) {
    process.stderr.write(`bonafide: ${error instanceof Error ? error.message : String(error)}\n`);
    if (needsStack(error)) {
      process.stderr.write(`${error instanceof Error ? error.stack : ''}\n`);
    }
  }
  // What a start that failed has opened must not keep the process, and its locks.
  process.exit(process.exitCode);
}
