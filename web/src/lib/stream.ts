import { type AudioStream, BonafideClient } from '../../../clients/typescript/client.ts';
import { ask } from './session.ts';

type StreamStart = Parameters<BonafideClient['stream']>[0];

/** The shortest life of a token: it is used at once. */
const TOKEN_SECONDS = 60;

/**
 * Starts a call over the native protocol with a token of its own. A token that the service no longer
 * takes (it restarted, or the machine slept in between) is replaced once.
 * @throws Error with the service's words, or that the connection was refused
 */
export async function openStream(start: StreamStart): Promise<AudioStream> {
  try {
    return await openOnce(start);
  } catch (error) {
    if (codeOf(error) !== null) throw error;
    return openOnce(start);
  }
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
