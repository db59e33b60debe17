import { type Command, Option } from 'commander';
import { readConfig, SETTINGS } from '../config.ts';
import { unknownSettings } from '../environment.ts';
import { createLogger } from '../logger.ts';
import { startService } from '../server.ts';
import { loadOpus } from '../stream/codecs/create-decoder.ts';
import { type CliContext, EXIT, type ExitCode } from './context.ts';
import { takeReloadSignals } from './reload-signal.ts';

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
  const reloadBy = takeReloadSignals(context);
  const config = readConfig(context.environment, options);
  const logger = createLogger(config.logLevel);
  const names = Object.values(SETTINGS).map(({ env }) => env);
  for (const variable of unknownSettings(context.environment, names)) {
    logger.warn({ variable }, 'no setting has this name: it is passed over');
  }
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
  reloadBy(() => {
    const problems = service.reload();
    if (problems.length === 0)
      logger.info({ policies: config.policiesFile }, 'policies read again');
    else logger.error({ problems }, 'the old policies stay: the new ones are wrong');
  });
  await new Promise<void>((resolve) => context.onStopSignal(resolve));
  await service.drain();
  logger.info({}, 'stopped');
  return EXIT.ok;
}
