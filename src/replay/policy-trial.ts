import { z } from 'zod';
import type { Clock } from '../clock.ts';
import { AlertEngine, type ScreenedCall } from '../results/alert-engine.ts';
import type { AlertEvent, NoVerdictEvent } from '../results/alert-events.ts';
import type { Policies } from '../results/policies.ts';
import type { DetectorLimits } from '../screening/alert-policy.ts';
import type { LegRole } from '../stream/call.ts';
import type { ScreeningEvent } from '../stream/screening-events.ts';

/** What a trace does not tell of its calls. */
export interface TrialCall {
  readonly keyName: string;
  readonly platform: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly roleOf: (leg: string) => LegRole;
}

export interface TrialOptions {
  readonly policies: Policies;
  readonly call: TrialCall;
  readonly clock: Clock;
  readonly priorSynthetic: number;
  /** @throws when the detector of the trace is not known. */
  readonly detectorOf: (detectorId: string) => DetectorLimits;
  /** Of calls in which no score names a detector. */
  readonly fallbackDetectorId: string;
}

export interface TrialResult {
  readonly calls: number;
  readonly events: readonly (AlertEvent | NoVerdictEvent)[];
}

const scoreFigures = z.looseObject({
  streamTimeMs: z.number(),
  speechMs: z.number(),
  llr: z.number().nullable(),
  recent: z.looseObject({ syntheticProbability: z.number().nullable(), speechMs: z.number() }),
});
const scoreLine = z.looseObject({
  type: z.literal('score'),
  callId: z.string(),
  leg: z.string(),
  detector: z.string(),
  ...scoreFigures.shape,
});
const stoppedLine = z.looseObject({
  type: z.literal('stopped'),
  callId: z.string(),
  legs: z.array(z.looseObject({ leg: z.string(), finalScore: scoreFigures.nullable() })),
});
const failedLine = z.looseObject({ type: z.literal('failed'), callId: z.string() });
const LINES = new Map<string, z.ZodType>([
  ['score', scoreLine],
  ['stopped', stoppedLine],
  ['failed', failedLine],
]);
const anyLine = z.looseObject({ type: z.string() });

/** A line of a trace that is none. */
export class TraceError extends Error {
  override readonly name = 'TraceError';
}

/**
 * Runs policies over a recorded trace (`--json` of screen or replay): what would have fired, and when.
 * @throws TraceError naming the first wrong line.
 */
export function tryPolicies(trace: string, options: TrialOptions): TrialResult {
  const events: (AlertEvent | NoVerdictEvent)[] = [];
  let alerts = 0;
  const engine = new AlertEngine({
    ...options,
    policies: () => options.policies,
    publish: (_, event) => events.push(event),
    sink: { record() {} },
    newId: () => `trial_${++alerts}`,
  });
  const parsed = trace
    .split('\n')
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== '')
    .map(({ line, number }) => parseLine(line, number));
  let calls = 0;
  // A trace may hold several calls, one after the other.
  for (const part of callsOf(parsed)) {
    calls++;
    const call = callOf(part, options);
    engine.started(call);
    for (const event of part) engine.event(call, event);
    engine.ended(call);
  }
  return { calls, events };
}

type TraceEvent = ScreeningEvent & { readonly callId: string };

function parseLine(line: string, number: number): TraceEvent | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new TraceError(`line ${number} is not JSON`);
  }
  const kind = anyLine.safeParse(value);
  if (!kind.success) throw new TraceError(`line ${number} is no event`);
  const schema = LINES.get(kind.data.type);
  if (schema === undefined) return null;
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new TraceError(`line ${number}: ${path.join('.')}: ${message}`);
  }
  return value as TraceEvent;
}

function callsOf(events: readonly (TraceEvent | null)[]): TraceEvent[][] {
  const calls: TraceEvent[][] = [];
  const open = new Map<string, TraceEvent[]>();
  for (const event of events) {
    if (event === null) continue;
    let call = open.get(event.callId);
    if (call === undefined) {
      call = [];
      calls.push(call);
      open.set(event.callId, call);
    }
    call.push(event);
    if (event.type !== 'score') open.delete(event.callId);
  }
  return calls;
}

/**
 * The call of a trace. A leg that ended without a score is one of its legs, too: only the score names
 * a detector, so that leg has the one of the others.
 */
function callOf(
  events: readonly TraceEvent[],
  { call: { roleOf, ...start }, fallbackDetectorId }: TrialOptions,
): ScreenedCall {
  const detectors = new Map<string, string | undefined>();
  for (const event of events) {
    if (event.type === 'score') detectors.set(event.leg, event.detector);
    else if (event.type === 'stopped') {
      for (const { leg } of event.legs) detectors.set(leg, detectors.get(leg));
    }
  }
  const named = [...detectors.values()].find((id) => id !== undefined) ?? fallbackDetectorId;
  return {
    callId: events[0]!.callId,
    start,
    legs: [...detectors].map(([id, detectorId = named]) => ({ id, role: roleOf(id), detectorId })),
  };
}
