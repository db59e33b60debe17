import { type DetectorContent, loadDetector, writeDetector } from '../model/detector.ts';
import { createOnnxEngine } from '../model/engines/onnx-engine.ts';
import { planNetwork } from '../model/network.ts';
import { writeOnnx } from '../model/onnx-writer.ts';
import { writeReference } from '../model/reference.ts';
import { createRandom } from '../random.ts';
import type { AuditReport } from './audit/shortcut-audit.ts';
import type { Baseline } from './baseline.ts';
import { calibrate } from './calibrate.ts';
import { simulateCalls, thresholdsPerCall, thresholdsPerHour } from './call-thresholds.ts';
import { renderCard } from './card.ts';
import { chooseCodes } from './choose-codes.ts';
import type { Clip, Split } from './corpora/clip.ts';
import type { Decision, SplitFigures } from './evaluate-detector.ts';
import type { FeatureStore } from './features.ts';
import { type ChannelJudgement, judgeChannel, judgementJson } from './judge-channel.ts';
import { frontEndOf } from './prepare.ts';
import type { Recipe } from './recipe.ts';
import { driftReference } from './reference.ts';
import { renderEvaluationReport } from './report/evaluation-report.ts';
import { readLog } from './run-folder.ts';
import { type ScoredClip, scoreStore } from './score-store.ts';
import { trainingFamilies } from './system-family.ts';
import { indicesOf, type TrainedNetwork, type TransferSource } from './train-run.ts';
import { type UnreadableClip, unreadableNotes } from './unreadable.ts';

const CALIBRATION_EDGES_MS = [1000, 2000, 4000] as const;
const REPLICAS = 40;
/** When a verdict is given, in every detector that training makes. */
export const DECISION = {
  provisionalSpeechMs: 1000,
  firmSpeechMs: 4000,
  hysteresisLlr: 0.5,
  recentWindowMs: 4000,
  recentMinimumSpeechMs: 2000,
  recentMarginLlr: 0.7,
} as const;
const ABSTENTION = {
  minimumBandwidthHz: 1500,
  maximumClippedShare: 0.2,
  maximumLostShare: 0.5,
  maximumAbsoluteLogit: null,
} as const;

export interface FinishOptions {
  readonly recipe: Recipe;
  readonly clips: readonly Clip[];
  readonly stores: readonly FeatureStore[];
  readonly trained: TrainedNetwork;
  readonly runFolder: string;
  /** The detector folder to write. */
  readonly outFolder: string;
  /** What the shortcut audit found; absent when the run was never audited. */
  readonly audit?: AuditReport;
  /** The detector that the training went on from; absent = from fresh weights. */
  readonly from?: TransferSource;
  /** Another detector's figures, for card and report. */
  readonly baseline?: Baseline | undefined;
  /** Clips of the corpus that are not among `clips`. Default: none. */
  readonly unreadable?: readonly UnreadableClip[] | undefined;
}

/** What was measured with the finished weights. */
interface Measured {
  readonly decision: Decision;
  readonly judgements: readonly ChannelJudgement[];
  /** Of the synthesisers in `train`. */
  readonly families: readonly string[];
}

/** Calibrates on `val` (all channels), judges `val` and `dev`, and writes the detector folder. */
export async function finishDetector(given: FinishOptions): Promise<readonly SplitFigures[]> {
  const options = { ...given, trained: await servedForm(given) };
  const { recipe, clips, trained, outFolder, audit, baseline } = options;
  const measured = await measure(options);
  const figures = measured.judgements.map((judgement) => judgement.figures);
  const { decision } = measured;
  await writeDetector(outFolder, {
    manifest: manifestOf(options, measured),
    weights: trained.weights,
    documents: {
      'README.md': renderCard({
        ...{ recipe, plan: trained.plan, clips, figures, decision, audit, baseline },
        meanOf: trained.meanOf,
        wentOnFrom: options.from?.ancestors,
        unreadable: options.unreadable,
      }),
      ...reportsOf(options, measured),
    },
  });
  await keepReference(options);
  return figures;
}

/** The network as it will be served: what is calibrated and judged is what answers calls. */
async function servedForm({
  recipe,
  clips,
  stores,
  trained,
}: FinishOptions): Promise<TrainedNetwork> {
  const { quantisation: _, ...spec } = trained.spec;
  const isInteger = recipe.network.integers && spec.convolutions.length > 0;
  const served = isInteger
    ? { ...spec, quantisation: await chooseCodes({ ...trained, spec }, clips, stores) }
    : spec;
  return { ...trained, spec: served, plan: planNetwork(served) };
}

