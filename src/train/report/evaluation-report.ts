import { type Baseline, baselineTitle } from '../baseline.ts';
import type { SliceComparison } from '../compare.ts';
import type { ChannelJudgement } from '../judge-channel.ts';
import { nameOf, timesText } from '../render-slices.ts';
import {
  detChart,
  durationChart,
  reliabilityChart,
  rocChart,
  scoreHistogram,
  trainingCharts,
} from './charts.ts';
import { escapeMarkup, htmlTable, percentText } from './markup.ts';

export interface ReportInput {
  readonly title: string;
  /** One line each on what was judged on what. */
  readonly about: readonly string[];
  readonly judgements: readonly ChannelJudgement[];
  readonly comparison: readonly SliceComparison[];
  readonly baseline?: Baseline | undefined;
  /** Entries of the run's log; may be empty. */
  readonly log: readonly Readonly<Record<string, number>>[];
}

/** Of every report page. */
export const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 1000px; margin: 2rem auto; padding: 0 1rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(380px, 1fr)); gap: 1rem; }
svg { width: 100%; height: auto; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; }
th, td { padding: 2px 10px; border-bottom: 1px solid #8884; text-align: left; }
td.n { text-align: right; font-variant-numeric: tabular-nums; }
`;

/** A report as one HTML file that needs nothing else: no script, no font, no image from elsewhere. */
export function renderEvaluationReport(input: ReportInput): string {
  const { title, about, judgements } = input;
  const sections = [...new Set(judgements.map(({ figures }) => figures.split))].map((split) =>
    renderSplit(
      split,
      judgements.filter(({ figures }) => figures.split === split),
    ),
  );
  const training = trainingCharts(input.log);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeMarkup(title)}</title><style>${STYLE}</style></head><body>
<h1>${escapeMarkup(title)}</h1>
${about.map((line) => `<p>${escapeMarkup(line)}</p>`).join('\n')}
${sections.join('\n')}
${renderBaselineSection(input.baseline)}
${renderComparisonSection(input.comparison)}
${training.length === 0 ? '' : `<h2>Training</h2>\n<div class="charts">${training.join('\n')}</div>`}
</body></html>
`;
}

function renderSplit(split: string, judgements: readonly ChannelJudgement[]): string {
  const named = <T>(pick: (judgement: ChannelJudgement) => T) =>
    judgements.map((judgement) => ({ name: judgement.figures.channel, value: pick(judgement) }));
  const charts = [
    detChart(named(({ scores }) => scores)),
    rocChart(named(({ scores }) => scores)),
    durationChart(named(({ durations }) => durations)),
    reliabilityChart(named(({ calibration }) => calibration)),
    ...judgements.map(({ figures, scores, confusion }) =>
      scoreHistogram(figures.channel, scores, confusion.threshold),
    ),
  ];
  return `<h2>Split ${escapeMarkup(split)}</h2>
<p>After 4 s of speech, or all there is; error rates in per cent, with 95 % bootstrap intervals. False alerts and misses are at the shipped 1 % threshold,
the dashed line in the histograms.</p>
<div class="scroll">${channelTable(judgements)}</div>
<div class="charts">${charts.join('\n')}</div>
<h3>Verdicts while listening</h3>
<div class="scroll">${runningTable(judgements)}</div>
<h3>Slices</h3>
<div class="scroll">${sliceTable(judgements)}</div>`;
}

function channelTable(judgements: readonly ChannelJudgement[]): string {
  const head = [
    'channel',
    'human',
    'synthetic',
    'page-macro EER',
    '95 %',
    'pooled EER',
    'AUC',
    'minDCF',
    'actDCF',
    'Cllr',
    'least',
    'ECE',
    'false alerts',
    'misses',
    'precision',
    'F1',
  ];
  return htmlTable(
    head,
    judgements.map(({ figures, confusion, calibration, scores, ...rest }) => [
      figures.channel,
      String(scores.bonafide.length),
      String(scores.spoof.length),
      percentText(figures.pageMacroEer['4 s'] ?? Number.NaN),
      figures.pageMacroEerInterval.map(percentText).join(' – '),
      percentText(figures.pooledEer),
      rest.auc.toFixed(3),
      rest.minDcf.toFixed(3),
      rest.actDcf.toFixed(3),
      figures.cllr.toFixed(3),
      figures.minCllr.toFixed(3),
      calibration.ece.toFixed(3),
      percentText(confusion.falseAlertRate),
      percentText(confusion.missRate),
      percentText(confusion.precision),
      confusion.f1.toFixed(3),
    ]),
  );
}

function runningTable(judgements: readonly ChannelJudgement[]): string {
  const head = [
    'channel',
    'synthetic clips detected',
    'speech until then, median / 90 %',
    'human clips accused',
    'flips a clip',
    'without verdict at the end',
  ];
  return htmlTable(
    head,
    judgements.map(({ figures, running }) => [
      figures.channel,
      percentText(running.detected),
      timesText(running),
      percentText(running.falselyAccused),
      running.flipsPerClip.toFixed(3),
      percentText(running.withoutVerdict),
    ]),
  );
}

function sliceTable(judgements: readonly ChannelJudgement[]): string {
  const head = [
    'channel',
    'slice',
    'human',
    'synthetic',
    'EER',
    '95 %',
    'AUC',
    'false alerts',
    'misses',
  ];
  const rows = judgements.flatMap(({ slices }) =>
    slices.map((slice) => [
      slice.channel,
      nameOf(slice),
      String(slice.bonafide),
      String(slice.spoof),
      percentText(slice.eer),
      `${percentText(slice.eerInterval.low)} – ${percentText(slice.eerInterval.high)}`,
      slice.auc.toFixed(3),
      percentText(slice.falseAlertRate),
      percentText(slice.missRate),
    ]),
  );
  return htmlTable(head, rows);
}

function renderBaselineSection(baseline: Baseline | undefined): string {
  if (baseline === undefined) return '';
  const rows = baseline.figures.map((row) => [
    row.split,
    row.channel,
    ...Object.values(row.pageMacroEer).map(percentText),
    percentText(row.pooledEer),
    row.cllr.toFixed(3),
    row.minCllr.toFixed(3),
  ]);
  const head = ['split', 'channel', ...Object.keys(baseline.figures[0]?.pageMacroEer ?? {})];
  return `<h2>${escapeMarkup(baselineTitle(baseline))}</h2>
<p>Page-macro EER by speech heard.</p>
<div class="scroll">${htmlTable([...head, 'pooled EER', 'Cllr', 'least'], rows)}</div>`;
}

function renderComparisonSection(comparison: readonly SliceComparison[]): string {
  if (comparison.length === 0) return '';
  const rows = comparison.map((row) => [
    row.channel,
    nameOf(row),
    String(row.trials),
    percentText(row.difference),
    `${percentText(row.low)} … ${percentText(row.high)}`,
    row.verdict,
  ]);
  const head = ['channel', 'slice', 'clips', 'difference of EERs', '95 %', 'this detector is'];
  return `<h2>Comparison</h2>\n<div class="scroll">${htmlTable(head, rows)}</div>`;
}
