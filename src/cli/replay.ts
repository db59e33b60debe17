import { basename } from 'node:path';
import type { Command } from 'commander';
import { readConfig } from '../config.ts';
import { createLogger } from '../logger.ts';
import type { OfflineCall } from '../replay/offline-screener.ts';
import { ReplayError, replayCall } from '../replay/replay-call.ts';
import type { ServerMessage } from '../replay/stream-client.ts';
import { traceLine } from '../replay/trace.ts';
import { type Service, startService } from '../server.ts';
import { type CliContext, CliError, EXIT, type ExitCode } from './context.ts';
import { TerminalView } from './terminal-view.ts';
import {
  addWireOptions,
  describeUnreadable,
  readWireCall,
  type WireCliOptions,
} from './wire-options.ts';

interface ReplayCliOptions extends WireCliOptions {
  readonly url?: string;
  readonly key?: string;
  readonly fast?: boolean;
  readonly json?: boolean;
  readonly stable?: boolean;
  readonly together?: boolean;
  readonly detector?: string;
}

/** `bonafide replay FILE…`: streams recordings to a server over WebSocket. */
export function addReplayCommand(
  program: Command,
  context: CliContext,
  exit: (code: ExitCode) => void,
): void {
  const command = program
    .command('replay')
    .description('stream recordings to a server packet by packet, as a platform would')
    .argument('<files...>', 'WAV, FLAC, MP3, Ogg Opus/Vorbis, or raw .ulaw/.alaw/.s16le (8 kHz)')
    .option('--url <ws-url>', 'server, e.g. ws://127.0.0.1:8080/v1/stream; default: starts one')
    .option('--key <key>', 'API key; default: BONAFIDE_KEY')
    .option('--fast', 'as fast as the server takes it instead of in real time')
    .option('--together', 'all files at the same time instead of one after the other')
    .option('--json', 'one event a line on stdout')
    .option('--stable', 'with --json: leave out what measures wall time')
    .option('--detector <folder>', 'detector of the server it starts');
  addWireOptions(command).action(async (files: string[], options: ReplayCliOptions) => {
    exit(await replay(files, options, context));
  });
}

/** Streams the files and reports. @returns the exit code */
export async function replay(
  files: readonly string[],
  options: ReplayCliOptions,
  context: CliContext,
): Promise<ExitCode> {
  const service = options.url === undefined ? await startOwnService(options, context) : null;
  const url = options.url ?? `ws://127.0.0.1:${service?.port}/v1/stream`;
  const view = options.json ? null : new TerminalView(context.stdout);
  let unreadable = 0;
  const one = async (file: string) => {
    const call = await read(file, options, context);
    if (call === null) unreadable++;
    else await stream(file, call, { url, options, context, view });
  };
  try {
    if (options.together) await Promise.all(files.map(one));
    else for (const file of files) await one(file);
  } finally {
    view?.finish();
    await service?.close();
  }
  return unreadable > 0 ? EXIT.unreadable : EXIT.ok;
}

interface StreamJob {
  readonly url: string;
  readonly options: ReplayCliOptions;
  readonly context: CliContext;
  readonly view: TerminalView | null;
}

async function stream(file: string, call: OfflineCall, job: StreamJob): Promise<void> {
  const { url, options, context, view } = job;
  const onMessage = (message: ServerMessage) => {
    if (message.type === 'started' || message.type === 'error') {
      if (options.json && !options.stable) context.stdout.write(`${JSON.stringify(message)}\n`);
      return;
    }
    if (options.json) context.stdout.write(`${traceLine(message, options.stable === true)}\n`);
    view?.show(message, basename(file));
  };
  try {
    await replayCall({
      ...call,
      url,
      key: options.key ?? context.environment['BONAFIDE_KEY'] ?? null,
      clock: context.clock,
      pace: options.fast ? 'fast' : 'live',
      onMessage,
    });
  } catch (error) {
    if (error instanceof ReplayError) throw new CliError(`${file}: ${error.message}`, EXIT.failure);
    throw error;
  }
}

async function read(
  file: string,
  options: ReplayCliOptions,
  context: CliContext,
): Promise<OfflineCall | null> {
  try {
    return await readWireCall(file, options);
  } catch (error) {
    const line = describeUnreadable(file, error);
    if (line === null) throw error;
    context.stderr.write(`${line}\n`);
    return null;
  }
}

async function startOwnService(options: ReplayCliOptions, context: CliContext): Promise<Service> {
  const config = readConfig(context.environment, {
    host: '127.0.0.1',
    port: '0',
    allowLoopback: 'true',
    logLevel: 'silent',
    ...(options.detector === undefined ? {} : { detectors: options.detector }),
  });
  return startService({ config, clock: context.clock, logger: createLogger(config.logLevel) });
}
