import { BonafideClient, BonafideError } from '../../../clients/typescript/client.ts';
import { Store } from './store.ts';

export type Session =
  | { readonly state: 'asking' }
  | { readonly state: 'signed-out' }
  /** The service did not answer. */
  | { readonly state: 'unreachable' }
  /** `keyName` null = the service asks for no sign-in. */
  | { readonly state: 'open'; readonly keyName: string | null; readonly canSignOut: boolean };

export const session = new Store<Session>({ state: 'asking' });

/** How far the clock of the service is ahead of this one's, in ms. */
let serverAheadMs = 0;

/** The time by the service's clock, ms since 1970. */
export const serverNowMs = () => Date.now() + serverAheadMs;

/** Asks the service who we are. */
export async function askSession(): Promise<void> {
  let answer: Response;
  try {
    answer = await fetch('/v1/session');
  } catch {
    session.set({ state: 'unreachable' });
    return;
  }
  const date = Date.parse(answer.headers.get('date') ?? '');
  // The header has whole seconds: less than two tell nothing.
  const aheadMs = date - Date.now();
  if (Math.abs(aheadMs) > 2_000) serverAheadMs = aheadMs;
  if (answer.status === 401) session.set({ state: 'signed-out' });
  else if (answer.ok) {
    const body = (await answer.json()) as { keyName?: string; expiresAt?: string | null };
    const canSignOut = typeof body.expiresAt === 'string';
    session.set({ state: 'open', keyName: body.keyName ?? null, canSignOut });
  } else session.set({ state: 'open', keyName: null, canSignOut: false });
}

/** @returns null when it worked, else what the service said. */
export async function signIn(key: string): Promise<string | null> {
  const answer = await fetch('/v1/session', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ key }),
  });
  if (answer.ok) {
    await askSession();
    return null;
  }
  const problem = (await answer.json().catch(() => null)) as { detail?: string } | null;
  return problem?.detail ?? answer.statusText;
}

export async function signOut(): Promise<void> {
  await fetch('/v1/session', { method: 'DELETE' });
  session.set({ state: 'signed-out' });
}

const client = new BonafideClient({ url: location.origin });

/** Runs a request of the API; one that is refused for want of a session leads to the sign-in. */
export async function ask<T>(request: (client: BonafideClient) => Promise<T>): Promise<T> {
  try {
    return await request(client);
  } catch (error) {
    noteRefusal(error);
    throw error;
  }
}

function noteRefusal(error: unknown): void {
  if (error instanceof BonafideError && error.problem.status === 401) {
    session.set({ state: 'signed-out' });
  }
}

export const socketUrl = (path: string) => location.origin.replace(/^http/, 'ws') + path;
