import { ABSTENTION_REASONS, type AbstentionReason } from '../screening/abstention.ts';
import type { VerdictName } from '../screening/verdict.ts';

const VERDICTS: readonly VerdictName[] = ['human', 'synthetic', 'undecided'];
const STANDINGS = 2 * VERDICTS.length;

/** What a score says in words. */
export interface Standing {
  readonly verdict: VerdictName;
  readonly firm: boolean;
  readonly abstain: AbstentionReason | null;
}

/** A standing as a small whole number, so that scores can be kept as rows of numbers. */
export function standingCode({ verdict, firm, abstain }: Standing): number {
  const reason = abstain === null ? 0 : 1 + ABSTENTION_REASONS.indexOf(abstain);
  return reason * STANDINGS + VERDICTS.indexOf(verdict) + (firm ? VERDICTS.length : 0);
}

/** The standing of a code that `standingCode` gave. */
export function standingOf(code: number): Standing {
  const standing = code % STANDINGS;
  const reason = Math.floor(code / STANDINGS);
  return {
    verdict: VERDICTS[standing % VERDICTS.length]!,
    firm: standing >= VERDICTS.length,
    abstain: reason === 0 ? null : ABSTENTION_REASONS[reason - 1]!,
  };
}
