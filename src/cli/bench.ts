import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { Option } from 'commander';
import { NATIVE_SUBPROTOCOL } from '../adapters/native-messages.ts';
import { readRecording } from '../audio-files/read-recording.ts';
import { type AllocationFigures, measureAllocations } from '../bench/allocations.ts';
import { Load } from '../bench/load.ts';
import { nativeLoad, platformLoad } from '../bench/load-wire.ts';
import { residentBytes } from '../bench/resident-bytes.ts';
import { ServerProcess } from '../bench/server-process.ts';
import { readConfig } from '../config.ts';
import { loadDetector } from '../model/detector.ts';
import type { EngineKind } from '../model/engine.ts';
import { DEFAULT_PLATFORM_SETTINGS } from '../platform-settings.ts';
import { AUDIOHOOK_PEER } from '../replay/peers/audiohook-talk.ts';
import type { PlatformPeer } from '../replay/peers/platform-peer.ts';
import { TWILIO_PEERS } from '../replay/peers/twilio-peers.ts';
import { type PreparedAudio, prepareAudio, type WireOptions } from '../replay/prepare-audio.ts';
import {
  DEFAULT_SCORE_INTERVAL_MS,
  MAX_SCORE_INTERVAL_MS,
  MIN_SCORE_INTERVAL_MS,
} from '../score-interval.ts';
import type { CodecName } from '../stream/codecs/decoder.ts';
import { benchAlerts } from './bench-alerts.ts';
import { type RunFigures, renderRuns } from './bench-table.ts';
import { type CliContext, CliError, EXIT, type ExitCode } from './context.ts';
import { wholeNumber } from './options.ts';

const fixture = (name: string) =>
  fileURLToPath(new URL(`../../test/fixtures/${name}`, import.meta.url));

/** Prompts read without pauses: more than nine frames of ten are near speech. */
const DENSE = [
  'human_allison_en_8k.flac',
  'synth_hifigan_v3_allison_en_8k.flac',
  'human_carlo_it_8k.flac',
  'synth_hifigan_v2_june_fr_8k.flac',
].map(fixture);
/** Both sides of a conversation, as a call has them: each listens while the other speaks. */
const CONVERSATION = [fixture('two_channel_left_human_right_synthetic.flac')];

/** Synthetic voices without pauses. */
const SYNTHETIC = DENSE.filter((path) => path.includes('synth_'));

/** Platforms that the load can speak. */
const LOAD_PEERS: readonly PlatformPeer[] = [
  ...TWILIO_PEERS.filter(({ id }) => id === 'twilio'),
  AUDIOHOOK_PEER,
];

interface BenchOptions {
  readonly as?: string;
  readonly calls: number;
  readonly seconds: number;
  readonly codec: CodecName;
  readonly rate?: number;
  readonly interval?: number;
  readonly speech: 'conversation' | 'dense';
  readonly compare?: boolean;
  readonly compareCalls: number;
  readonly alerts?: boolean;
  readonly json?: string;
}

/** `bonafide bench`: loads a server process from this process and prints a table and JSON. */
export function addBenchCommand(
  program: Command,
  context: CliContext,
  exit: (code: ExitCode) => void,
): void {
  program
    .command('bench')
    .description('load a server of its own process with live calls of real speech; table and JSON')
    .option('--calls <number>', 'live calls, 1-5000', wholeNumber(1, 5_000), 300)
    .addOption(
      new Option('--as <platform>', 'protocol of the load; default: bonafide.v1').choices(
        LOAD_PEERS.map(({ id }) => id),
      ),
    )
    .option('--seconds <s>', 'measured time, 5-3600 s', wholeNumber(5, 3_600), 30)
    .addOption(
      new Option('--codec <name>', 'wire codec')
        .choices(['pcm16', 'mulaw', 'alaw', 'opus'])
        .default('mulaw'),
    )
    .addOption(
      new Option('--speech <kind>', 'sides of a conversation, or prompts read without pauses')
        .choices(['conversation', 'dense'])
        .default('conversation'),
    )
    .option('--rate <Hz>', 'wire sample rate; default 8000, Opus 16000', wholeNumber(8_000, 48_000))
    .option(
      '--interval <ms>',
      'stream time between scores, 100-5000 ms; default what the service does by itself: 500, with --as 1000',
      wholeNumber(MIN_SCORE_INTERVAL_MS, MAX_SCORE_INTERVAL_MS),
    )
    .option('--compare', 'also run the TensorFlow.js engine (wasm) and print the CPU ratio')
    .option('--compare-calls <number>', 'live calls of that run, 1-500', wholeNumber(1, 500), 40)
    .option('--alerts', 'measure the way of alerts to webhooks instead, beside receivers that fail')
    .option('--json <path>', 'also write the figures to a file')
    .action(async (options: BenchOptions) => {
      exit(await bench(options, context));
    });
}

