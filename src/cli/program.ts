import { Command } from 'commander';
import { addAlertsCommand } from './alerts.ts';
import { addBacktestCommand } from './backtest.ts';
import { addBenchCommand } from './bench.ts';
import { type CliContext, EXIT, type ExitCode } from './context.ts';
import { addCorpusCommand } from './corpus.ts';
import { addDemoCommand } from './demo.ts';
import { addEvaluateCommand } from './evaluate.ts';
import { addExportCommand } from './export.ts';
import { addFeedbackCommand } from './feedback.ts';
import { addHealthCommand } from './health.ts';
import { addKeysCommand } from './keys.ts';
import { addLogCommand } from './log.ts';
import { addModelsCommand } from './models.ts';
import { addPolicyCommand } from './policy.ts';
import { addReferenceCommand } from './reference.ts';
import { addReplayCommand } from './replay.ts';
import { addScreenCommand } from './screen.ts';
import { addServeCommand } from './serve.ts';
import { addTrainCommand } from './train.ts';

const EXIT_CODES_HELP = `
Exit codes:
  ${EXIT.ok}  done
  ${EXIT.failure}  failed
  ${EXIT.configuration}  wrong options or configuration, or a detector that is not what its manifest says
  ${EXIT.unreadable}  an input could not be read; the others were done
  ${EXIT.worse}  a comparison found a slice significantly worse
  ${EXIT.found}  screen --fail-on: the verdict was found`;

/** The command line: one file a command. `exit` is told the exit code of the one that ran. */
export function createProgram(context: CliContext, exit: (code: ExitCode) => void): Command {
  const program = new Command('bonafide')
    .description('Screens live phone calls for deepfake voices.')
    .version('0.1.0')
    // Before the commands are added: they inherit it, those of `keys` too.
    .exitOverride()
    .showHelpAfterError('(add --help for what is expected)')
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
    })
    .addHelpText('after', EXIT_CODES_HELP);
  for (const add of [
    addServeCommand,
    addReplayCommand,
    addScreenCommand,
    addBenchCommand,
    addTrainCommand,
    addEvaluateCommand,
    addCorpusCommand,
    addExportCommand,
    addReferenceCommand,
    addModelsCommand,
    addKeysCommand,
    addAlertsCommand,
    addPolicyCommand,
    addBacktestCommand,
    addFeedbackCommand,
    addLogCommand,
    addHealthCommand,
    addDemoCommand,
  ]) {
    add(program, context, exit);
  }
  return program;
}
