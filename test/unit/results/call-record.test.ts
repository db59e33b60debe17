import { describe, expect, it } from 'vitest';
import { CallRecord, MOST_LEGS } from '../../../src/results/call-record.ts';
import { Call } from '../../../src/stream/call.ts';
import { scoreEvent } from '../../support/alert-fakes.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const CALL_ID = 'room';
const clock = new FakeClock();

function streamOf(leg: string): Call {
  const start = {
    callId: CALL_ID,
    keyName: 'a',
    platform: 'livekit',
    feeds: [],
    scoreIntervalMs: 500,
    pace: 'live',
    metadata: {},
  } as const;
  const legs = [
    { id: leg, role: 'caller', legKey: 1, feedIndex: 0, detectorId: 'tiny@ff' } as const,
  ];
  return new Call({ start, ports: [], legs, resumeToken: 't', clock });
}

/** A room that is never empty: each guest comes before the one before leaves, and is scored once. */
function visit(record: CallRecord, guests: number): void {
  for (let guest = 0; guest < guests; guest++) {
    record.streamStarted(streamOf(`guest-${guest}`));
    record.add(scoreEvent(500, 1, { callId: CALL_ID, leg: `guest-${guest}` }));
    if (guest > 0) record.streamEnded(streamOf(`guest-${guest - 1}`), 0);
  }
}

describe('CallRecord', () => {
  it('keeps so many legs of a call that goes on while they come and go', () => {
    const host = streamOf('host');
    const record = new CallRecord(host, { eventsPerCall: 64 });
    record.streamStarted(host);
    visit(record, 1_000);
    const { legs } = record.summary();
    expect(legs).toHaveLength(MOST_LEGS);
    expect([legs[0]!.id, legs.at(-1)!.id]).toEqual(['host', 'guest-999']);
    expect(record.series()).toHaveLength(MOST_LEGS - 1);
    expect(record.isEnded).toBe(false);
  });

  it('lets no live leg go, however many there are', () => {
    const streams = Array.from({ length: MOST_LEGS + 5 }, (_, at) => streamOf(`leg-${at}`));
    const record = new CallRecord(streams[0]!, { eventsPerCall: 64 });
    for (const stream of streams) record.streamStarted(stream);
    expect(record.summary().legs).toHaveLength(MOST_LEGS + 5);
  });
});
