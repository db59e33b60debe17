import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { readArchive } from '../backtest/archive.ts';
import {
  type BacktestResult,
  backtestResult,
  isAnySliceWorse,
} from '../backtest/backtest-result.ts';
import { renderBacktestHtml } from '../backtest/render-html.ts';
import { renderBacktest } from '../backtest/render-text.ts';
import { ReplayPool } from '../backtest/replay-pool.ts';
import type { ReplayReport } from '../backtest/run-replays.ts';
import { ScoreFile } from '../backtest/score-file.ts';
import { readConfig } from '../config.ts';
import {
  DEFAULT_SCORE_INTERVAL_MS,
  MAX_SCORE_INTERVAL_MS,
  MIN_SCORE_INTERVAL_MS,
} from '../score-interval.ts';
import type { LegRole } from '../stream/call.ts';
import { SPLITS, type Split } from '../train/corpora/clip.ts';
import { type BacktestParts, replayAndJudge, variantsOf } from './backtest-run.ts';
import { type CliContext, CliError, EXIT, type ExitCode } from './context.ts';
import { jsonBeside } from './json-beside.ts';
import { collect, collectPair, platformOption, wholeNumber } from './options.ts';
import { codecsOf, parseRoles } from './wire-options.ts';

export interface BacktestOptions {
  readonly archive: string;
  readonly split?: Split;
  readonly policy: readonly string[];
  readonly detector: readonly string[];
  readonly codec: string;
  readonly rate?: number;
  readonly interval: number;
  readonly roles?: readonly LegRole[];
  readonly key: string;
  readonly platform: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly severity: 'watch' | 'alert';
  readonly workers?: number;
  readonly results: string;
  readonly report?: string;
  readonly json?: boolean;
}

/** `bonafide backtest`: what policies and detectors would have raised on recorded calls. */
export function addBacktestCommand(
  program: Command,
  context: CliContext,
  exit: (code: ExitCode) => void,
): void {
  program
    .command('backtest')
    .description('replay recordings and count alerts, misses and false alerts of policies')
    .requiredOption(
      '--archive <path>',
      'folder with manifest.csv, with real/ and fake/, or with unlabelled recordings',
    )
    .addOption(new Option('--split <name>', 'only this split of the manifest').choices(SPLITS))
    .option(
      '--policy <file>',
      'policies file (repeat to compare); default: the default',
      collect,
      [],
    )
    .option(
      '--detector <folders>',
      'detector folders, comma-separated (repeat to compare)',
      collect,
      [],
    )
    .option('--codec <list>', 'lines to simulate: pcm16, mulaw, alaw, opus', 'mulaw')
    .option('--rate <Hz>', 'sample rate of the line', wholeNumber(8_000, 48_000))
    .option(
      '--interval <ms>',
      'stream time between scores',
      wholeNumber(MIN_SCORE_INTERVAL_MS, MAX_SCORE_INTERVAL_MS),
      DEFAULT_SCORE_INTERVAL_MS,
    )
    .option('--roles <list>', 'role of each channel; default: caller,callee', parseRoles)
    .option('--key <name>', 'key name of the calls', 'backtest')
    .addOption(platformOption())
    .option('--metadata <name=value>', 'metadata of the calls (repeat)', collectPair, {})
    .addOption(
      new Option('--severity <name>', 'least severity of the policies that count')
        .choices(['watch', 'alert'])
        .default('watch'),
    )
    .option('--workers <number>', 'threads; default: cores − 1', wholeNumber(1, 256))
    .option('--results <file>', 'scores so far; a run goes on from it', '.cache/backtest.jsonl')
    .option('--report <html>', 'page with pictures; its figures go into a JSON file beside it')
    .option('--json', 'the result as JSON')
    .action(async (options: BacktestOptions) => {
      exit(await backtest(options, context));
    });
}

async function backtest(options: BacktestOptions, context: CliContext): Promise<ExitCode> {
  // Before the work: a folder that cannot be made should not cost an hour.
  if (options.report !== undefined) mkdirSync(dirname(options.report), { recursive: true });
  const parts = await prepare(options, context);
  const { file, replayer } = parts;
  const { report, trials } = await replayAndJudge(parts).finally(() => replayer.close());
  sayLost(report, file, context);
  if (!report.isComplete) {
    context.stderr.write(`stopped; the same command goes on from ${options.results}\n`);
    return EXIT.failure;
  }
  if (trials.length === 0) throw new CliError('no recording could be replayed', EXIT.unreadable);
  const { variants } = parts;
  const archive = basename(resolve(options.archive));
  const result = backtestResult({ archive, variants, lost: report.lost }, trials);
  if (options.report !== undefined) {
    writeFileSync(options.report, renderBacktestHtml(result, trials));
    writeFileSync(jsonBeside(options.report), jsonOf(result));
  }
  context.stdout.write(options.json ? jsonOf(result) : `${renderBacktest(result)}\n`);
  if (isAnySliceWorse(result)) return EXIT.worse;
  return report.lost.length > 0 ? EXIT.unreadable : EXIT.ok;
}

async function prepare(options: BacktestOptions, context: CliContext): Promise<BacktestParts> {
  const config = readConfig(context.environment, {});
  const { variants, detectorSets, policies, limits } = await variantsOf(options, config);
  const codecs = codecsOf(options.codec);
  const sampleRateHz = options.rate ?? null;
  const { interval: scoreIntervalMs } = options;
  const { priorSynthetic, falseAlertRate, engine } = config;
  const replayer = new ReplayPool(
    {
      detectorSets: detectorSets.map(({ folders }) => folders),
      ...{ engine, sampleRateHz, scoreIntervalMs },
      settings: { priorSynthetic, falseAlertRate },
    },
    options.workers ?? Math.max(1, config.lanes),
  );
  return {
    ...{ variants, policies, limits, replayer, options, context, config },
    plan: {
      recordings: readArchive(options.archive, options.split ?? null),
      detectorSets: detectorSets.map(({ sha256 }) => sha256),
      ...{ codecs, sampleRateHz, scoreIntervalMs, priorSynthetic },
    },
    file: new ScoreFile(options.results),
  };
}

function sayLost({ lost, known, total }: ReplayReport, file: ScoreFile, { stderr }: CliContext) {
  for (const { name, kind, reason } of lost) stderr.write(`${name}: ${kind}: ${reason}\n`);
  const unread = lost.length === 0 ? '' : `, ${lost.length} not replayed`;
  stderr.write(`${total} replays, ${known} of them known before${unread}\n`);
  if (file.unsaved > 0) {
    stderr.write(
      `${file.unsaved} scores could not be saved (${file.problem}); the result has them\n`,
    );
  }
}

function jsonOf(result: BacktestResult): string {
  return `${JSON.stringify(result, null, 1)}\n`;
}
