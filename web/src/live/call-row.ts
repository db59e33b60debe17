import type { CallSummary } from '../../../clients/typescript/client.ts';
import type { ScoreEvent } from '../lib/trace.ts';

/** Scores that a sparkline shows. */
export const SPARK_POINTS = 40;

export interface LegRow {
  readonly id: string;
  readonly role: string;
  latest: ScoreEvent | null;
  /** The newest probabilities, oldest first; null while abstaining. */
  readonly spark: (number | null)[];
}

/** A call as the table shows it. */
export interface CallRow {
  readonly callId: string;
  readonly platform: string;
  readonly startedAtMs: number;
  readonly metadata: Readonly<Record<string, string>>;
  endedAtMs: number | null;
  /** The gravest alert so far. */
  alert: 'watch' | 'alert' | null;
  readonly legs: LegRow[];
  /** Counts what changed. */
  version: number;
}

/** The row of a summary; what a row of the same call has gathered is kept. */
export function rowOf(summary: CallSummary, before: CallRow | undefined): CallRow {
  const { callId, platform, startedAtMs, endedAtMs, metadata } = summary;
  const isSame = before?.startedAtMs === startedAtMs;
  const legs = summary.legs.map((leg): LegRow => {
    const known = isSame ? before.legs.find(({ id }) => id === leg.id) : undefined;
    const latest = newer(known?.latest ?? null, leg.latest);
    const spark = known?.spark ?? [];
    if (spark.length === 0 && latest !== null) spark.push(latest.syntheticProbability);
    return { id: leg.id, role: leg.role, latest, spark };
  });
  const alert = isSame && before.alert === 'alert' ? 'alert' : summary.alert;
  return { callId, platform, startedAtMs, endedAtMs, metadata, alert, legs, version: 0 };
}

function newer(a: ScoreEvent | null, b: ScoreEvent | null): ScoreEvent | null {
  if (a === null || b === null) return a ?? b;
  return a.seq > b.seq ? a : b;
}

export function noteScore(row: CallRow, event: ScoreEvent): void {
  const leg = row.legs.find(({ id }) => id === event.leg);
  if (leg === undefined) return;
  const isNew = (leg.latest?.seq ?? 0) < event.seq;
  leg.latest = event;
  row.version++;
  if (!isNew) return;
  leg.spark.push(event.syntheticProbability);
  if (leg.spark.length > SPARK_POINTS) leg.spark.shift();
}

/** How much a leg deserves to be looked at: verdicts first, then the probability. */
export function riskOfLeg({ latest }: LegRow): number {
  if (latest === null) return -2;
  const { syntheticProbability: whole, recent, verdict, abstain } = latest;
  if (abstain !== null && verdict !== 'synthetic') return -1;
  const highest = Math.max(whole ?? 0, recent.syntheticProbability ?? 0);
  return highest + (verdict === 'synthetic' ? 2 : 0);
}

export function riskOf({ legs, alert }: CallRow): number {
  const worst = Math.max(-2, ...legs.map(riskOfLeg));
  return worst + (alert === 'alert' ? 2 : alert === 'watch' ? 1 : 0);
}

/** Legs with the one to look at first. */
export function legsByRisk({ legs }: CallRow): LegRow[] {
  return [...legs].sort((a, b) => riskOfLeg(b) - riskOfLeg(a));
}
