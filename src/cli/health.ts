import type { Command } from 'commander';
import { readConfig } from '../config.ts';
import { type CliContext, EXIT, type ExitCode } from './context.ts';

/** `bonafide health`: asks the service of this machine whether it lives (the container's check). */
export function addHealthCommand(
  program: Command,
  context: CliContext,
  exit: (code: ExitCode) => void,
): void {
  program
    .command('health')
    .description('ask the service on this machine for /healthz; exit 0 when it lives')
    .action(async () => {
      const { port } = readConfig(context.environment);
      const response = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => null);
      exit(response?.ok ? EXIT.ok : EXIT.failure);
    });
}
