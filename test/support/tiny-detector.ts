import type { FrontEndConfig } from '../../src/dsp/front-end-config.ts';
import { type DetectorContent, writeDetector } from '../../src/model/detector.ts';
import { planNetwork } from '../../src/model/network.ts';
import type { NetworkSpec } from '../../src/model/network-spec.ts';
import { foldBatchNorm, initialWeights, type NetworkWeights } from '../../src/model/weights.ts';
import { createRandom } from '../../src/random.ts';

export interface TinyDetectorOptions {
  readonly architecture?: NetworkSpec['architecture'];
  /** Seed of the weights; the same seed gives the same files. */
  readonly seed?: number;
  readonly name?: string;
}

export interface WriteTinyDetectorOptions extends TinyDetectorOptions {
  /** 8000 when absent. */
  readonly sampleRateHz?: 8000 | 16_000;
}

/** 8 kHz, 20 mel bands, no normalisation. */
export const TINY_FRONT_END: FrontEndConfig = {
  sampleRateHz: 8000,
  windowMs: 25,
  hopMs: 10,
  fftSize: 256,
  window: 'hann',
  preEmphasis: 0,
  filterbank: { scale: 'mel', bands: 20, lowHz: 100, highHz: 3900, logFloor: 1e-9 },
  cepstra: null,
  deltaOrder: 0,
  deltaFrames: 2,
  normalisation: { kind: 'none' },
  voiceActivity: { lookBackMs: 100, hangoverMs: 200, thresholdDb: 9, minimumDbfs: -60 },
};

/** T = 8; T' = 8 for the LSTM and 4 for the CNN-LSTM. */
export function tinyNetworkSpec(architecture: NetworkSpec['architecture']): NetworkSpec {
  const shared = { architecture, inputSize: 20, framesPerStep: 8, units: [8, 4], dropout: 0.2 };
  if (architecture === 'lstm') return { ...shared, convolutions: [], skip: false };
  return {
    ...shared,
    convolutions: [
      { channels: 4, timeStride: 1, frequencyStride: 2 },
      { channels: 6, timeStride: 2, frequencyStride: 2 },
    ],
    skip: true,
  };
}

/** The same in 8-bit integers; the scales suit random weights and features of unit variance. */
export function tinyIntegerSpec(): NetworkSpec {
  const quantisation = { input: { scale: 0.04, zero: 125 }, outputScales: [0.02, 0.03] };
  return { ...tinyNetworkSpec('cnn-lstm'), quantisation };
}

/** Random weights for serving, the batch norm (with statistics other than 0 and 1) folded. */
export function randomWeights(spec: NetworkSpec, seed: number): NetworkWeights {
  const plan = planNetwork(spec);
  const random = createRandom(seed);
  const weights = initialWeights(plan, random);
  for (const [name, { values }] of weights) {
    const part = name.split('/')[1]!;
    for (let index = 0; index < values.length; index++) {
      if (part === 'bias' || part === 'mean') values[index]! += 0.2 * random.gaussian();
      if (part === 'gamma' || part === 'variance') values[index]! *= 0.5 + random.uniform();
    }
  }
  return foldBatchNorm(plan, weights);
}

/**
 * Writes a complete, valid, untrained detector folder in milliseconds. Its scores mean nothing, but
 * they are the same in every run.
 */
export async function makeTinyDetector(
  folder: string,
  { architecture = 'lstm', seed = 1, name = 'tiny' }: TinyDetectorOptions = {},
): Promise<void> {
  await writeDetector(folder, tinyDetectorContent({ architecture, seed, name }));
}

/**
 * The same with 20 linear bands at 8 or 16 kHz, short look-back and hang-over, three calibration bins
 * and five replicas.
 */
export async function writeTinyDetector(
  folder: string,
  options: WriteTinyDetectorOptions = {},
): Promise<void> {
  const { architecture = 'lstm', seed = 1, name = 'tiny', sampleRateHz = 8000 } = options;
  const content = tinyDetectorContent({ architecture, seed, name });
  const { frontEnd } = content.manifest;
  await writeDetector(folder, {
    ...content,
    manifest: {
      ...content.manifest,
      sampleRateHz,
      frontEnd: {
        ...frontEnd,
        sampleRateHz,
        fftSize: sampleRateHz === 8000 ? 256 : 512,
        filterbank: {
          ...frontEnd.filterbank,
          scale: 'linear',
          highHz: sampleRateHz === 8000 ? 3900 : 7600,
        },
        voiceActivity: { lookBackMs: 50, hangoverMs: 50, thresholdDb: 9, minimumDbfs: -62 },
      },
      calibration: perturbedCalibration(seed),
      thresholds: [
        { falseAlertRate: 0.01, llr: -1 },
        { falseAlertRate: 0.05, llr: -0.5 },
      ],
      abstention: { ...content.manifest.abstention, maximumLostShare: 0.5 },
    },
  });
}

function perturbedCalibration(seed: number): DetectorContent['manifest']['calibration'] {
  const random = createRandom(seed);
  const perturbed = (value: number) => value + 0.02 * random.gaussian();
  const bins = [
    { minSpeechMs: 0, slope: -1, intercept: 0 },
    { minSpeechMs: 2000, slope: -1.5, intercept: 0.1 },
    { minSpeechMs: 4000, slope: -2, intercept: 0.2 },
  ];
  const replica = () =>
    bins.map(({ slope, intercept }) => ({
      slope: perturbed(slope),
      intercept: perturbed(intercept),
    }));
  return { bins, replicas: Array.from({ length: 5 }, replica) };
}

export function tinyDetectorContent(options: Required<TinyDetectorOptions>): DetectorContent {
  const { architecture, seed, name } = options;
  const network = tinyNetworkSpec(architecture);
  return {
    manifest: {
      name,
      version: '1.0.0',
      description: 'Untrained; for tests.',
      sampleRateHz: TINY_FRONT_END.sampleRateHz,
      // The manifest's types are mutable, these are read-only.
      frontEnd: structuredClone(TINY_FRONT_END) as DetectorContent['manifest']['frontEnd'],
      network: structuredClone(network) as DetectorContent['manifest']['network'],
      calibration: {
        bins: [
          { minSpeechMs: 0, slope: -1, intercept: 0 },
          { minSpeechMs: 2000, slope: -2, intercept: 0.1 },
        ],
        replicas: [
          [
            { slope: -0.9, intercept: 0.1 },
            { slope: -1.8, intercept: 0.2 },
          ],
          [
            { slope: -1.1, intercept: -0.1 },
            { slope: -2.2, intercept: 0 },
          ],
        ],
      },
      thresholds: [
        { falseAlertRate: 0.01, llr: -2 },
        { falseAlertRate: 0.05, llr: -1 },
      ],
      decision: {
        provisionalSpeechMs: 1000,
        firmSpeechMs: 4000,
        hysteresisLlr: 0.5,
        recentWindowMs: 4000,
        recentMinimumSpeechMs: 2000,
        recentMarginLlr: 1,
      },
      abstention: {
        minimumBandwidthHz: 1000,
        maximumClippedShare: 0.2,
        maximumLostShare: 0.3,
        maximumAbsoluteLogit: null,
      },
      training: { seed, note: 'untrained' },
    },
    weights: randomWeights(network, seed),
    documents: { 'README.md': '# tiny\n\nUntrained; for tests.\n' },
  };
}
