import { type DetectorContent, writeDetector } from '../model/detector.ts';
import { createOnnxEngine } from '../model/engines/onnx-engine.ts';
import { writeOnnx } from '../model/onnx-writer.ts';
import { createRandom } from '../random.ts';
import type { AuditReport } from './audit/shortcut-audit.ts';
import { type ClipLogits, calibrate, scoresAfter, thresholdsOf } from './calibrate.ts';
import { renderCard } from './card.ts';
import type { Clip, Split } from './corpora/clip.ts';
import { judgeSplit, llrOf, type SplitFigures } from './evaluate-detector.ts';
import type { FeatureStore } from './features.ts';
import { frontEndOf } from './prepare.ts';
import type { Recipe } from './recipe.ts';
import { scoreStore } from './score-store.ts';
import { indicesOf, readLog, type TrainedNetwork } from './train-run.ts';

const CALIBRATION_EDGES_MS = [1000, 2000, 4000] as const;
const REPLICAS = 40;
const DECISION = {
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
  /** What the shortcut audit found; absent when a checkpoint is exported by itself. */
  readonly audit?: AuditReport;
}

/** Calibrates on `val` (all channels), judges `val` and `dev`, and writes the detector folder. */
export async function finishDetector(options: FinishOptions): Promise<readonly SplitFigures[]> {
  const { recipe, clips, stores, trained, runFolder, outFolder } = options;
  const { plan, weights, mean, scale, spec } = trained;
  const engine = await createOnnxEngine(writeOnnx(plan, weights), plan.signature);
  const scoreOf = (store: FeatureStore, split: Split) =>
    scoreStore({ engine, store, clips, indices: indicesOf(clips, split), mean, scale });
  const { hopMs } = frontEndOf(recipe);
  const val: ClipLogits[] = [];
  for (const store of stores) val.push(...(await scoreOf(store, 'val')));
  const calibration = calibrate(val, {
    binEdgesMs: CALIBRATION_EDGES_MS,
    hopMs,
    replicas: REPLICAS,
    random: createRandom(recipe.seed),
  });
  const bonafide = scoresAfter(val, DECISION.firmSpeechMs, hopMs).bonafide;
  const scale4s = { calibration, thresholds: [] };
  const thresholds = thresholdsOf(
    bonafide.map((logit) => llrOf(logit, DECISION.firmSpeechMs, scale4s)),
  );
  const figures: SplitFigures[] = [];
  for (const split of ['val', 'dev'] as const) {
    for (const store of stores) {
      const scored = await scoreOf(store, split);
      figures.push(
        judgeSplit(scored, { split, channel: store.channel }, { calibration, thresholds }, hopMs),
      );
    }
  }
  engine.dispose();
  const manifest: DetectorContent['manifest'] = {
    name: recipe.name,
    version: recipe.version,
    description: recipe.description,
    sampleRateHz: recipe.frontEnd.sampleRateHz,
    frontEnd: {
      ...frontEndOf(recipe),
      normalisation: { kind: 'global', mean: mean.map(round6), scale: scale.map(round6) },
    },
    network: { ...spec, convolutions: [...spec.convolutions], units: [...spec.units] },
    calibration: {
      bins: [...calibration.bins],
      replicas: calibration.replicas.map((maps) => [...maps]),
    },
    thresholds,
    decision: DECISION,
    abstention: ABSTENTION,
    training: {
      recipe,
      backend: trained.backend,
      parameters: plan.parameterCount,
      flopsPerFrame: plan.flopsPerFrame,
      clips: clips.length,
      ...(options.audit === undefined ? {} : { audit: options.audit }),
      log: readLog(runFolder),
    },
  };
  await writeDetector(outFolder, {
    manifest,
    weights,
    documents: {
      'README.md': renderCard({ recipe, plan, clips, figures, thresholds, audit: options.audit }),
      'report/figures.json': `${JSON.stringify({ figures, log: readLog(runFolder) }, null, 1)}\n`,
    },
  });
  return figures;
}

function round6(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
