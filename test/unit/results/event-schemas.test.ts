import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import type { ResultEvent } from '../../../src/results/alert-events.ts';
import type { CallSummary } from '../../../src/results/call-record.ts';
import {
  type callSummarySchema,
  resultEventSchema,
  type scoreFiguresSchema,
} from '../../../src/results/event-schemas.ts';
import type { ScoreFigures } from '../../../src/stream/events.ts';

type Event = z.infer<typeof resultEventSchema>;
type Summary = z.infer<typeof callSummarySchema>;

// Checked by the compiler: the schemas are the types, in both directions.
const SAME = {
  eventOut: (event: ResultEvent): Event => event,
  eventIn: (event: Event): ResultEvent => event,
  summaryOut: (summary: CallSummary): Summary => summary,
  summaryIn: (summary: Summary): CallSummary => summary,
  figuresOut: (figures: ScoreFigures): z.infer<typeof scoreFiguresSchema> => figures,
};

describe('the schemas of events', () => {
  it('take a gap and refuse what is none', () => {
    const gap = { type: 'gap', callId: 'c', leg: 'caller', streamTimeMs: 500, lostMs: 80 };
    expect(SAME.eventIn(resultEventSchema.parse(gap))).toEqual(gap);
    expect(resultEventSchema.safeParse({ ...gap, lostMs: -1 }).success).toBe(false);
  });
});
