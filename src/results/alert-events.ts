import type { AlertSeverity, NoVerdictChoice } from '../screening/alert-policy.ts';
import type { ScoreFigures } from '../stream/events.ts';
import type { ScreeningEvent } from '../stream/screening-events.ts';
import type { OutcomeDecision } from './outcomes.ts';

/** The policy that decided. */
export interface PolicyName {
  readonly name: string;
  /** sha256 of the rule and the quiet list, in hex. */
  readonly hash: string;
}

/** The figures that a decision was made from. */
export type DecisionScore = Pick<
  ScoreFigures,
  | 'speechMs'
  | 'syntheticProbability'
  | 'llr'
  | 'interval'
  | 'recent'
  | 'verdict'
  | 'firm'
  | 'abstain'
>;

/** What every decision about a leg tells. */
export interface DecisionFacts {
  readonly callId: string;
  readonly keyName: string;
  readonly platform: string;
  readonly leg: string;
  readonly role: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** `name@12 hex`. */
  readonly detector: string;
  /** null = the leg had no score at all. */
  readonly score: DecisionScore | null;
  readonly streamTimeMs: number;
  /** Wall time, ms since 1970. */
  readonly wallTimeMs: number;
}

/** Where the threshold of a rule was for this detector. */
export interface DecisionThreshold {
  /** LLR, positive = bona fide. */
  readonly llr: number;
  /** The detector's shipped rate that it stands for, or null when the rule gave the LLR. */
  readonly falseAlertRate: number | null;
}

/** Why an alert was raised. */
export type AlertReason =
  | 'call_evidence'
  | 'recent_evidence'
  /** The leg ended without a verdict and the policy says `failClosed`. */
  | 'no_verdict';

/** A policy raised an alert on a leg. */
export interface AlertEvent extends DecisionFacts {
  readonly type: 'alert';
  /** Unique; also the `webhook-id`. */
  readonly id: string;
  readonly severity: AlertSeverity;
  readonly policy: PolicyName;
  readonly threshold: DecisionThreshold;
  readonly reasons: readonly AlertReason[];
  /** What the policy does with a leg that ends without a verdict. */
  readonly noVerdict: NoVerdictChoice;
}

/** A leg ended without a verdict and the policy says `failOpen`: nothing was raised. */
export interface NoVerdictEvent extends DecisionFacts {
  readonly type: 'no_verdict';
  readonly policy: PolicyName;
  readonly outcome: 'failOpen';
}

/** A leg ended: its last figures. For the decision log only. */
export interface FinalDecision extends DecisionFacts {
  readonly type: 'final';
  /** The quiet entry that kept the policies off this leg, or null. */
  readonly quiet: string | null;
}

/** What call control did on an alert, or would have done. For the decision log only. */
export interface CallControlDecision
  extends Pick<DecisionFacts, 'callId' | 'keyName' | 'platform' | 'leg' | 'streamTimeMs'> {
  readonly type: 'call_control';
  readonly alertId: string;
  readonly control: {
    readonly name: string;
    readonly kind: string;
    readonly mode: 'dry-run' | 'live';
  };
  readonly outcome: 'dry_run' | 'done' | 'refused' | 'given_up';
  readonly error: string | null;
  /** Wall time of the outcome, ms since 1970. */
  readonly wallTimeMs: number;
}

/** What policies decide of a leg, and what came of it. */
export type Decision = AlertEvent | NoVerdictEvent | FinalDecision | CallControlDecision;

/** What goes into the decision log. */
export type LoggedDecision = Decision | OutcomeDecision;

/** Every event of the results plane. */
export type ResultEvent = ScreeningEvent | AlertEvent | NoVerdictEvent;
