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

/** A session ends an hour after it was last asked about: an open page asks well before. */
const ASK_EVERY_MS = 600_000;
/** The header has whole seconds: less tells nothing. */
const LEAST_AHEAD_MS = 2_000;

let nextAsk: ReturnType<typeof setTimeout> | undefined;

/** How far the clock of the service is ahead of this one's, in ms. */
let serverAheadMs = 0;

/** The time by the service's clock, ms since 1970. */
export const serverNowMs = () => Date.now() + serverAheadMs;

/** Asks the service who we are, now and every so often while the page is open. */
export async function askSession(): Promise<void> {
  clearTimeout(nextAsk);
  nextAsk = setTimeout(() => void askSession(), ASK_EVERY_MS);
  let answer: Response;
  try {
    answer = await fetch('/v1/session');
  } catch {
    session.set({ state: 'unreachable' });
    return;
  }
  noteServerTime(answer);
  if (answer.status === 401) session.set({ state: 'signed-out' });
  else if (answer.status === 429 || answer.status >= 500) session.set({ state: 'unreachable' });
  else if (answer.ok) {
    const body = (await answer.json()) as { keyName?: string; expiresAt?: string | null };
    const canSignOut = typeof body.expiresAt === 'string';
    session.set({ state: 'open', keyName: body.keyName ?? null, canSignOut });
  } else session.set({ state: 'open', keyName: null, canSignOut: false });
}

/** Either clock may be set while the page is open. */
function noteServerTime(answer: Response): void {
  const aheadMs = Date.parse(answer.headers.get('date') ?? '') - Date.now();
  if (!Number.isNaN(aheadMs)) serverAheadMs = Math.abs(aheadMs) > LEAST_AHEAD_MS ? aheadMs : 0;
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
  clearTimeout(nextAsk);
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
