import {
  type AlertEvidence,
  type AlertRule,
  type ArmedRule,
  atHangUp,
  type DetectorLimits,
  INITIAL_POLICY_STATE,
  nextPolicyState,
  type PolicyScore,
  type PolicyState,
  resolveThreshold,
} from '../screening/alert-policy.ts';
import { logit } from '../screening/calibration.ts';
import { type LegFacts, matchesLeg } from '../screening/leg-match.ts';
import type { ScoreFigures } from '../stream/events.ts';
import { canonicalJson, type Policies, type Policy } from './policies.ts';

/** A policy on one leg. */
export interface ArmedPolicy extends ArmedRule {
  readonly policy: Policy;
}

interface Watched extends ArmedPolicy {
  state: PolicyState;
}

/** All policies that mean one leg, with what each remembers of it. */
export class LegWatch {
  readonly #facts: LegFacts;
  readonly #detector: DetectorLimits;
  #policies: Policies | null = null;
  #watched: readonly Watched[] = [];
  /** What rules remember of the leg, by the rule itself: also while the leg is quiet. */
  #memory: ReadonlyMap<string, PolicyState> = new Map();
  #quiet: string | null = null;
  #scoredAtMs = -1;
  /** The most speech under a score that did not abstain; −1 = there was none. */
  #judgedSpeechMs = -1;

  constructor(facts: LegFacts, detector: DetectorLimits) {
    this.#facts = facts;
    this.#detector = detector;
  }

  /** The quiet entry that keeps the policies off this leg, or null. */
  get quiet(): string | null {
    return this.#quiet;
  }

  /** Policies that mean this leg. */
  get size(): number {
    return this.#watched.length;
  }

  /** Policies in force: after a reload, rules that did not change keep their memory. */
  use(policies: Policies): void {
    if (policies === this.#policies) return;
    this.#policies = policies;
    this.#quiet = policies.quiet.find(({ match }) => matchesLeg(match, this.#facts))?.name ?? null;
    const known = this.#watched.map(({ rule, state }) => [canonicalJson(rule), state] as const);
    this.#memory = new Map([...this.#memory, ...known]);
    this.#watched =
      this.#quiet !== null
        ? []
        : policies.policies
            .filter(({ rule }) => matchesLeg(rule.match, this.#facts))
            .map((policy) => ({
              policy,
              rule: policy.rule,
              threshold: resolveThreshold(policy.rule.threshold, this.#detector),
              detector: this.#detector,
              state: this.#stateOf(policy.rule),
            }));
  }

  /** A rule that comes to a leg under way finds there a verdict or none, like one that was there from the start. */
  #stateOf(rule: AlertRule): PolicyState {
    const known = this.#memory.get(canonicalJson(rule)) ?? INITIAL_POLICY_STATE;
    return { ...known, judged: known.judged || this.#judgedSpeechMs >= rule.minimumSpeechMs };
  }

  /** Calls `fired` for each policy that raises an alert at this score. */
  score(score: PolicyScore, fired: (armed: ArmedPolicy, evidence: AlertEvidence) => void): void {
    // Asked for out of turn (`finalize`) without new audio: it says what the one before said.
    if (score.streamTimeMs <= this.#scoredAtMs) return;
    this.#scoredAtMs = score.streamTimeMs;
    if (score.llr !== null) this.#judgedSpeechMs = Math.max(this.#judgedSpeechMs, score.speechMs);
    for (const entry of this.#watched) {
      const step = nextPolicyState(entry.state, score, entry);
      entry.state = step.state;
      if (step.fired !== null) fired(entry, step.fired);
    }
  }

  /** The policies that the leg leaves without a verdict. */
  unjudged(): readonly ArmedPolicy[] {
    return this.#watched.filter(({ state, rule }) => atHangUp(state, rule) !== 'judged');
  }
}

/** A published score as policies read it. `priorSynthetic` = what the published probabilities hold. */
export function policyScoreOf(
  figures: Pick<ScoreFigures, 'streamTimeMs' | 'speechMs' | 'llr' | 'recent'>,
  priorSynthetic: number,
): PolicyScore {
  const { streamTimeMs, speechMs, llr, recent } = figures;
  // The window's LLR is not published: Bayes' rule backwards.
  const recentLlr =
    recent.syntheticProbability === null
      ? null
      : logit(priorSynthetic) - logit(recent.syntheticProbability);
  return { streamTimeMs, speechMs, llr, recentSpeechMs: recent.speechMs, recentLlr };
}