/** What a service compares its calls with; a corpus of short clips has none. */
async function keepReference({ outFolder, clips, stores }: FinishOptions): Promise<void> {
  const detector = await loadDetector(outFolder);
  const reference = await driftReference(detector, clips, stores);
  if (reference !== null) await writeReference(detector, reference);
}

async function measure({ recipe, clips, stores, trained }: FinishOptions): Promise<Measured> {
  const { plan, weights, mean, scale } = trained;
  const engine = await createOnnxEngine(writeOnnx(plan, weights), plan.signature);
  const scoreOf = (store: FeatureStore, split: Split) =>
    scoreStore({ engine, store, clips, indices: indicesOf(clips, split), mean, scale });
  const { hopMs } = frontEndOf(recipe);
  const val: ScoredClip[][] = [];
  for (const store of stores) val.push(await scoreOf(store, 'val'));
  const decision = decisionOf(val, recipe);
  const families = trainingFamilies(clips);
  const about = { decision, rules: DECISION, hopMs, seenFamilies: new Set(families) };
  const judgements: ChannelJudgement[] = [];
  for (const split of ['val', 'dev'] as const) {
    for (const store of stores) {
      const scored = await scoreOf(store, split);
      judgements.push(judgeChannel(scored, { ...about, split, channel: store.channel }));
    }
  }
  engine.dispose();
  return { decision, judgements, families };
}

/** @param val scored clips, one list a channel */
function decisionOf(val: readonly (readonly ScoredClip[])[], recipe: Recipe): Decision {
  const { hopMs } = frontEndOf(recipe);
  const calibration = calibrate(val.flat(), {
    binEdgesMs: CALIBRATION_EDGES_MS,
    hopMs,
    replicas: REPLICAS,
    random: createRandom(recipe.seed),
  });
  const human = val.map((clips) => clips.filter(({ isSpoof }) => !isSpoof));
  const rules = { calibration, hopMs, ...DECISION };
  const calls = simulateCalls(human, rules, createRandom(recipe.seed));
  return {
    calibration,
    thresholds: thresholdsPerCall(calls),
    hourlyThresholds: thresholdsPerHour(calls),
  };
}

function manifestOf(
  { recipe, clips, trained, runFolder, audit, from, unreadable = [] }: FinishOptions,
  { decision, families }: Measured,
): DetectorContent['manifest'] {
  const { plan, mean, scale, spec } = trained;
  const { calibration, thresholds, hourlyThresholds } = decision;
  return {
    name: recipe.name,
    version: recipe.version,
    description: recipe.description,
    sampleRateHz: recipe.frontEnd.sampleRateHz,
    frontEnd: {
      ...frontEndOf(recipe),
      normalisation: { kind: 'global', mean: mean.map(round6), scale: scale.map(round6) },
    },
    network: structuredClone(spec) as DetectorContent['manifest']['network'],
    calibration: {
      bins: [...calibration.bins],
      replicas: calibration.replicas.map((maps) => [...maps]),
    },
    thresholds: [...thresholds],
    ...(hourlyThresholds === undefined ? {} : { hourlyThresholds }),
    decision: DECISION,
    abstention: ABSTENTION,
    training: {
      recipe,
      backend: trained.backend,
      ...(from === undefined ? {} : { wentOnFrom: from.ancestors }),
      ...(trained.meanOf === undefined ? {} : { meanOf: trained.meanOf }),
      parameters: plan.parameterCount,
      flopsPerFrame: plan.flopsPerFrame,
      clips: clips.length,
      ...(unreadable.length === 0 ? {} : { unreadableClips: unreadable.length }),
      synthesiserFamilies: families,
      ...(audit === undefined ? {} : { audit }),
      log: readLog(runFolder),
    },
  };
}

/** The figures for machines and the report for people. */
function reportsOf(
  { recipe, runFolder, baseline, unreadable }: FinishOptions,
  { judgements }: Measured,
): Record<string, string> {
  const log = readLog(runFolder);
  const figures = judgements.map((judgement) => judgement.figures);
  const channels = judgements.map(judgementJson);
  return {
    'report/figures.json': `${JSON.stringify({ figures, channels, log }, null, 1)}\n`,
    'report/index.html': renderEvaluationReport({
      title: `${recipe.name} ${recipe.version}`,
      about: [
        'val served calibration and watching the training, dev choosing between recipes; neither gave gradients.',
        ...unreadableNotes(unreadable),
      ],
      judgements,
      comparison: [],
      baseline,
      log,
    }),
  };
}

function round6(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
