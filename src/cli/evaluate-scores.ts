import Table from 'cli-table3';
import { cllr, minCllr } from '../train/metrics/cllr.ts';
import { areaUnderRoc } from '../train/metrics/det.ts';
import { equalErrorRate, realisableEqualErrorRate } from '../train/metrics/eer.ts';
import { actDcf, minDcf } from '../train/metrics/min-dcf.ts';
import {
  ASVSPOOF2019_VERIFIER,
  minTandemDcf,
  tandemWeights2019,
  tandemWeights2021,
} from '../train/metrics/t-dcf.ts';
import type { TrialScores } from '../train/metrics/trials.ts';
import { countLeftOut, joinLabels, readLabelFile, readScoreFile } from '../train/score-files.ts';
import { type CliContext, CliError, EXIT, type ExitCode } from './context.ts';
import { isSystemError } from './system-error.ts';

/** Figures of a file of scores; rates are fractions. */
function figuresOf(scores: TrialScores) {
  const { eer, threshold } = equalErrorRate(scores);
  return {
    bonafide: scores.bonafide.length,
    spoof: scores.spoof.length,
    eer,
    eerRealisable: realisableEqualErrorRate(scores).eer,
    threshold,
    auc: areaUnderRoc(scores),
    minDcf: minDcf(scores),
    actDcf: actDcf(scores),
    cllr: cllr(scores),
    minCllr: minCllr(scores),
    minTandemDcf2019: minTandemDcf(scores, tandemWeights2019(ASVSPOOF2019_VERIFIER)),
    minTandemDcf2021: minTandemDcf(scores, tandemWeights2021(ASVSPOOF2019_VERIFIER)),
  };
}

/** `bonafide evaluate --scores FILE [--labels FILE]`: figures of anybody's score file. */
export function evaluateScores(
  options: { readonly scores: string; readonly labels?: string; readonly json?: boolean },
  context: CliContext,
): ExitCode {
  const figures = figuresOf(readTrials(options, context));
  if (options.json) {
    context.stdout.write(`${JSON.stringify(figures)}\n`);
    return EXIT.ok;
  }
  const table = new Table({ style: { head: [], border: [] } });
  table.push(
    ['trials', `${figures.bonafide} bona fide, ${figures.spoof} spoof`],
    ['EER', `${(100 * figures.eer).toFixed(3)} %  (threshold ${figures.threshold})`],
    ['EER at a threshold there is', `${(100 * figures.eerRealisable).toFixed(3)} %`],
    ['area under the ROC', figures.auc.toFixed(4)],
    ['minDCF / actDCF (ASVspoof 5)', `${figures.minDcf.toFixed(4)} / ${figures.actDcf.toFixed(4)}`],
    ['Cllr / least', `${figures.cllr.toFixed(4)} / ${figures.minCllr.toFixed(4)}`],
    ['min t-DCF (2019 form)', figures.minTandemDcf2019.toFixed(4)],
    ['min t-DCF (2021 form, verifier of 2019)', figures.minTandemDcf2021.toFixed(4)],
  );
  context.stdout.write(`${table.toString()}\n`);
  if (figures.eer > 0.5) {
    context.stderr.write(
      'the EER is above 50 %: higher scores must mean bona fide; flip the sign\n',
    );
  }
  return EXIT.ok;
}

function readTrials(
  { scores, labels }: { readonly scores: string; readonly labels?: string },
  { stderr }: CliContext,
): TrialScores {
  try {
    const given = readScoreFile(scores);
    const known = labels === undefined ? null : readLabelFile(labels);
    const leftOut = known === null ? 0 : countLeftOut(given, known);
    // Beside the figures, so that JSON stays JSON.
    if (leftOut > 0)
      stderr.write(`${leftOut} scores left out: not of the subset eval of ${labels}\n`);
    return joinLabels(given, known);
  } catch (error) {
    if (isSystemError(error)) throw new CliError(error.message, EXIT.unreadable);
    throw error;
  }
}
