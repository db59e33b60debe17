import Table from 'cli-table3';
import type { Command } from 'commander';
import { EMBEDDED_DETECTOR_FOLDERS } from '../config.ts';
import { loadDetector } from '../model/detector.ts';
import { type CliContext, EXIT, type ExitCode } from './context.ts';

/** `bonafide models [FOLDER…]`: verifies detectors and lists them. */
export function addModelsCommand(
  program: Command,
  context: CliContext,
  exit: (code: ExitCode) => void,
): void {
  program
    .command('models')
    .description('verify detector folders (hashes, versions, shapes) and list them')
    .argument('[folders...]', 'default: the embedded detectors')
    .action(async (folders: string[]) => {
      const table = new Table({
        head: ['detector', 'rate', 'frames a step', 'state', 'folder'],
        style: { head: [], border: [] },
      });
      for (const folder of folders.length > 0 ? folders : EMBEDDED_DETECTOR_FOLDERS) {
        const { id, manifest } = await loadDetector(folder);
        const { framesPerStep, stateSize } = manifest.signature;
        table.push([id, `${manifest.sampleRateHz} Hz`, framesPerStep, stateSize, folder]);
      }
      context.stdout.write(`${table.toString()}\n`);
      exit(EXIT.ok);
    });
}
