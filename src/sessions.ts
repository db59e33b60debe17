import { randomBytes } from 'node:crypto';
import type { Clock } from './clock.ts';
import { hashKey, type KeyIdentity } from './keys.ts';

/** The cookie that carries a session. */
export const SESSION_COOKIE = 'bonafide_session';
/** A session ends this long after it was last asked about, in seconds. */
export const SESSION_SECONDS = 3_600;
/** However often it is asked about, a session ends this long after the sign-in, in seconds. */
export const LONGEST_SESSION_SECONDS = 43_200;

const TOKEN_BYTES = 24;
/** Of one key: what it uses up takes nothing from others. */
const MAX_SESSIONS = 10_000;
const COOKIE_PATTERN = new RegExp(`(?:^|;)\\s*${SESSION_COOKIE}=([\\w-]{1,64})\\s*(?:;|$)`);

/** A signed-in browser. */
export interface Session {
  readonly key: KeyIdentity;
  readonly expiresAtMs: number;
  /** It was opened over TLS: its cookie must not travel without. */
  readonly isSecure: boolean;
}

interface Entry extends Session {
  readonly endsAtMs: number;
}

/** Sessions of browsers that have shown a key. Only hashes of their tokens are kept, in memory. */
export class SessionRing {
  readonly #clock: Clock;
  readonly #maxOfKey: number;
  readonly #sessions = new Map<string, Entry>();

  /** @param maxOfKey most sessions of one key at once */
  constructor(clock: Clock, maxOfKey = MAX_SESSIONS) {
    this.#clock = clock;
    this.#maxOfKey = maxOfKey;
  }

  /** A new session of the key and the token that stands for it. Null when too many of this key are open. */
  open(
    key: KeyIdentity,
    isSecure: boolean,
  ): { readonly token: string; readonly session: Session } | null {
    if (this.#liveSessionsOf(key.name) >= this.#maxOfKey) return null;
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    const nowMs = this.#clock.nowMs();
    const session = {
      key,
      isSecure,
      expiresAtMs: nowMs + SESSION_SECONDS * 1_000,
      endsAtMs: nowMs + LONGEST_SESSION_SECONDS * 1_000,
    };
    this.#sessions.set(hashKey(token), session);
    return { token, session };
  }

  /** The session of a token, or null when it is unknown or over. */
  find(token: string): Session | null {
    const found = this.#sessions.get(hashKey(token));
    return found === undefined || found.expiresAtMs <= this.#clock.nowMs() ? null : found;
  }

  /** Lets a session go on from now. @returns null when it is unknown or over */
  renew(token: string): Session | null {
    const found = this.find(token) as Entry | null;
    if (found === null) return null;
    const wantedMs = this.#clock.nowMs() + SESSION_SECONDS * 1_000;
    const renewed = { ...found, expiresAtMs: Math.min(wantedMs, found.endsAtMs) };
    this.#sessions.set(hashKey(token), renewed);
    return renewed;
  }

  close(token: string): void {
    this.#sessions.delete(hashKey(token));
  }

  /** Counts a key's sessions; forgets all that are over. */
  #liveSessionsOf(keyName: string): number {
    const nowMs = this.#clock.nowMs();
    let count = 0;
    for (const [hash, { key, expiresAtMs }] of this.#sessions) {
      if (expiresAtMs <= nowMs) this.#sessions.delete(hash);
      else if (key.name === keyName) count++;
    }
    return count;
  }
}

/** The session token in a `Cookie` header, or null. */
export function sessionTokenOf(cookieHeader: string | undefined): string | null {
  return COOKIE_PATTERN.exec(cookieHeader ?? '')?.[1] ?? null;
}
