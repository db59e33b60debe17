import { CommanderError } from 'commander';
import { ScoreFileError } from '../backtest/score-file.ts';
import { ServerEndedError } from '../bench/server-process.ts';
import { ConfigError } from '../config.ts';
import { ModelError } from '../model/model-error.ts';
import { StoreError } from '../sqlite.ts';
import { CorpusError } from '../train/corpora/clip.ts';
import { CoderError } from '../train/ffmpeg-coders.ts';
import { RecipeError } from '../train/recipe.ts';
import { CliError, EXIT, type ExitCode } from './context.ts';
import { isSystemError } from './system-error.ts';

/** What is wrong outside of this program, told in one line. */
const CONFIGURATION_ERRORS = [
  ConfigError,
  ModelError,
  StoreError,
  ScoreFileError,
  CorpusError,
  RecipeError,
  CoderError,
];

/** The exit code of what a command threw. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.configuration;
  if (error instanceof CliError) return error.exitCode;
  const isConfiguration = CONFIGURATION_ERRORS.some((kind) => error instanceof kind);
  return isConfiguration ? EXIT.configuration : EXIT.failure;
}

/** True for what is wrong in this program itself: only then does a stack help anybody. */
export function needsStack(error: unknown): boolean {
  if (error instanceof CliError || error instanceof ServerEndedError) return false;
  return exitCodeOf(error) === EXIT.failure && !isSystemError(error);
}
