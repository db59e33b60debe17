/** What the organisation found out about a call. */
export const OUTCOMES = ['confirmed_synthetic', 'confirmed_human', 'unknown'] as const;
export type OutcomeName = (typeof OUTCOMES)[number];

/** Longest note, in characters. */
export const MAX_NOTE_LENGTH = 1_000;

/** An outcome as it was reported: goes into the store and the decision log. */
export interface OutcomeDecision {
  readonly type: 'outcome';
  readonly callId: string;
  readonly keyName: string;
  readonly outcome: OutcomeName;
  readonly note: string | null;
  /** Wall time of the report, ms since 1970. */
  readonly wallTimeMs: number;
}
