import type { z } from 'zod';
import type { startedSchema, startSchema } from '../../src/adapters/native-messages.ts';
import type {
  detectorsSchema,
  pageQuerySchema,
  problemSchema,
  screeningListSchema,
  screeningQuerySchema,
  screeningSchema,
  screeningSummarySchema,
  tokenSchema,
} from '../../src/http/schemas.ts';
import type {
  callSummarySchema,
  errorMessageSchema,
  resultEventSchema,
} from '../../src/results/event-schemas.ts';

// Nothing but types: the schemas of the service are not part of the client.

export type CallSummary = z.infer<typeof callSummarySchema>;
export type ResultEvent = z.infer<typeof resultEventSchema>;
export type Detector = z.infer<typeof detectorsSchema>['detectors'][number];
export type Token = z.infer<typeof tokenSchema>;
export type Problem = z.infer<typeof problemSchema>;
export type Screening = z.infer<typeof screeningSchema>;
export type ScreeningSummary = z.infer<typeof screeningSummarySchema>;
export type ScreeningList = z.infer<typeof screeningListSchema>;
export type ScreeningQuery = Partial<Omit<z.input<typeof screeningQuerySchema>, 'token'>>;
export type PageQuery = Partial<z.input<typeof pageQuerySchema>>;
/** `start` of the native protocol, without its type. */
export type StreamStart = Omit<z.input<typeof startSchema>, 'type'>;
export type Started = z.infer<typeof startedSchema>;
/** What the service sends on a stream after `started`. */
export type StreamMessage = ResultEvent | z.infer<typeof errorMessageSchema>;
