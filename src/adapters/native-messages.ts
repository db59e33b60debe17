import { z } from 'zod';
import {
  DEFAULT_SCORE_INTERVAL_MS,
  MAX_SCORE_INTERVAL_MS,
  MIN_SCORE_INTERVAL_MS,
} from '../score-interval.ts';
import { IN_AN_ADDRESS } from '../stream/call-id.ts';

/** Sub-protocol of the native protocol and the prefix that carries a browser's token beside it. */
export const NATIVE_SUBPROTOCOL = 'bonafide.v1';
export const TOKEN_SUBPROTOCOL_PREFIX = 'bonafide.token.';

const identifier = z.string().min(1).max(128);

export const legSchema = z.object({
  id: identifier.describe('Name of the leg in every event.'),
  role: z.enum(['caller', 'callee', 'agent', 'unknown']).default('unknown'),
});

export const audioSchema = z.object({
  codec: z.enum(['pcm16', 'mulaw', 'alaw', 'opus']),
  sampleRateHz: z
    .number()
    .int()
    .describe(
      '8000, 12000, 16000, 24000, 32000, 44100, 48000, 64000, 96000 or 192000; Opus: 8000, 12000, 16000, 24000 or 48000.',
    ),
  channels: z.number().int().min(1).max(2).describe('Interleaved; one leg a channel.'),
  framing: z.enum(['raw', 'stamped']).default('raw'),
});

const MAX_METADATA_ENTRIES = 32;

export const startSchema = z.object({
  type: z.literal('start'),
  callId: identifier
    .regex(IN_AN_ADDRESS)
    .optional()
    .describe(
      'Made up when missing. Unique among live calls; not `.` or `..`, which no address can hold.',
    ),
  legs: z.array(legSchema).min(1).max(2).optional().describe('One a channel.'),
  audio: audioSchema,
  scoreIntervalMs: z
    .number()
    .int()
    .min(MIN_SCORE_INTERVAL_MS)
    .max(MAX_SCORE_INTERVAL_MS)
    .default(DEFAULT_SCORE_INTERVAL_MS),
  pace: z
    .enum(['live', 'fast'])
    .default('live')
    .describe('fast = as fast as the service can, for recordings; the key must allow it.'),
  resume: z
    .string()
    .max(128)
    .optional()
    .describe('The resumeToken of a call whose socket was lost.'),
  metadata: z
    .record(z.string().max(64), z.string().max(256))
    .refine((entries) => Object.keys(entries).length <= MAX_METADATA_ENTRIES, {
      message: `at most ${MAX_METADATA_ENTRIES} entries`,
    })
    .default({}),
});

export type StartMessage = z.infer<typeof startSchema>;

/** Messages of the client other than `start`; they carry nothing but their type. */
export const BARE_MESSAGE_TYPES = ['pause', 'resume', 'finalize', 'keepalive', 'stop'] as const;
export type BareMessageType = (typeof BARE_MESSAGE_TYPES)[number];

export const startedSchema = z.object({
  type: z.literal('started'),
  callId: identifier,
  streamId: identifier,
  audio: audioSchema,
  legs: z.array(legSchema),
  detector: z.object({
    name: z.string(),
    version: z.string(),
    sha256: z.string(),
    sampleRateHz: z.number(),
  }),
  scoreIntervalMs: z.number(),
  resumed: z.boolean(),
  resumeToken: z.string(),
  limits: z.object({
    textBytes: z.number(),
    audioBytes: z.number(),
    rateFactor: z.number(),
    burstMs: z.number(),
    resumeWindowMs: z.number(),
    idleMs: z.number(),
  }),
});

export type StartedMessage = z.infer<typeof startedSchema>;
