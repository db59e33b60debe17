import { S } from '../strings.ts';
import type { VerdictName } from './trace.ts';

const MARKS = { synthetic: '▲', human: '●', undecided: '○' } as const;

export interface Standing {
  readonly verdict: VerdictName;
  readonly firm: boolean;
  readonly abstain: string | null;
}

/** What is said of a leg: a verdict, or the reason to say nothing. Never by colour alone. */
export function Verdict({ standing }: { readonly standing: Standing | null }) {
  if (standing === null) return <span class="verdict none">{S.verdict.none}</span>;
  const { verdict, firm, abstain } = standing;
  if (abstain !== null && verdict === 'undecided') {
    return (
      <span class="verdict abstain">
        <span aria-hidden="true">‖ </span>
        {abstentionText(abstain)}
      </span>
    );
  }
  return (
    <span class={`verdict ${verdict}${firm ? ' firm' : ''}`}>
      <span aria-hidden="true">{MARKS[verdict]} </span>
      {S.verdict[verdict]}
      {firm || verdict === 'undecided' ? '' : ` ${S.verdict.provisional}`}
    </span>
  );
}

export function abstentionText(reason: string): string {
  return (S.abstention as Readonly<Record<string, string>>)[reason] ?? reason;
}

export function roleText(role: string): string {
  return (S.roles as Readonly<Record<string, string>>)[role] ?? role;
}
