import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { controlProblems } from './call-control/check-controls.ts';
import type { Secrets } from './call-control/secrets.ts';
import type { Policies } from './policies.ts';

/** What policies need beside their file: a store, secrets and certificates that can be read. */
export function policyProblems(
  policies: Policies,
  around: { readonly dataFolder: string; readonly secrets: Secrets },
): string[] {
  const problems: string[] = [];
  if (policies.destinations.length > 0 && around.dataFolder === '') {
    problems.push('BONAFIDE_DATA_FOLDER: is needed where the policies file has destinations');
  }
  const lists = { destination: policies.destinations, callControl: policies.callControls };
  for (const [list, entries] of Object.entries(lists)) {
    for (const entry of entries) {
      const wrong = 'caFile' in entry ? certificateProblem(entry.caFile) : null;
      if (wrong !== null) problems.push(`${list} "${entry.name}": caFile: ${wrong}`);
    }
  }
  return [...problems, ...controlProblems(policies, around)];
}

function certificateProblem(path: string | undefined): string | null {
  if (path === undefined) return null;
  try {
    void new X509Certificate(readFileSync(path));
    return null;
  } catch (error) {
    return error instanceof Error && 'syscall' in error ? error.message : `${path}: no certificate`;
  }
}
