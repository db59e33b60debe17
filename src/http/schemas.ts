import { z } from 'zod';
import { MAX_TOKEN_SECONDS, MIN_TOKEN_SECONDS } from '../keys.ts';
import {
  callSummarySchema,
  scoreFiguresSchema,
  verdictEventSchema,
  verdictNameSchema,
} from '../results/event-schemas.ts';
import {
  DEFAULT_SCORE_INTERVAL_MS,
  MAX_SCORE_INTERVAL_MS,
  MIN_SCORE_INTERVAL_MS,
} from '../score-interval.ts';
import { PROBLEMS, type ProblemCode } from './problem.ts';

// Bodies of the HTTP API. Those of events are in results/event-schemas.ts.

const share = z.number().min(0).max(1);
const count = z.number().int().min(0);
const timeMs = z.number().describe('Wall time, ms since 1970.');

export const problemSchema = z
  .object({
    type: z.string().describe('Relative to the service: the section of its reference.'),
    title: z.string(),
    status: z.number().int().min(400).max(599),
    detail: z.string(),
    code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem', description: 'A failure by RFC 9457.' });

export const healthSchema = z.object({ status: z.literal('alive') }).meta({ id: 'Health' });

export const readinessSchema = z
  .object({
    ready: z.boolean().describe('Takes new calls.'),
    reason: z.enum(['ready', 'draining', 'full', 'starting']),
    liveCalls: count,
    maxCalls: count,
    detectors: z.array(z.object({ id: z.string(), sampleRateHz: z.number() })).readonly(),
  })
  .meta({ id: 'Readiness' });

export const tokenRequestSchema = z
  .strictObject({
    seconds: z.number().int().min(MIN_TOKEN_SECONDS).max(MAX_TOKEN_SECONDS).optional(),
  })
  .meta({ id: 'TokenRequest' });

export const tokenSchema = z
  .object({ token: z.string(), expiresInSeconds: z.number() })
  .meta({ id: 'Token' });

export const sessionRequestSchema = z
  .strictObject({ key: z.string().min(1).max(256) })
  .meta({ id: 'SessionRequest' });

export const sessionSchema = z
  .object({
    keyName: z.string(),
    expiresAt: z.iso
      .datetime()
      .nullable()
      .describe('When the session ends; null where it is not by the cookie that the key is known.'),
  })
  .meta({ id: 'Session' });

export const callsSchema = z
  .object({
    calls: z.array(callSummarySchema).readonly(),
    nextCursor: z
      .string()
      .nullable()
      .describe('For the next, older page of ended calls; null = no more.'),
  })
  .meta({ id: 'Calls', description: 'Calls of the key.' });

export const detectorsSchema = z
  .object({
    detectors: z
      .array(
        z.object({
          id: z.string().describe('name@<first 12 hex of sha256>, as in every score.'),
          name: z.string(),
          version: z.string(),
          description: z.string(),
          sha256: z.string().describe('Of the manifest, which holds the hashes of all files.'),
          sampleRateHz: z.number(),
          thresholds: z
            .array(z.object({ falseAlertRate: share, llr: z.number() }))
            .readonly()
            .describe('Share of human calls that each LLR would call synthetic at some time.'),
          thresholdLlr: z.number().describe('The one in use.'),
          hysteresisLlr: z
            .number()
            .describe('`synthetic` is left when the LLR rises above the threshold by this.'),
          priorSynthetic: share.describe(
            'Prior of the probabilities: logit(p) = logit(prior) − LLR.',
          ),
          band: z
            .object({ lowHz: z.number(), highHz: z.number() })
            .describe('The part of the spectrum that the detector hears.'),
          provisionalSpeechMs: z.number(),
          firmSpeechMs: z.number(),
        }),
      )
      .readonly(),
  })
  .meta({ id: 'Detectors' });

export type DetectorDescription = z.infer<typeof detectorsSchema>['detectors'][number];

const audioSchema = z
  .object({
    container: z.enum([
      'wav',
      'flac',
      'mp3',
      'ogg-opus',
      'ogg-vorbis',
      'ogg-flac',
      'webm-opus',
      'raw',
    ]),
    sampleRateHz: z.number(),
    channels: count,
    seconds: z.number(),
  })
  .meta({ id: 'RecordingFormat' });

const screeningLeg = {
  id: z.string(),
  detector: z.string().nullable().describe('null where the leg was too short for a score.'),
  verdict: verdictNameSchema,
  score: scoreFiguresSchema.nullable().describe('The last score: of the whole leg.'),
};

const screeningHead = {
  id: z.string(),
  state: z.enum(['queued', 'running', 'done', 'failed']),
  createdAtMs: timeMs,
  finishedAtMs: timeMs.nullable(),
  fileName: z.string().nullable(),
  bytes: count,
  audio: audioSchema.nullable().describe('null until it was read.'),
  problem: problemSchema.nullable().describe('Why it failed.'),
};

export const screeningSummarySchema = z
  .object({ ...screeningHead, legs: z.array(z.object(screeningLeg)).readonly() })
  .meta({ id: 'ScreeningSummary' });

export const screeningSchema = z
  .object({
    ...screeningHead,
    legs: z
      .array(
        z.object({
          ...screeningLeg,
          changes: z
            .array(
              verdictEventSchema.pick({ streamTimeMs: true, from: true, to: true, reason: true }),
            )
            .describe('When the verdict changed.'),
          gaps: z.array(z.object({ streamTimeMs: z.number(), lostMs: z.number() })),
          timeline: z.array(scoreFiguresSchema).describe('Every score, in order.'),
        }),
      )
      .readonly()
      .describe('One a channel; empty until it is done.'),
  })
  .meta({ id: 'Screening', description: 'A screened recording. Its audio is not kept.' });

export const screeningListSchema = z
  .object({
    screenings: z.array(screeningSummarySchema).readonly(),
    nextCursor: z.string().nullable().describe('For the next, older page; null = no more.'),
  })
  .meta({ id: 'ScreeningList', description: 'Newest first.' });

export type ScreeningSummary = z.infer<typeof screeningSummarySchema>;
export type Screening = z.infer<typeof screeningSchema>;
export type ScreeningLeg = Screening['legs'][number];

/** What may be said of an upload in its address. */
export const screeningQuerySchema = z.strictObject({
  codec: z
    .enum(['mulaw', 'alaw', 'pcm16'])
    .optional()
    .describe('Reads the body as such audio of one channel, without a header.'),
  sampleRateHz: z.coerce
    .number()
    .pipe(z.union([8000, 16_000, 24_000, 32_000, 44_100, 48_000].map((rate) => z.literal(rate))))
    .optional()
    .describe('With codec; default 8000.'),
  scoreIntervalMs: z.coerce
    .number()
    .int()
    .min(MIN_SCORE_INTERVAL_MS)
    .max(MAX_SCORE_INTERVAL_MS)
    .default(DEFAULT_SCORE_INTERVAL_MS)
    .describe('Stream time between the scores of the timeline.'),
  fileName: z.string().max(255).optional().describe('Shown in lists; of a raw body only.'),
  token: z.string().optional(),
});

export const pageQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(64).optional().describe('nextCursor of the page before.'),
});

export const callsQuerySchema = pageQuerySchema.extend({
  state: z
    .enum(['live', 'ended'])
    .optional()
    .describe('`ended` = those that are kept, in pages; absent = live and lately ended ones.'),
});
