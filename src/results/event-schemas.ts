import { z } from 'zod';
import { ERRORS, type ErrorCode } from '../errors.ts';
import { ABSTENTION_REASONS } from '../screening/abstention.ts';

// The schemas of everything that the results plane says: OpenAPI, AsyncAPI and the clients' types are
// made from them.

const share = z.number().min(0).max(1);
const nonNegative = z.number().min(0);
const count = z.number().int().min(0);
const interval = z.tuple([share, share]).readonly();

export const verdictNameSchema = z.enum(['human', 'synthetic', 'undecided']).meta({
  id: 'VerdictName',
  description:
    'synthetic = beyond the operator’s threshold; human = the evidence speaks for a human; undecided = between, or abstaining.',
});

const abstentionSchema = z.enum(ABSTENTION_REASONS).meta({
  id: 'AbstentionReason',
  description: 'Why nothing is said.',
});

const figures = {
  streamTimeMs: nonNegative.describe('Audio received or declared lost so far, in ms.'),
  speechMs: nonNegative.describe('Speech heard so far, in ms.'),
  syntheticProbability: share
    .nullable()
    .describe('Calibrated probability that the voice is synthetic; null while abstaining.'),
  llr: z
    .number()
    .nullable()
    .describe('ln p(audio | bona fide) / p(audio | spoof): positive speaks for a human voice.'),
  interval: interval.nullable().describe('90 % interval of the probability.'),
  recent: z
    .object({ syntheticProbability: share.nullable(), speechMs: nonNegative })
    .describe('The same over the last seconds of speech.'),
  verdict: verdictNameSchema,
  firm: z.boolean().describe('Enough speech was heard for a verdict that holds.'),
  abstain: abstentionSchema.nullable().describe('Why nothing is said, or null.'),
  quality: z.object({
    levelDbfs: z.number(),
    bandwidthHz: nonNegative,
    clippedShare: share,
    lostMs: nonNegative,
  }),
};

export const scoreFiguresSchema = z.object(figures).meta({
  id: 'ScoreFigures',
  description: 'What is known of a leg at a moment of its stream.',
});

const totals = {
  streamTimeMs: nonNegative,
  speechMs: nonNegative,
  lostMs: nonNegative,
  packets: count,
  corruptPackets: count,
  scores: count,
  steps: count,
  finalScore: scoreFiguresSchema.nullable(),
};

const named = {
  callId: z.string(),
  leg: z.string(),
  seq: count.describe('Number of the score of its leg, from 1.'),
  detector: z.string().describe('name@<first 12 hex of the manifest’s SHA-256>.'),
  latencyMs: nonNegative.describe('Newest sample in to this score out, inside the service.'),
};

export const scoreEventSchema = z
  .object({ type: z.literal('score'), ...figures, ...named })
  .meta({ id: 'ScoreEvent', description: 'A leg’s standing.' });

export const verdictEventSchema = z
  .object({
    type: z.literal('verdict'),
    ...figures,
    ...named,
    from: verdictNameSchema,
    to: verdictNameSchema,
    reason: z.enum(['evidence', 'recent', 'insufficient_speech', 'abstained', 'cleared']),
  })
  .meta({ id: 'VerdictEvent', description: 'A leg’s verdict changed.' });

export const gapEventSchema = z
  .object({
    type: z.literal('gap'),
    callId: z.string(),
    leg: z.string(),
    streamTimeMs: nonNegative,
    lostMs: nonNegative,
  })
  .meta({ id: 'GapEvent', description: 'Audio is missing before streamTimeMs.' });

export const passageEventSchema = z
  .object({
    type: z.enum(['paused', 'resumed', 'finalized']),
    callId: z.string(),
    streamTimeMs: nonNegative,
  })
  .meta({ id: 'PassageEvent', description: 'Answer to pause, resume or finalize.' });

export const stoppedEventSchema = z
  .object({
    type: z.literal('stopped'),
    callId: z.string(),
    reason: z.enum(['stop', 'socket_lost', 'idle', 'drained', 'policy', 'failed']),
    legs: z.array(z.object({ ...totals, leg: z.string() })).readonly(),
  })
  .meta({ id: 'StoppedEvent', description: 'The end of a stream, with the totals of its legs.' });

const errorCodeSchema = z
  .enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]])
  .meta({ id: 'ErrorCode', description: 'Each has its section in docs/protocol.md.' });

export const failedEventSchema = z
  .object({ type: z.literal('failed'), callId: z.string(), code: errorCodeSchema })
  .meta({ id: 'FailedEvent', description: 'The stream failed.' });

export const errorMessageSchema = z
  .object({
    type: z.literal('error'),
    code: errorCodeSchema,
    message: z.string(),
    retryable: z.boolean(),
  })
  .meta({
    id: 'ErrorMessage',
    description: 'The socket is closed next, with the code’s close code.',
  });

const policyName = z.object({ name: z.string(), hash: z.string() });

const decisionFacts = {
  callId: z.string(),
  keyName: z.string(),
  platform: z.string(),
  leg: z.string(),
  role: z.string(),
  metadata: z.record(z.string(), z.string()),
  detector: z.string(),
  score: scoreFiguresSchema.omit({ streamTimeMs: true, quality: true }).nullable(),
  streamTimeMs: nonNegative,
  wallTimeMs: z.number(),
};

export const alertEventSchema = z
  .object({
    type: z.literal('alert'),
    id: z.string(),
    ...decisionFacts,
    severity: z.enum(['watch', 'alert']),
    policy: policyName,
    threshold: z.object({ llr: z.number(), falseAlertRate: z.number().nullable() }),
    reasons: z.array(z.enum(['call_evidence', 'recent_evidence', 'no_verdict'])).readonly(),
    noVerdict: z.enum(['failOpen', 'failClosed']),
  })
  .meta({ id: 'AlertEvent', description: 'A policy raised an alert on a leg.' });

export const noVerdictEventSchema = z
  .object({
    type: z.literal('no_verdict'),
    ...decisionFacts,
    policy: policyName,
    outcome: z.literal('failOpen'),
  })
  .meta({
    id: 'NoVerdictEvent',
    description: 'A leg ended without a verdict; nothing was raised.',
  });

export const resultEventSchema = z
  .discriminatedUnion('type', [
    scoreEventSchema,
    verdictEventSchema,
    gapEventSchema,
    passageEventSchema,
    stoppedEventSchema,
    failedEventSchema,
    alertEventSchema,
    noVerdictEventSchema,
  ])
  .meta({ id: 'ResultEvent', description: 'Any event of a call.' });

export const callSummarySchema = z
  .object({
    callId: z.string(),
    platform: z.string(),
    state: z.enum(['live', 'ended']),
    startedAtMs: z.number().describe('Wall time, ms since 1970.'),
    endedAtMs: z.number().nullable(),
    metadata: z.record(z.string(), z.string()),
    alert: z.enum(['watch', 'alert']).nullable().describe('The gravest alert so far.'),
    legs: z
      .array(
        z.object({
          id: z.string(),
          role: z.enum(['caller', 'callee', 'agent', 'unknown']),
          detector: z.string(),
          latest: z.discriminatedUnion('type', [scoreEventSchema, verdictEventSchema]).nullable(),
        }),
      )
      .readonly(),
  })
  .meta({ id: 'CallSummary', description: 'A live or lately ended call. Never audio.' });
