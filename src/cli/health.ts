import type { Command } from 'commander';
import { type Config, readConfig } from '../config.ts';
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
      const response = await fetch(healthUrlOf(readConfig(context.environment))).catch(() => null);
      exit(response?.ok ? EXIT.ok : EXIT.failure);
    });
}

/** Where the service of this machine answers: a wildcard is an address to listen on, not to ask at. */
export function healthUrlOf({ host, port }: Pick<Config, 'host' | 'port'>): string {
  const address = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}/healthz`;
}
