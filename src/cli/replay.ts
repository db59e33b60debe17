import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import { readConfig } from '../config.ts';
import { createLogger } from '../logger.ts';
import { findFreePort } from '../replay/peer-socket.ts';
import { PLATFORM_PEERS, peerOf } from '../replay/peers/all-peers.ts';
import type { PlatformPeer } from '../replay/peers/platform-peer.ts';
import { ReplayError, replayCall } from '../replay/replay-call.ts';
import { replayPlatform } from '../replay/replay-platform.ts';
import type { ServerMessage } from '../replay/server-message.ts';
import { traceLine } from '../replay/trace.ts';
import { type Service, startService } from '../server.ts';
import { type CliContext, CliError, EXIT, type ExitCode } from './context.ts';
import { wholeNumber } from './options.ts';
import { checkPlatformOptions, readPlatformCall } from './platform-options.ts';
import { TerminalView } from './terminal-view.ts';
import {
  addWireOptions,
  callIdsOf,
  describeUnreadable,
  readWireCall,
  type WireCliOptions,
} from './wire-options.ts';

interface ReplayCliOptions extends WireCliOptions {
  readonly as?: string;
  readonly url?: string;
  readonly tcpPort?: number;
  readonly key?: string;
  readonly apiKey?: string;
  readonly clientSecret?: string;
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
    .argument(
      '<files...>',
      'WAV, FLAC, MP3, Ogg Opus/Vorbis/FLAC, WebM Opus, or raw .ulaw/.alaw/.s16le (8 kHz)',
    )
    .addOption(
      new Option(
        '--as <platform>',
        'speak a telephony platform’s protocol; default: bonafide.v1',
      ).choices(PLATFORM_PEERS.map(({ id }) => id)),
    )
    .option(
      '--url <ws-url>',
      'server, e.g. ws://127.0.0.1:8080/v1/stream, with --as ws://127.0.0.1:8080; default: starts one',
    )
    .option(
      '--tcp-port <port>',
      'with --url and --as audiosocket: the server’s AudioSocket port',
      wholeNumber(1, 65_535),
      9092,
    )
    .option(
      '--key <key>',
      'API key, put where the platform carries it; default with --url: BONAFIDE_KEY',
    )
    .option(
      '--api-key <key>',
      'with --as audiohook: X-API-KEY of the integration; default: --key, which also reads the results',
    )
    .option(
      '--client-secret <base64>',
      'with --as audiohook: client secret of the integration, which signs the request',
    )
    .option(
      '--fast',
      'as fast as the server takes it instead of in real time; with --as: 4.5 s at once, then 1.35 x real time',
    )
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
  const peer = options.as === undefined ? null : peerOf(options.as);
  if (peer !== null) checkPlatformOptions(peer, files, options);
  const own = options.url === undefined ? await startOwnService(options, peer, context) : null;
  const job: ReplayJob = {
    options,
    context,
    peer,
    url: options.url ?? `ws://127.0.0.1:${own?.port}${peer === null ? '/v1/stream' : ''}`,
    tcpPort: own?.audioSocketPort ?? options.tcpPort ?? 0,
    key: options.key ?? (own === null ? (context.environment['BONAFIDE_KEY'] ?? null) : null),
    view: options.json ? null : new TerminalView(context.stdout),
  };
  const callIds = callIdsOf(files, options);
  let unreadable = 0;
  const one = async (file: string, index: number) => {
    const send = await read(file, callIds[index]!, job);
    if (send === null) unreadable++;
    else await stream(file, send);
  };
  try {
    if (options.together) await Promise.all(files.map(one));
    else for (const [index, file] of files.entries()) await one(file, index);
  } finally {
    job.view?.finish();
    await own?.close();
  }
  return unreadable > 0 ? EXIT.unreadable : EXIT.ok;
}

interface ReplayJob {
  readonly options: ReplayCliOptions;
  readonly context: CliContext;
  /** Null = the native protocol. */
  readonly peer: PlatformPeer | null;
  readonly url: string;
  readonly tcpPort: number;
  readonly key: string | null;
  readonly view: TerminalView | null;
}

async function stream(file: string, send: () => Promise<void>): Promise<void> {
  try {
    await send();
  } catch (error) {
    if (error instanceof ReplayError) throw new CliError(`${file}: ${error.message}`, EXIT.failure);
    throw error;
  }
}

function show(message: ServerMessage, file: string, { options, context, view }: ReplayJob): void {
  if (message.type === 'started' || message.type === 'error') {
    if (options.json && !options.stable) context.stdout.write(`${JSON.stringify(message)}\n`);
    return;
  }
  if (options.json) context.stdout.write(`${traceLine(message, options.stable === true)}\n`);
  view?.show(message, basename(file));
}

/** Reads a file. @returns what streams it, or null when it cannot be read */
async function read(
  file: string,
  callId: string,
  job: ReplayJob,
): Promise<(() => Promise<void>) | null> {
  try {
    return job.peer === null
      ? await readNative(file, callId, job)
      : await readAs(job.peer, file, { ...job, label: callId });
  } catch (error) {
    const line = describeUnreadable(file, error);
    if (line === null) throw error;
    job.context.stderr.write(`${line}\n`);
    return null;
  }
}

async function readNative(
  file: string,
  callId: string,
  job: ReplayJob,
): Promise<() => Promise<void>> {
  const { options, context, url, key } = job;
  const call = await readWireCall(file, { ...options, callId });
  return () =>
    replayCall({
      ...call,
      url,
      key,
      clock: context.clock,
      pace: options.fast ? 'fast' : 'live',
      onMessage: (message) => show(message, file, job),
    });
}

async function readAs(
  peer: PlatformPeer,
  file: string,
  // The platform's own call id is another in each run.
  job: ReplayJob & { readonly label: string },
): Promise<() => Promise<void>> {
  const { options, context, tcpPort, key, label } = job;
  const { call, timeline } = await readPlatformCall(file, peer, { ...options, key });
  return () =>
    replayPlatform({
      server: { url: serverUrlOf(job.url), tcpPort },
      peer,
      call,
      timeline,
      clock: context.clock,
      onEvent: (event) => show(options.stable ? { ...event, callId: label } : event, file, job),
    });
}

/** Paths of the server come below this: a path that was given as an endpoint is taken off. */
function serverUrlOf(url: string): string {
  return url.replace(/\/v1\/[^?]*$/, '').replace(/\/$/, '');
}

/** A service on loopback; a platform's scores come as often as the options say. */
async function startOwnService(
  options: ReplayCliOptions,
  peer: PlatformPeer | null,
  context: CliContext,
): Promise<Service> {
  const config = readConfig(context.environment, {
    host: '127.0.0.1',
    port: '0',
    // A platform that carries the key late would be taken for a loopback peer.
    allowLoopback: options.key === undefined ? 'true' : 'false',
    logLevel: 'silent',
    ...(options.detector === undefined ? {} : { detectors: options.detector }),
  });
  const platforms = {
    ...config.platforms,
    scoreIntervalMs: options.interval,
    off: [],
    audioSocketHost: '127.0.0.1',
    audioSocketPort: peer?.isTcp ? await findFreePort() : 0,
  };
  return startService({
    // The store belongs to the service whose settings these may be: it is in use there, and what alerts
    // on a recording is nothing to send to its destinations or to write into its decision log.
    config: { ...config, platforms, dataFolder: '' },
    clock: context.clock,
    logger: createLogger(config.logLevel),
    // Whose calls these are wants them all, however slow the machine is just now.
    busyLimit: 1,
  });
}
