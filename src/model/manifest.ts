import { z } from 'zod';
import { MAX_LOOK_BACK_MS } from '../dsp/front-end-config.ts';

export const MANIFEST_SCHEMA_VERSION = 1;

const positive = z.number().gt(0);
const count = z.number().int().min(1);

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be a sha256 in hex');
// Below the folder, in plain words: no manifest reads a file elsewhere.
const fileName = z
  .string()
  .regex(/^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/, 'must be a relative path of plain words');

const frontEndSchema = z.strictObject({
  sampleRateHz: count,
  windowMs: positive,
  hopMs: positive,
  fftSize: count,
  window: z.enum(['hann', 'hamming']),
  preEmphasis: z.number().min(0).max(1),
  filterbank: z.strictObject({
    scale: z.enum(['mel', 'linear']),
    bands: count,
    lowHz: z.number().min(0),
    highHz: positive,
    logFloor: positive,
  }),
  cepstra: z.strictObject({ coefficients: count }).nullable(),
  deltaOrder: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  deltaFrames: count,
  normalisation: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('none') }),
    z.strictObject({
      kind: z.literal('global'),
      mean: z.array(z.number()),
      scale: z.array(z.number()),
    }),
    z.strictObject({ kind: z.literal('running'), timeConstantMs: positive }),
  ]),
  voiceActivity: z.strictObject({
    lookBackMs: z.number().min(0).max(MAX_LOOK_BACK_MS),
    hangoverMs: z.number().min(0),
    thresholdDb: z.number(),
    minimumDbfs: z.number(),
  }),
});

const networkSchema = z.strictObject({
  architecture: z.enum(['lstm', 'cnn-lstm']),
  inputSize: count,
  framesPerStep: count,
  convolutions: z.array(
    z.strictObject({
      channels: count,
      timeKernel: count.exactOptional(),
      frequencyKernel: count.exactOptional(),
      timeStride: count,
      frequencyStride: count,
    }),
  ),
  projection: count.exactOptional(),
  units: z.array(count).min(1),
  skip: z.boolean(),
  dropout: z.number().min(0).lt(1),
  quantisation: z
    .strictObject({
      input: z.strictObject({ scale: positive, zero: z.number().int().min(0).max(255) }),
      outputScales: z.array(positive),
    })
    .exactOptional(),
});

const affine = { slope: z.number(), intercept: z.number() };

const calibrationSchema = z
  .strictObject({
    bins: z.array(z.strictObject({ minSpeechMs: z.number().min(0), ...affine })).min(1),
    /** One list a bootstrap replica, one entry a bin. */
    replicas: z.array(z.array(z.strictObject(affine))),
  })
  .superRefine(({ bins, replicas }, context) => {
    if (
      bins.some(({ minSpeechMs }, index) => minSpeechMs <= (bins[index - 1]?.minSpeechMs ?? -1))
    ) {
      context.addIssue('bins must be in rising order of minSpeechMs');
    }
    const wrong = replicas.find((replica) => replica.length !== bins.length);
    if (wrong !== undefined) {
      context.addIssue(`a replica must have ${bins.length} entries, got ${wrong.length}`);
    }
  });

/** `manifest.json` of a detector folder, version 1. */
export const manifestSchema = z.strictObject({
  schemaVersion: z.literal(MANIFEST_SCHEMA_VERSION),
  name: z.string().regex(/^[a-z0-9-]{1,64}$/),
  version: z.string().regex(/^\d+\.\d+\.\d+$/),
  description: z.string(),
  sampleRateHz: count,
  frontEnd: frontEndSchema,
  /** sha256 of the front end's canonical JSON: features of a detector trained on it fit. */
  frontEndFingerprint: sha256,
  network: networkSchema,
  signature: z.strictObject({
    framesPerStep: count,
    featureCount: count,
    stateSize: count,
    outputsPerStep: count,
  }),
  /**
   * LLR = slope · mean logit + intercept; logit positive = synthetic, LLR
   * (ln p(audio | bona fide) / p(audio | spoof)) positive = bona fide.
   */
  calibration: calibrationSchema,
  /** By the share of human calls that each LLR would call synthetic at some time. */
  thresholds: z
    .array(z.strictObject({ falseAlertRate: z.number().gt(0).lt(1), llr: z.number() }))
    .min(1),
  /** By false alerts an hour of human speech, one a call at most. */
  hourlyThresholds: z
    .array(z.strictObject({ falseAlertsPerHour: z.number().gt(0), llr: z.number() }))
    .optional(),
  decision: z.strictObject({
    provisionalSpeechMs: positive,
    firmSpeechMs: positive,
    hysteresisLlr: z.number().min(0),
    recentWindowMs: positive,
    recentMinimumSpeechMs: positive,
    recentMarginLlr: z.number().min(0),
  }),
  abstention: z.strictObject({
    minimumBandwidthHz: z.number().min(0),
    maximumClippedShare: z.number().min(0).max(1),
    maximumLostShare: z.number().min(0).max(1),
    maximumAbsoluteLogit: positive.nullable(),
  }),
  training: z.record(z.string(), z.unknown()),
  files: z.record(fileName, z.strictObject({ sha256, bytes: z.number().int().min(0) })),
});

export type DetectorManifest = z.infer<typeof manifestSchema>;
