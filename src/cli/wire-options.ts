import { basename } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { openRecording } from '../audio-files/open-recording.ts';
import { type Recording, RecordingError, readRecording } from '../audio-files/read-recording.ts';
import type { OfflineCall } from '../replay/offline-screener.ts';
import { type WireAudio, wireAudio, wireStream } from '../replay/prepare-audio.ts';
import { steadyTimeline, streamedTimeline, timelineOf } from '../replay/timeline.ts';
import {
  DEFAULT_SCORE_INTERVAL_MS,
  MAX_SCORE_INTERVAL_MS,
  MIN_SCORE_INTERVAL_MS,
} from '../score-interval.ts';
import type { LegStart } from '../stream/call.ts';
import type { CodecName } from '../stream/codecs/decoder.ts';
import type { LossOptions, TimedPacket } from '../stream/loss-simulation.ts';
import { CliError, EXIT } from './context.ts';
import { numberBetween, wholeNumber } from './options.ts';
import { isSystemError } from './system-error.ts';

/** Options that `replay` and `screen` share: what the wire looks like and what it does to packets. */
export interface WireCliOptions {
  /** Missing = `pcm16`, or what the platform usually carries. */
  readonly codec?: CodecName;
  readonly rate?: number;
  readonly opusBitrate?: number;
  readonly interval: number;
  readonly loss: number;
  readonly burst: number;
  readonly jitter: number;
  readonly reorder: number;
  readonly seed: number;
  readonly callId?: string;
  readonly roles?: readonly LegStart['role'][];
}

const CODECS = ['pcm16', 'mulaw', 'alaw', 'opus'] as const satisfies readonly CodecName[];
/** Of the native protocol's ids. */
const MAX_ID_LENGTH = 128;
const ROLES = ['caller', 'callee', 'agent', 'unknown'] as const;

/** Adds the shared options to a command. */
export function addWireOptions(command: Command): Command {
  return command
    .addOption(new Option('--codec <name>', 'wire codec; default: pcm16').choices(CODECS))
    .option(
      '--rate <Hz>',
      'wire sample rate, Hz; default: the file’s, or the next one the codec has',
      wholeNumber(8_000, 48_000),
    )
    .option('--opus-bitrate <bit/s>', 'Opus bit rate, 6000-128000', wholeNumber(6_000, 128_000))
    .option(
      '--interval <ms>',
      'stream time between scores, 100-5000 ms',
      wholeNumber(MIN_SCORE_INTERVAL_MS, MAX_SCORE_INTERVAL_MS),
      DEFAULT_SCORE_INTERVAL_MS,
    )
    .option('--loss <share>', 'share of packets lost, 0-1', numberBetween(0, 1), 0)
    .option('--burst <packets>', 'mean length of a loss burst, 1-50', numberBetween(1, 50), 1)
    .option('--jitter <ms>', 'largest random delay of a packet, 0-500 ms', numberBetween(0, 500), 0)
    .option(
      '--reorder <share>',
      'share of packets sent late by one or two, 0-1',
      numberBetween(0, 1),
      0,
    )
    .option('--seed <number>', 'seed of the simulated network', wholeNumber(0, 4_294_967_295), 1)
    .option('--call-id <id>', 'call id; default: the file’s name')
    .option(
      '--roles <list>',
      `role of each channel, comma-separated: ${ROLES.join(', ')}`,
      parseRoles,
    );
}

/** Codecs of a comma-separated list, each once. @throws CliError when one is not known */
export function codecsOf(list: string): CodecName[] {
  const names = list.split(',').map((name) => {
    const found = CODECS.find((known) => known === name);
    if (found !== undefined) return found;
    throw new CliError(`--codec must be of ${CODECS.join(', ')}, got ${name}`, EXIT.configuration);
  });
  return [...new Set(names)];
}

/** Parser of a list of roles, for commander. */
export function parseRoles(text: string): LegStart['role'][] {
  return text.split(',').map((role) => {
    const found = ROLES.find((known) => known === role);
    if (found === undefined) throw new InvalidArgumentError(`must be of ${ROLES.join(', ')}`);
    return found;
  });
}

/** A call whose packets are all at hand. */
export interface WireCall extends OfflineCall {
  readonly audio: WireAudio;
  readonly timeline: Iterable<TimedPacket>;
}

/** Reads and transcodes a file. @throws RecordingError when it is no audio */
export async function readWireCall(path: string, options: WireCliOptions): Promise<WireCall> {
  return wireCallOf(await readRecording(path), path, options);
}

/**
 * `readWireCall` for one pass over the packets: a large compressed file is decoded on the way, unless
 * a simulated network needs all packets at once. The packets are the same.
 */
