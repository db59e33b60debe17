import type { NetworkPlan } from '../model/network.ts';
import type { AuditReport } from './audit/shortcut-audit.ts';
import { type Baseline, baselineTitle } from './baseline.ts';
import type { Clip } from './corpora/clip.ts';
import type { Decision, SplitFigures } from './evaluate-detector.ts';
import type { Recipe } from './recipe.ts';
import { percentText } from './report/markup.ts';
import { type UnreadableClip, unreadableNotes } from './unreadable.ts';

export interface CardOptions {
  readonly recipe: Recipe;
  readonly plan: NetworkPlan;
  readonly clips: readonly Clip[];
  readonly figures: readonly SplitFigures[];
  readonly decision: Decision;
  readonly audit?: AuditReport | undefined;
  readonly baseline?: Baseline | undefined;
  /** Detectors whose weights were averaged; absent = the weights are of one training. */
  readonly meanOf?: readonly string[] | undefined;
  /** Detectors that the training went on from, newest first; absent = from fresh weights. */
  readonly wentOnFrom?: readonly string[] | undefined;
  /** Clips of the corpus that are not among `clips`. Default: none. */
  readonly unreadable?: readonly UnreadableClip[] | undefined;
}

/** The detector's card, in Markdown. */
export function renderCard(options: CardOptions): string {
  const { recipe, plan } = options;
  return `# ${recipe.name} ${recipe.version}

${recipe.description || 'A detector of synthetic speech for telephone calls.'}

- ${recipe.frontEnd.sampleRateHz} Hz; ${recipe.frontEnd.bands} ${recipe.frontEnd.scale} bands of log energy${recipe.frontEnd.cepstra === null ? '' : `, ${recipe.frontEnd.cepstra} cepstra`}, ${recipe.frontEnd.windowMs}-ms windows every ${recipe.frontEnd.hopMs} ms, frames near speech only.
- Network: ${plan.spec.architecture}, ${plan.parameterCount} parameters, ${(plan.flopsPerFrame / 1e6).toFixed(2)} MFLOP a frame, ${plan.signature.stateSize * 4} bytes of state a leg${plan.spec.quantisation === undefined ? '' : '; served with its convolutions in 8-bit integers, which is how it was calibrated and judged'}.
- ${renderMaking(options)}

## Data
${renderData(options.clips)}${unreadableNotes(options.unreadable)
  .map((note) => `\n${note}\n`)
  .join('')}
${renderOrigin(options)} The audio is not part of this project.
${renderAuditNote(options.audit)}
## Figures
Page-macro EER: mean over pages with at least five clips of each label, in per cent (chance is 50). \`val\` served calibration and watching the training,
\`dev\` choosing between recipes; neither gave gradients.

${renderFigures(options.figures)}
${renderBaseline(options.baseline)}
${renderThresholds(options.decision)}

## Where it fails
The rows above tell: noise, rooms and short speech cost most, and the last column is what the strict threshold lets through. Languages and accents are not
measured apart. Thresholds found on one population of calls do not carry over to another: measure your own with \`bonafide evaluate\`.

## What the score is not
It is no identity check, no proof, and no statement of intent: a human voice can lie and a synthetic one can be honest. It must not be the only ground for a
decision about a person.
`;
}

function renderBaseline(baseline: Baseline | undefined): string {
  if (baseline === undefined) return '';
  return `${baselineTitle(baseline)}:\n\n${renderFigures(baseline.figures)}`;
}

function renderThresholds({ thresholds, hourlyThresholds = [] }: Decision): string {
  const perCall = thresholds.map(
    ({ falseAlertRate, llr }) => `${percentText(falseAlertRate)} % at ${llr}`,
  );
  const perHour = hourlyThresholds.map(
    ({ falseAlertsPerHour, llr }) => `${falseAlertsPerHour} at ${llr}`,
  );
  return (
    'Thresholds (LLR, positive = bona fide), by the share of human calls called synthetic at any time from 4 s of speech on, or at the end of a shorter call ' +
    `(calls of up to 20 s of speech, put together from the clips of one voice of \`val\`, all channels; most are short): ${perCall.join(', ')}. ` +
    `By false alerts an hour of human speech: ${perHour.join(', ')}.`
  );
}

function renderOrigin({ recipe, clips }: CardOptions): string {
  const splits = sharesPages(clips)
    ? 'The splits share pages (publishers or sources of recordings): what the figures say holds for recordings of the same making, and less for others.'
    : 'No page is in two splits.';
  return `${recipe.recordings} ${splits}`.trim();
}

/** Whether a page is in two splits, as those of a plain folder are. */
function sharesPages(clips: readonly Clip[]): boolean {
  const splitOf = new Map(clips.map(({ page, split }) => [page, split]));
  return clips.some(({ page, split }) => splitOf.get(page) !== split);
}

function renderAuditNote(audit: AuditReport | undefined): string {
  if (audit === undefined) return '';
  const floor = `a model of the cheap descriptors alone reaches a page-macro EER of ${percentText(audit.descriptorsOnlyEer)} %`;
  if (audit.passed) return `\nThe shortcut audit passed; ${floor}.\n`;
  const failing = audit.findings.filter(({ failed }) => failed.length > 0).map(({ name }) => name);
  return `\n**Trained although the shortcut audit failed** (${failing.join(', ')}); ${floor}.\n`;
}

function renderMaking({ recipe, meanOf = [], wentOnFrom = [] }: CardOptions): string {
  const made = `Trained by \`bonafide train\` with the recipe in \`manifest.json\` (seed ${recipe.seed}).`;
  const lineage =
    wentOnFrom.length === 0 ? '' : ` It went on from ${wentOnFrom.join(', before that from ')}.`;
  const taught =
    recipe.teachers.length === 0
      ? ''
      : ` Its labels were mixed with what these say of the training clips: ${recipe.teachers.join(', ')}.`;
  const averaged = meanOf.length === 0 ? '' : ` The weights are the mean of ${meanOf.join(', ')}.`;
  return made + lineage + taught + averaged;
}

function renderData(clips: readonly Clip[]): string {
  const rows = (['train', 'val', 'dev'] as const).map((split) => {
    const members = clips.filter((clip) => clip.split === split);
    const spoof = members.filter(({ label }) => label === 'spoof').length;
    const pages = new Set(members.map(({ page }) => page)).size;
    const hours = members.reduce((sum, { seconds }) => sum + seconds, 0) / 3600;
    return `| ${split} | ${pages} | ${members.length - spoof} | ${spoof} | ${hours.toFixed(1)} |`;
  });
  return `| split | pages | human clips | synthetic clips | hours |\n|---|---|---|---|---|\n${rows.join('\n')}\n`;
}

/** The table of figures, in Markdown. */
export function renderFigures(figures: readonly SplitFigures[]): string {
  const rows = figures.map((row) => {
    const macro = Object.values(row.pageMacroEer).map(percentText).join(' / ');
    const [low, high] = row.pageMacroEerInterval;
    return `| ${row.split} | ${row.channel} | ${row.pages} | ${macro} | ${percentText(low)} – ${percentText(high)} | ${percentText(row.pooledEer)} | ${row.cllr.toFixed(3)} / ${row.minCllr.toFixed(3)} | ${percentText(row.falseAlertRate)} | ${percentText(row.missRate)} |`;
  });
  return `| split | channel | pages | page-macro EER after 1 / 2 / 4 / 8 s | 95 % interval (4 s) | pooled EER | Cllr / min | false alerts at the 1 % threshold | misses there |\n|---|---|---|---|---|---|---|---|---|\n${rows.join('\n')}\n`;
}
