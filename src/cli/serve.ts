import { type Command, Option } from 'commander';
import { type Config, readConfig, SETTINGS } from '../config.ts';
import { unknownSettings } from '../environment.ts';
import { createLogger } from '../logger.ts';
import { secretVariablesOf } from '../results/call-control/check-controls.ts';
import { startService } from '../server.ts';
import { loadOpus } from '../stream/codecs/create-decoder.ts';
import { type CliContext, EXIT, type ExitCode } from './context.ts';

/** `bonafide serve`: runs until SIGTERM, then lets the live calls end. */
export function addServeCommand(
  program: Command,
  context: CliContext,
  exit: (code: ExitCode) => void,
): void {
  const command = program
    .command('serve')
    .description('run the service; every option can also come from the environment');
  for (const [name, { env, doc }] of Object.entries(SETTINGS)) {
    const dashed = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    command.addOption(new Option(`--${dashed} <value>`, `${doc} (${env})`));
  }
  command.action(async (options: Record<string, string>) => {
    exit(await serve(options, context));
  });
}

async function serve(options: Record<string, string>, context: CliContext): Promise<ExitCode> {
  const config = readConfig(context.environment, options);
  const logger = createLogger(config.logLevel);
  for (const variable of unusedVariables(context.environment, config)) {
    logger.warn({ variable }, 'no setting has this name: it is passed over');
  }
  // Before the start, which takes a while: a signal that nobody waits for would end the process in the midst
  // of it (SIGHUP), or not be heard at all by the first process of a container (SIGTERM).
  const stopAsked = new Promise<void>((resolve) => context.onStopSignal(resolve));
  const reloads = new HeldAction();
  context.onReloadSignal(() => reloads.ask());
  const opus = await loadOpus();
  const service = await startService({ config, clock: context.clock, logger });
  logger.info(
    {
      host: config.host,
      port: service.port,
      lanes: config.lanes,
      engine: config.engine,
      opus: opus.name,
      opusReason: opus.reason,
      detectors: service.detectors.map(({ id }) => id),
      keys: config.keys.length,
    },
    'listening',
  );
  reloads.release(() => {
    const problems = service.reload();
    if (problems.length === 0)
      logger.info({ policies: config.policiesFile }, 'policies read again');
    else logger.error({ problems }, 'the old policies stay: the new ones are wrong');
  });
  await stopAsked;
  await service.drain();
  logger.info({}, 'stopped');
  return EXIT.ok;
}

/** Names in the environment that look like settings, but neither the service nor its policies file reads them. */
export function unusedVariables(
  environment: CliContext['environment'],
  { policies }: Pick<Config, 'policies'>,
): string[] {
  const settings = Object.values(SETTINGS).map(({ env }) => env);
  return unknownSettings(environment, [...settings, ...secretVariablesOf(policies)]);
}

/** What may be asked for before it can be done. */
class HeldAction {
  #action: (() => void) | null = null;
  #isAsked = false;

  ask(): void {
    if (this.#action === null) this.#isAsked = true;
    else this.#action();
  }

  /** From now on it is done when it is asked for; once now, where it was. */
  release(action: () => void): void {
    this.#action = action;
    if (this.#isAsked) action();
  }
}
