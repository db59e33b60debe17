import type { Clock } from '../clock.ts';
import { randomId } from '../random.ts';
import type { DetectorLimits } from '../screening/alert-policy.ts';
import type { LegRole } from '../stream/call.ts';
import type { ScoreFigures } from '../stream/events.ts';
import type { ScreeningEvent } from '../stream/screening-events.ts';
import type {
  AlertEvent,
  AlertReason,
  Decision,
  DecisionFacts,
  DecisionScore,
  NoVerdictEvent,
} from './alert-events.ts';
import type { ControllableCall } from './call-control/live-socket.ts';
import { type ArmedPolicy, LegWatch, policyScoreOf } from './leg-watch.ts';
import type { Policies } from './policies.ts';

/** What the engine needs to know of a call. */
export interface ScreenedCall extends ControllableCall {
  readonly callId: string;
  readonly start: {
    readonly keyName: string;
    readonly platform: string;
    readonly metadata: Readonly<Record<string, string>>;
  };
  readonly legs: readonly {
    readonly id: string;
    readonly role: LegRole;
    readonly detectorId: string;
  }[];
}

/** Takes decisions for good. Must be quick and must not throw. */
export interface DecisionSink {
  /** `destinations` = where an alert goes; empty for every other decision. */
  record(decision: Decision, destinations: readonly string[]): void;
}

export interface AlertEngineOptions {
  readonly clock: Clock;
  /** The policies in force. */
  readonly policies: () => Policies;
  readonly detectorOf: (detectorId: string) => DetectorLimits;
  /** The prior that the published probabilities hold. */
  readonly priorSynthetic: number;
  readonly publish: (call: ScreenedCall, event: AlertEvent | NoVerdictEvent) => void;
  readonly sink: DecisionSink;
  /** Makes the id of an alert; random when absent. */
  readonly newId?: () => string;
}

interface WatchedLeg {
  readonly role: LegRole;
  readonly detectorId: string;
  readonly watch: LegWatch;
  latest: ScoreFigures | null;
}

/** Applies the policies to every leg of every call and hands on what they decide. */
export class AlertEngine {
  readonly #options: AlertEngineOptions;
  readonly #calls = new Map<ScreenedCall, Map<string, WatchedLeg>>();

  constructor(options: AlertEngineOptions) {
    this.#options = options;
  }

  started(call: ScreenedCall): void {
    const { keyName, platform, metadata } = call.start;
    const legs = new Map<string, WatchedLeg>();
    for (const { id, role, detectorId } of call.legs) {
      const detector = this.#options.detectorOf(detectorId);
      const watch = new LegWatch({ keyName, platform, role, metadata }, detector);
      legs.set(id, { role, detectorId, watch, latest: null });
    }
    this.#calls.set(call, legs);
  }

  event(call: ScreenedCall, event: ScreeningEvent): void {
    if (event.type === 'score') this.#score(call, event.leg, event);
    else if (event.type === 'stopped') {
      for (const { leg, finalScore } of event.legs) {
        const toldAtMs = this.#calls.get(call)?.get(leg)?.latest?.streamTimeMs ?? -1;
        // What the end flushed out is a score of its own; what was told already is not.
        if (finalScore !== null && finalScore.streamTimeMs > toldAtMs) {
          this.#score(call, leg, finalScore);
        }
      }
      this.#hangUp(call);
    } else if (event.type === 'failed') this.#hangUp(call);
  }

  ended(call: ScreenedCall): void {
    this.#calls.delete(call);
  }

  #score(call: ScreenedCall, legId: string, figures: ScoreFigures): void {
    const leg = this.#calls.get(call)?.get(legId);
    if (leg === undefined) return;
    leg.latest = figures;
    leg.watch.use(this.#options.policies());
    const score = policyScoreOf(figures, this.#options.priorSynthetic);
    leg.watch.score(score, (armed, evidence) => {
      const facts = this.#factsOf(call, legId, leg);
      this.#raise(call, facts, {
        armed,
        reasons: [evidence === 'call' ? 'call_evidence' : 'recent_evidence'],
      });
    });
  }

  #hangUp(call: ScreenedCall): void {
    for (const [legId, leg] of this.#calls.get(call) ?? []) {
      leg.watch.use(this.#options.policies());
      const facts = this.#factsOf(call, legId, leg);
      for (const armed of leg.watch.unjudged()) {
        if (armed.rule.noVerdict === 'failClosed') {
          this.#raise(call, facts, { armed, reasons: ['no_verdict'] });
        } else this.#letPass(call, facts, armed);
      }
      this.#options.sink.record({ type: 'final', ...facts, quiet: leg.watch.quiet }, []);
    }
    // A call that fails after it stopped is not judged twice.
    this.#calls.delete(call);
  }

  #raise(
    call: ScreenedCall,
    facts: DecisionFacts,
    { armed, reasons }: { armed: ArmedPolicy; reasons: readonly AlertReason[] },
  ): void {
    const { rule, policy, threshold } = armed;
    const alert: AlertEvent = {
      type: 'alert',
      id: (this.#options.newId ?? newAlertId)(),
      severity: rule.severity,
      policy: { name: rule.name, hash: policy.hash },
      ...facts,
      threshold,
      reasons,
      noVerdict: rule.noVerdict,
    };
    // The record first: what readers see is on its way to the disk already.
    this.#options.sink.record(alert, policy.destinations);
    this.#options.publish(call, alert);
  }

  #letPass(call: ScreenedCall, facts: DecisionFacts, { rule, policy }: ArmedPolicy): void {
    const event: NoVerdictEvent = {
      type: 'no_verdict',
      policy: { name: rule.name, hash: policy.hash },
      ...facts,
      outcome: 'failOpen',
    };
    this.#options.sink.record(event, []);
    this.#options.publish(call, event);
  }

  #factsOf(call: ScreenedCall, legId: string, leg: WatchedLeg): DecisionFacts {
    const { keyName, platform, metadata } = call.start;
    return {
      callId: call.callId,
      keyName,
      platform,
      leg: legId,
      role: leg.role,
      metadata,
      detector: leg.detectorId,
      score: leg.latest === null ? null : scoreOf(leg.latest),
      streamTimeMs: leg.latest?.streamTimeMs ?? 0,
      wallTimeMs: this.#options.clock.wallTimeMs(),
    };
  }
}

function newAlertId(): string {
  return `alert_${randomId()}`;
}

function scoreOf(figures: ScoreFigures): DecisionScore {
  const { speechMs, syntheticProbability, llr, interval, recent, verdict, firm, abstain } = figures;
  return { speechMs, syntheticProbability, llr, interval, recent, verdict, firm, abstain };
}
