import type { Policies } from '../policies.ts';
import type { CallControlConfig } from './control-config.ts';
import type { SecretRef, Secrets } from './secrets.ts';

/** What call control needs beside the policies file: secrets that can be read, and a store. */
export function controlProblems(
  { callControls }: Policies,
  { dataFolder, secrets }: { readonly dataFolder: string; readonly secrets: Secrets },
): string[] {
  return callControls.flatMap((control) => {
    const problems: string[] = [];
    const ref = secretOf(control);
    if (ref === null) return problems;
    try {
      secrets.read(ref);
    } catch (error) {
      const what = error instanceof Error ? error.message : String(error);
      problems.push(`callControl "${control.name}": ${what}`);
    }
    if (control.mode === 'live' && dataFolder === '') {
      problems.push(`callControl "${control.name}": needs BONAFIDE_DATA_FOLDER to be live`);
    }
    return problems;
  });
}

/** Variables of the environment that hold the secrets of call control. */
export function secretVariablesOf({ callControls }: Policies): string[] {
  return callControls.flatMap((control) => {
    const ref = secretOf(control);
    return ref !== null && 'env' in ref ? [ref.env] : [];
  });
}

function secretOf(control: CallControlConfig): SecretRef | null {
  switch (control.kind) {
    case 'twilio-rest':
      return control.authToken;
    case 'asterisk-ari':
      return control.password;
    case 'genesys':
      return control.clientSecret;
    default:
      return null;
  }
}
