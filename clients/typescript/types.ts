import type { z } from 'zod';
import type { alertsQuerySchema, alertsSchema } from '../../src/http/alerts.ts';
import type { callSeriesSchema } from '../../src/http/call-series.ts';
import type { detectorCardSchema } from '../../src/http/detector-card-schemas.ts';
import type {
  callsQuerySchema,
  callsSchema,
  detectorsSchema,
  pageQuerySchema,
  problemSchema,
  screeningListSchema,
  screeningQuerySchema,
  screeningSchema,
  screeningSummarySchema,
  tokenSchema,
} from '../../src/http/schemas.ts';
import type { callSummarySchema } from '../../src/results/event-schemas.ts';

// Nothing but types: the schemas of the service are not part of the client.

export type * from '../../src/replay/stream-messages.ts';

export type CallSummary = z.infer<typeof callSummarySchema>;
/** Calls of a page, and where the next one begins. */
export type CallList = z.infer<typeof callsSchema>;
export type CallQuery = Partial<z.infer<typeof callsQuerySchema>>;
export type Detector = z.infer<typeof detectorsSchema>['detectors'][number];
/** The scores of a call from its beginning, thinned out. */
export type CallSeries = z.infer<typeof callSeriesSchema>;
export type DetectorCard = z.infer<typeof detectorCardSchema>;
/** Alerts of a page with their deliveries, and where the next one begins. */
export type AlertList = z.infer<typeof alertsSchema>;
export type AlertQuery = Partial<Omit<z.infer<typeof alertsQuerySchema>, 'token'>>;
export type Token = z.infer<typeof tokenSchema>;
export type Problem = z.infer<typeof problemSchema>;
export type Screening = z.infer<typeof screeningSchema>;
export type ScreeningSummary = z.infer<typeof screeningSummarySchema>;
export type ScreeningList = z.infer<typeof screeningListSchema>;
export type ScreeningQuery = Partial<Omit<z.infer<typeof screeningQuerySchema>, 'token'>>;
export type PageQuery = Partial<z.infer<typeof pageQuerySchema>>;
