import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CorpusError } from './corpora/clip.ts';
import type { SplitFigures } from './evaluate-detector.ts';

/** What the same pipeline reaches with a plain network: the row that others are held against. */
export interface Baseline {
  readonly name: string;
  readonly parameters: number;
  readonly figures: readonly SplitFigures[];
}

/** Reads the figures of a detector folder that training wrote. @throws CorpusError */
export function readBaseline(folder: string): Baseline {
  try {
    const manifest = readJson(join(folder, 'manifest.json')) as {
      name: string;
      version: string;
      training: { parameters: number };
    };
    const report = readJson(join(folder, 'report/figures.json')) as { figures: SplitFigures[] };
    // Before the training that they are to stand beside.
    if (!Array.isArray(report.figures)) throw new Error('report/figures.json has no figures');
    return {
      name: `${manifest.name} ${manifest.version}`,
      parameters: manifest.training.parameters,
      figures: report.figures,
    };
  } catch (error) {
    throw new CorpusError(`${folder} is no detector with figures: ${(error as Error).message}`);
  }
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** What the baseline is, in one line. */
export function baselineTitle({ name, parameters }: Baseline): string {
  return `Baseline: the plain LSTM on mel cepstra through the same pipeline (${name}, ${parameters} parameters)`;
}
