import { FrontEnd } from '../dsp/front-end.ts';
import type { StepBatcher } from '../model/batcher.ts';
import type { Detector } from '../model/detector.ts';
import type { Calibration } from '../screening/calibration.ts';
import { LegSampler } from '../screening/leg-sample.ts';
import { verdictOptionsOf } from './detector-choice.ts';
import { LegDecision } from './leg-decision.ts';
import { LegPipeline, type LegPipelineOptions } from './leg-pipeline.ts';

export interface LegOptions
  extends Pick<
    LegPipelineOptions,
    'scoreIntervalMs' | 'maxWriteSamples' | 'onScoreDue' | 'onSample'
  > {
  readonly detector: Detector;
  readonly calibration: Calibration;
  readonly batcher: StepBatcher;
  /** The shipped threshold with this share of false alerts a call is used. */
  readonly falseAlertRate: number;
}

/** A leg as a detector's manifest describes it: front end, network step, decision. */
export function createLeg(options: LegOptions): LegPipeline {
  const { detector, calibration, falseAlertRate, ...rest } = options;
  const { manifest } = detector;
  const { hopMs, deltaOrder } = manifest.frontEnd;
  const { featureCount, framesPerStep } = manifest.signature;
  const frontEnd = new FrontEnd(manifest.frontEnd, framesPerStep);
  const decision = new LegDecision({
    frontEnd,
    calibration,
    verdict: verdictOptionsOf(detector, falseAlertRate),
    limits: {
      minimumSpeechMs: manifest.decision.provisionalSpeechMs,
      minimumBandwidthHz: manifest.abstention.minimumBandwidthHz,
      maximumClippedShare: manifest.abstention.maximumClippedShare,
      maximumLostShare: manifest.abstention.maximumLostShare,
      maximumAbsoluteLogit: manifest.abstention.maximumAbsoluteLogit ?? null,
    },
    hopMs,
    recentWindowMs: manifest.decision.recentWindowMs,
  });
  const staticCount = featureCount / (1 + deltaOrder);
  return new LegPipeline({
    ...rest,
    frontEnd,
    decision,
    sampler: new LegSampler({ featureCount, staticCount, hopMs }),
    signature: manifest.signature,
    sampleRateHz: manifest.sampleRateHz,
  });
}