async function bench(options: BenchOptions, context: CliContext): Promise<ExitCode> {
  const rateHz = options.rate ?? (options.codec === 'opus' ? 16_000 : 8_000);
  const peer = LOAD_PEERS.find(({ id }) => id === options.as) ?? null;
  checkCarried(peer, options.codec, rateHz);
  if (options.alerts) return alertsOnly(options, rateHz, context);
  const recordings = await readSpeech(options.speech === 'dense' ? DENSE : CONVERSATION, {
    codec: options.codec,
    sampleRateHz: rateHz,
  });
  const runs = [await runLoad('onnx', options.calls, { options, peer, recordings, context })];
  if (options.compare) {
    runs.push(await runLoad('onnx', options.compareCalls, { options, peer, recordings, context }));
    runs.push(
      await runLoad('tfjs-wasm', options.compareCalls, { options, peer, recordings, context }),
    );
  }
  const allocations = await allocationsOf(context);
  const ratio =
    runs.length === 3 ? runs[2]!.cpuMsPerCallSecond / runs[1]!.cpuMsPerCallSecond : null;
  const report = { machine: machineOf(), runs, tfjsToOnnxCpuRatio: ratio, allocations };
  context.stdout.write(`${renderRuns(runs)}\n`);
  if (ratio !== null) {
    context.stdout.write(`CPU per call-second, tfjs / onnx, same calls: ${ratio.toFixed(1)}\n`);
  }
  context.stdout.write(
    `heap bytes per packet in ring, decoder and dsp: ${allocations.bytesPerPacket.toFixed(2)}\n`,
  );
  context.stdout.write(`${JSON.stringify(report)}\n`);
  if (options.json !== undefined) {
    writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
  }
  return EXIT.ok;
}

