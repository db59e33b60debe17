import { type AudioStream, BonafideClient } from '../../../clients/typescript/client.ts';
import { ask } from './session.ts';

type StreamStart = Parameters<BonafideClient['stream']>[0];

/** The shortest life of a token: it is used at once. */
const TOKEN_SECONDS = 60;

/** A service that is full is asked again this often, so long in between. */
const BUSY_TRIES = 30;
const BUSY_WAIT_MS = 1_000;

/**
 * Starts a call over the native protocol with a token of its own. A service that is full is asked
 * again for a while; a token that it no longer takes (it restarted, or the machine slept in between) is
 * replaced once.
 * @throws Error with the service's words, or that the connection was refused
 */
export async function openStream(start: StreamStart): Promise<AudioStream> {
  let tokens = 2;
  for (let tries = BUSY_TRIES; ; tries--) {
    try {
      return await openOnce(start);
    } catch (error) {
      if (codeOf(error) !== null) throw error;
      // A refused handshake does not tell a page why.
      if (await isReady()) tokens--;
      else await new Promise((resolve) => setTimeout(resolve, BUSY_WAIT_MS));
      if (tokens === 0 || tries === 0) throw error;
    }
  }
}

async function isReady(): Promise<boolean> {
  return (await fetch('/readyz')).ok;
}

async function openOnce(start: StreamStart): Promise<AudioStream> {
  const { token } = await ask((client) => client.token(TOKEN_SECONDS));
  return new BonafideClient({ url: location.origin, token }).stream(start);
}

/** The code of an error that the service named, or null. */
export function codeOf(error: unknown): string | null {
  const text = error instanceof Error ? error.message : '';
  return /^(SCREEN_ERR_\w+):/.exec(text)?.[1] ?? null;
}