export async function openWireCall(path: string, options: WireCliOptions): Promise<OfflineCall> {
  if (lossOf(options) !== null) return readWireCall(path, options);
  const recording = await openRecording(path);
  if (!('pieces' in recording)) return wireCallOf(recording, path, options);
  const audio = orConfigurationError(() =>
    wireStream(recording, { codec: 'pcm16', ...wireFormatOf(options) }),
  );
  const timeline = streamedTimeline(audio);
  return { audio, timeline, stamped: false, ...aboutCall(path, audio.format.channels, options) };
}

function wireCallOf(recording: Recording, path: string, options: WireCliOptions): WireCall {
  const loss = lossOf(options);
  const audio = orConfigurationError(() =>
    wireAudio(recording, { codec: 'pcm16', ...wireFormatOf(options) }),
  );
  return {
    audio,
    timeline: loss === null ? steadyTimeline(audio) : timelineOf(audio, loss),
    stamped: loss !== null,
    ...aboutCall(path, audio.format.channels, options),
  };
}

function aboutCall(path: string, channels: number, options: WireCliOptions) {
  return {
    callId: options.callId ?? callIdOf(path),
    legs: legsOf(channels, options.roles),
    scoreIntervalMs: options.interval,
  };
}

/** The wire format that the options ask for. */
export function wireFormatOf({ codec, rate, opusBitrate }: WireCliOptions) {
  return {
    ...(codec === undefined ? {} : { codec }),
    sampleRateHz: rate ?? null,
    ...(opusBitrate === undefined ? {} : { opusBitrate }),
  };
}

/** A format or rate that cannot be had is the options' fault. @throws CliError */
export function orConfigurationError<Value>(prepare: () => Value): Value {
  try {
    return prepare();
  } catch (error) {
    if (error instanceof RangeError) throw new CliError(error.message, EXIT.configuration);
    throw error;
  }
}

/** What the simulated network does; null = nothing. */
export function lossOf(options: WireCliOptions): LossOptions | null {
  const { loss, burst, jitter, reorder, seed } = options;
  if (loss === 0 && jitter === 0 && reorder === 0) return null;
  return {
    ...(burst > 1 && loss < 1 ? { burst: burstsOf(loss, burst) } : { lossShare: loss }),
    jitterMs: jitter,
    reorderShare: reorder,
    seed,
  };
}

/**
 * Bursts of a mean length whose share of the time gives the asked share of lost packets. Where more is
 * to be lost than bursts of that length leave room for, a packet between any two, they are longer.
 */
function burstsOf(loss: number, burst: number) {
  const lostToArrived = loss / (1 - loss);
  const leaveShare = 1 / Math.max(burst, lostToArrived);
  return { enterShare: Math.min(1, leaveShare * lostToArrived), leaveShare };
}

/** A call id a file: those that are live together must differ. */
export function callIdsOf(
  paths: readonly string[],
  { callId, together }: Pick<WireCliOptions, 'callId'> & { readonly together?: boolean },
): string[] {
  const taken = new Set<string>();
  return paths.map((path) => {
    const wanted = callId ?? callIdOf(path);
    let id = wanted;
    for (let number = 2; together && taken.has(id); number++) {
      const suffix = `-${number}`;
      id = cutTo(MAX_ID_LENGTH - suffix.length, wanted) + suffix;
    }
    taken.add(id);
    return id;
  });
}

/** The file's name, as far as the native protocol has room for it. */
function callIdOf(path: string): string {
  return cutTo(MAX_ID_LENGTH, basename(path));
}

function cutTo(length: number, text: string): string {
  const characters = [...text];
  while (characters.join('').length > length) characters.pop();
  return characters.join('');
}

/** Two legs of one role are told apart as the service does it: a call's leg ids differ. */
function legsOf(channels: number, roles: readonly LegStart['role'][] | undefined): LegStart[] {
  const defaults = ['caller', 'callee'] as const;
  const first = roles?.[0] ?? defaults[0];
  return Array.from({ length: channels }, (_, channel) => {
    const role = roles?.[channel] ?? defaults[channel]!;
    return { id: channel > 0 && role === first ? `${role}-${channel + 1}` : role, role };
  });
}

/** One line for a file that could not be used, or null when the fault is not the file's. */
export function describeUnreadable(path: string, error: unknown): string | null {
  if (error instanceof RecordingError) return `${path}: ${error.message}`;
  if (!isSystemError(error)) return null;
  return error.code === 'ENOENT'
    ? `${path}: no such file`
    : `${path}: cannot be read (${error.code})`;
}