async function alertsOnly(
  options: BenchOptions,
  sampleRateHz: number,
  context: CliContext,
): Promise<ExitCode> {
  const { calls, seconds, codec, json } = options;
  const intervalMs = scoreIntervalMsOf(options);
  const recordings = await readSpeech(SYNTHETIC, { codec, sampleRateHz });
  const { report, code } = await benchAlerts({ calls, seconds, intervalMs, recordings }, context);
  const text = { machine: machineOf(), alerts: report };
  context.stdout.write(`${JSON.stringify(text)}\n`);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(text, null, 2)}\n`);
  return code;
}

/** As a start message and a platforms file without a word on it have it. */
function scoreIntervalMsOf({ interval, as }: BenchOptions): number {
  const byItself =
    as === undefined ? DEFAULT_SCORE_INTERVAL_MS : DEFAULT_PLATFORM_SETTINGS.scoreIntervalMs;
  return interval ?? byItself;
}

/** @throws CliError for a format that a platform does not carry */
function checkCarried(peer: PlatformPeer | null, codec: CodecName, rateHz: number): void {
  if (peer === null) return;
  const carried = peer.formats.some(
    (format) => format.codec === codec && format.ratesHz.includes(rateHz),
  );
  if (carried) return;
  throw new CliError(`--as ${peer.id}: no ${codec} of ${rateHz} Hz`, EXIT.configuration);
}

/** The recordings as wire packets, one a channel. */
async function readSpeech(paths: readonly string[], wire: WireOptions): Promise<PreparedAudio[]> {
  const prepared: PreparedAudio[] = [];
  for (const path of paths) {
    const recording = await readRecording(path);
    for (const channel of recording.channels) {
      prepared.push(prepareAudio({ ...recording, channels: [channel] }, wire));
    }
  }
  return prepared;
}

interface RunParts {
  readonly options: BenchOptions;
  /** Null = the native protocol. */
  readonly peer: PlatformPeer | null;
  readonly recordings: readonly PreparedAudio[];
  readonly context: CliContext;
}

const WARM_UP_SECONDS = 5;
const WARM_UP_CALLS = 8;
/** Else all calls would speak and be silent at once, and a short run would tell of a part of the recording. */
const PACKETS_APART = 37;
/** Memory is compared between the calls and half as many more: heaps have slack, and few calls drown in it. */
const FURTHER_SHARE = 0.5;
/** Rings of six seconds have been round once. */
const SETTLE_SECONDS = 7;
function startServer(
  engine: EngineKind,
  maxCalls: number,
  { options, context, folder }: Pick<RunParts, 'options' | 'context'> & { folder: string },
): Promise<ServerProcess> {
  const platformsFile = join(folder, 'platforms.yaml');
  // A platform does not say how often it wants scores.
  writeFileSync(platformsFile, `scoreIntervalMs: ${scoreIntervalMsOf(options)}\n`);
  return ServerProcess.start({
    command: context.selfCommand,
    environment: context.environment,
    onStopSignal: context.onStopSignal,
    settings: {
      BONAFIDE_PLATFORMS_FILE: platformsFile,
      BONAFIDE_ENGINE: engine,
      BONAFIDE_MAX_CALLS: String(maxCalls),
      BONAFIDE_MAX_CALLS_PER_KEY: String(maxCalls),
    },
  });
}

async function runLoad(engine: EngineKind, calls: number, parts: RunParts): Promise<RunFigures> {
  const furtherCalls = Math.ceil(calls * FURTHER_SHARE);
  const folder = mkdtempSync(join(tmpdir(), 'bonafide-bench-'));
  try {
    const server = await startServer(engine, calls + furtherCalls, { ...parts, folder });
    try {
      const figures = await server.during(measureLoad(server, { calls, furtherCalls }, parts));
      return { engine, ...figures };
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureLoad(
  server: ServerProcess,
  { calls, furtherCalls }: { readonly calls: number; readonly furtherCalls: number },
  { options, peer, recordings, context }: RunParts,
): Promise<Omit<RunFigures, 'engine'>> {
  const { clock } = context;
  const target = { url: `ws://127.0.0.1:${server.port}`, clock };
  const scoreIntervalMs = scoreIntervalMsOf(options);
  const wire =
    peer === null ? nativeLoad(target, scoreIntervalMs) : await platformLoad(target, peer);
  const load = new Load({ wire, clock, recordings, packetsApart: PACKETS_APART });
  // A few calls first, so that code is compiled and pools are filled before memory is compared.
  await load.open(Math.min(WARM_UP_CALLS, calls));
  await load.run(WARM_UP_SECONDS);
  const idle = await server.figures();
  const callsBefore = load.calls;
  await load.open(calls);
  await load.run(WARM_UP_SECONDS);
  load.take();
  const before = await server.figures();
  const startedAtMs = clock.nowMs();
  await load.run(options.seconds);
  const after = await server.figures();
  const seconds = (clock.nowMs() - startedAtMs) / 1000;
  const figures = load.take();
  const residentAfter = await residentBytes(server, load);
  await load.open(calls + furtherCalls);
  await load.run(SETTLE_SECONDS);
  const residentFurther = await residentBytes(server, load);
  await load.close();
  const grownBytes = after.residentBytes - idle.residentBytes;
  return {
    protocol: peer?.id ?? NATIVE_SUBPROTOCOL,
    speech: options.speech,
    codec: recordings[0]!.format.codec,
    sampleRateHz: recordings[0]!.format.sampleRateHz,
    scoreIntervalMs,
    calls,
    seconds,
    cpuMsPerCallSecond: ((after.cpuSeconds - before.cpuSeconds) * 1000) / (seconds * calls),
    residentKbPerCall: grownBytes / 1024 / Math.max(1, calls - callsBefore),
    residentKbPerFurtherCall: (residentFurther - residentAfter) / 1024 / furtherCalls,
    ...figures,
  };
}

async function allocationsOf(context: CliContext): Promise<AllocationFigures> {
  const { detectorFolders } = readConfig(context.environment);
  const detector = await loadDetector(detectorFolders[0]!);
  const audio = prepareAudio(await readRecording(DENSE[0]!), {
    codec: 'mulaw',
    sampleRateHz: 8_000,
  });
  return measureAllocations(audio, detector);
}

function machineOf(): { cpu: string; cores: number } {
  return { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length };
}
