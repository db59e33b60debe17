import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { loadDetector } from '../model/detector.ts';
import type { AuditReport } from '../train/audit/shortcut-audit.ts';
import { averageDetectors } from '../train/average.ts';
import { renderFigures } from '../train/card.ts';
import { finishDetector } from '../train/finish-detector.ts';
import type { Recipe } from '../train/recipe.ts';
import { hasCheckpoint } from '../train/run-folder.ts';
import { loadTrained, type TrainedNetwork } from '../train/train-run.ts';
import { type CliContext, EXIT, type ExitCode } from './context.ts';
import { AUDIT_FILE, addRunOptions, type TrainCliOptions } from './train.ts';
import { noCheckpoint, readTrainInputs, runOf } from './train-inputs.ts';

interface ExportCliOptions extends TrainCliOptions {
  readonly average?: string;
}

/** `bonafide export`: a run's checkpoint, calibrated and evaluated, as a detector folder. */
export function addExportCommand(
  program: Command,
  context: CliContext,
  exit: (code: ExitCode) => void,
): void {
  const command = program
    .command('export')
    .description('make a detector folder of a run’s last checkpoint (ONNX, TensorFlow.js, card)');
  addRunOptions(command)
    .option('--from <folder>', 'the detector that the run went on from')
    .option(
      '--average <folders>',
      'instead of a checkpoint: the mean of the weights of these detectors, comma-separated, which went on from one',
    )
    .action(async (options: ExportCliOptions) => {
      const { recipe, runFolder } = await runOf(options);
      // Before minutes go into features.
      const mean = options.average === undefined ? null : await meanOf(options.average, recipe);
      if (mean === null && !hasCheckpoint(runFolder)) throw noCheckpoint(runFolder);
      const checkpoint = mean === null ? 'needed' : 'ignored';
      const inputs = await readTrainInputs(
        { ...options, firstTakesOnly: true, checkpoint },
        context,
      );
      inputs.audio.clear();
      const trained = mean ?? loadTrained({ ...inputs, runFolder });
      if (trained === null) throw noCheckpoint(runFolder);
      const audit = readAudit(join(runFolder, AUDIT_FILE));
      const figures = await finishDetector({
        ...inputs,
        trained,
        runFolder,
        outFolder: options.out,
        ...(audit === null ? {} : { audit }),
      });
      context.stdout.write(`${renderFigures(figures)}\nwritten to ${options.out}\n`);
      exit(EXIT.ok);
    });
}

/** The mean of the detectors in these folders. */
async function meanOf(folders: string, recipe: Recipe): Promise<TrainedNetwork> {
  const detectors = await Promise.all(folders.split(',').map((folder) => loadDetector(folder)));
  return averageDetectors(detectors, recipe);
}

/** What the audit of the run found, when it has been audited. */
function readAudit(path: string): AuditReport | null {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as AuditReport) : null;
}
