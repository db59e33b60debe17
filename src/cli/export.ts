import { join } from 'node:path';
import type { Command } from 'commander';
import { renderFigures } from '../train/card.ts';
import { finishDetector } from '../train/finish-detector.ts';
import { loadTrained } from '../train/train-run.ts';
import { type CliContext, CliError, EXIT, type ExitCode } from './context.ts';
import { addRunOptions, type TrainCliOptions } from './train.ts';
import { readTrainInputs } from './train-inputs.ts';

/** `bonafide export`: a run's checkpoint, calibrated and evaluated, as a detector folder. */
export function addExportCommand(
  program: Command,
  context: CliContext,
  exit: (code: ExitCode) => void,
): void {
  const command = program
    .command('export')
    .description('make a detector folder of a run’s last checkpoint (ONNX, TensorFlow.js, card)');
  addRunOptions(command).action(async (options: TrainCliOptions) => {
    const inputs = await readTrainInputs(options, context);
    const runFolder = join(options.run, `${inputs.recipe.name}-seed${inputs.recipe.seed}`);
    const trained = loadTrained({ ...inputs, runFolder });
    if (trained === null) {
      throw new CliError(`${runFolder} has no checkpoint of this recipe`, EXIT.configuration);
    }
    const figures = await finishDetector({
      ...inputs,
      trained,
      runFolder,
      outFolder: options.out,
    });
    context.stdout.write(`${renderFigures(figures)}\nwritten to ${options.out}\n`);
    exit(EXIT.ok);
  });
}
