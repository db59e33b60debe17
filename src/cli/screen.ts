import { SingleBar } from 'cli-progress';
import Table from 'cli-table3';
import type { Command } from 'commander';
import { Option } from 'commander';
import pc from 'picocolors';
import { readConfig } from '../config.ts';
import { BrokenOffError, OfflineScreener, requireStopped } from '../replay/offline-screener.ts';
import { traceLine } from '../replay/trace.ts';
import type { LegTotals } from '../stream/events.ts';
import type { ScreeningEvent } from '../stream/screening-events.ts';
import { type CliContext, EXIT, type ExitCode } from './context.ts';
import {
  addWireOptions,
  describeUnreadable,
  openWireCall,
  type WireCliOptions,
} from './wire-options.ts';

interface ScreenOptions extends WireCliOptions {
  readonly json?: boolean;
  readonly stable?: boolean;
  readonly failOn?: 'synthetic' | 'undecided';
  readonly detector?: string;
}

type LegResult = LegTotals & { readonly leg: string };

/** `bonafide screen FILE…`: offline, the same path from samples to scores as the service. */
export function addScreenCommand(
  program: Command,
  context: CliContext,
  exit: (code: ExitCode) => void,
): void {
  const command = program
    .command('screen')
    .description('screen recordings offline: one verdict a leg, the same code path as the service')
    .argument(
      '<files...>',
      'WAV, FLAC, MP3, Ogg Opus/Vorbis/FLAC, WebM Opus, or raw .ulaw/.alaw/.s16le (8 kHz)',
    )
    .option('--json', 'one event a line on stdout instead of the table')
    .option('--stable', 'with --json: leave out what measures wall time')
    .option('--detector <folder>', 'detector folder; default: the embedded ones')
    .addOption(
      new Option('--fail-on <verdict>', `exit ${EXIT.found} when any leg has it`).choices([
        'synthetic',
        'undecided',
      ]),
    );
  addWireOptions(command).action(async (files: string[], options: ScreenOptions) => {
    exit(await screen(files, options, context));
  });
}

async function screen(
  files: readonly string[],
  options: ScreenOptions,
  context: CliContext,
): Promise<ExitCode> {
  const config = readConfig(context.environment, {
    ...(options.detector === undefined ? {} : { detectors: options.detector }),
  });
  const screener = await OfflineScreener.create({
    detectorFolders: config.detectorFolders,
    engine: config.engine,
    settings: config,
    clock: context.clock,
  });
  const progress = createProgress(context, options, files.length);
  const rows: { readonly file: string; readonly result: LegResult }[] = [];
  let problem: ExitCode = EXIT.ok;
  try {
    for (const file of files) {
      try {
        const events = await screener.screen(await openWireCall(file, options));
        if (options.json) writeTrace(events, options, context);
        rows.push(...requireStopped(events).legs.map((result) => ({ file, result })));
      } catch (error) {
        const { line, code } = problemOf(file, error);
        if (problem !== EXIT.failure) problem = code;
        context.stderr.write(`${line}\n`);
      }
      progress?.increment();
    }
  } finally {
    progress?.stop();
    await screener.close();
  }
  if (!options.json && rows.length > 0) context.stdout.write(`${renderTable(rows)}\n`);
  if (problem !== EXIT.ok) return problem;
  const found = rows.some(({ result }) => result.finalScore?.verdict === options.failOn);
  return found ? EXIT.found : EXIT.ok;
}

/** What is said of a file that has no verdict. @throws what is no file's fault */
function problemOf(file: string, error: unknown): { line: string; code: ExitCode } {
  if (error instanceof BrokenOffError) {
    return { line: `${file}: ${error.message}`, code: EXIT.failure };
  }
  const line = describeUnreadable(file, error);
  if (line === null) throw error;
  return { line, code: EXIT.unreadable };
}

function writeTrace(
  events: readonly ScreeningEvent[],
  options: ScreenOptions,
  context: CliContext,
): void {
  for (const event of events)
    context.stdout.write(`${traceLine(event, options.stable === true)}\n`);
}

function renderTable(rows: readonly { file: string; result: LegResult }[]): string {
  const table = new Table({
    head: ['file', 'leg', 'verdict', 'P(synthetic)', '90 % interval', 'speech', 'why not'],
    style: { head: [], border: [] },
  });
  for (const { file, result } of rows) {
    const score = result.finalScore;
    table.push([
      file,
      result.leg,
      colourOf(score?.verdict ?? 'undecided'),
      score?.syntheticProbability?.toFixed(3) ?? '–',
      score?.interval?.map((end) => end.toFixed(2)).join(' – ') ?? '–',
      `${(result.speechMs / 1000).toFixed(1)} s`,
      score?.abstain ?? '',
    ]);
  }
  return table.toString();
}

/** A verdict in its colour. */
export function colourOf(verdict: string): string {
  if (verdict === 'synthetic') return pc.red(verdict);
  return verdict === 'human' ? pc.green(verdict) : pc.yellow(verdict);
}

const PROGRESS_FROM_FILES = 5;

function createProgress(
  context: CliContext,
  options: ScreenOptions,
  total: number,
): SingleBar | null {
  if (options.json || total < PROGRESS_FROM_FILES || context.stderr.isTTY !== true) return null;
  const bar = new SingleBar({
    format: 'screening [{bar}] {value}/{total} files, {eta_formatted} left',
  });
  bar.start(total, 0);
  return bar;
}
