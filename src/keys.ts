import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from './clock.ts';

/** Who a request comes from. */
export interface KeyIdentity {
  readonly name: string;
  /** Most live calls; null = the service's default. */
  readonly maxCalls: number | null;
  /** May stream faster than real time (`pace: fast`). */
  readonly fast: boolean;
}

/** An API key at rest: only its SHA-256. */
export interface KeyEntry extends KeyIdentity {
  readonly sha256: string;
}

const KEY_PREFIX = 'bfk_';
const TOKEN_BYTES = 24;
/** Of one key: what it uses up takes nothing from others. */
const MAX_TOKENS = 10_000;
export const MIN_TOKEN_SECONDS = 60;
export const MAX_TOKEN_SECONDS = 600;

/** SHA-256 of a key in hex. A key has 256 random bits, so no slow hash is needed. */
export function hashKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** A new key and the entry to keep. The key itself is shown once. */
export function createKey(name: string): { readonly key: string; readonly sha256: string } {
  if (!/^[\w.-]{1,64}$/.test(name)) {
    throw new RangeError(
      `name must be 1 to 64 letters, digits, dots, dashes or underscores, got "${name}"`,
    );
  }
  const key = KEY_PREFIX + randomBytes(32).toString('base64url');
  return { key, sha256: hashKey(key) };
}

/** The API keys and the short-lived browser tokens made from them. */
export class KeyRing {
  readonly #entries: readonly (KeyEntry & { readonly digest: Buffer })[];
  readonly #clock: Clock;
  readonly #maxTokensOfKey: number;
  readonly #tokens = new Map<string, { readonly key: KeyIdentity; readonly expiresAtMs: number }>();

  /** @param maxTokensOfKey most tokens of one key at once */
  constructor(entries: readonly KeyEntry[], clock: Clock, maxTokensOfKey = MAX_TOKENS) {
    const names = new Set<string>();
    for (const { name, sha256 } of entries) {
      if (names.has(name)) throw new RangeError(`key names must be unique, "${name}" came twice`);
      if (!/^[0-9a-f]{64}$/.test(sha256)) {
        throw new RangeError(`the hash of key "${name}" must be 64 hex digits`);
      }
      names.add(name);
    }
    this.#entries = entries.map((entry) => ({
      ...entry,
      digest: Buffer.from(entry.sha256, 'hex'),
    }));
    this.#clock = clock;
    this.#maxTokensOfKey = maxTokensOfKey;
  }

  get size(): number {
    return this.#entries.length;
  }

  limitOf(name: string): number | null {
    return this.#entries.find((entry) => entry.name === name)?.maxCalls ?? null;
  }

  /** The identity that a key of this name has, or null. */
  identityNamed(name: string): KeyIdentity | null {
    const found = this.#entries.find((entry) => entry.name === name);
    return found === undefined ? null : identityOf(found);
  }

  /** The identity of a key, or null. Compares with every entry, in constant time each. */
  verifyKey(key: string): KeyIdentity | null {
    const digest = createHash('sha256').update(key).digest();
    let found: KeyIdentity | null = null;
    for (const entry of this.#entries) {
      if (timingSafeEqual(digest, entry.digest)) found = entry;
    }
    return found === null ? null : identityOf(found);
  }

  /** The identity behind an `Authorization` header, or null. */
  verifyHeader(header: string | undefined): KeyIdentity | null {
    const match = /^Bearer +(\S+)$/i.exec(header ?? '');
    return match === null ? null : this.verifyKey(match[1]!);
  }

  /** A token that stands for the key for `seconds` (60–600). Null when too many of this key are out. */
  issueToken(key: KeyIdentity, seconds: number): string | null {
    if (!(seconds >= MIN_TOKEN_SECONDS && seconds <= MAX_TOKEN_SECONDS)) {
      throw new RangeError(
        `seconds must be ${MIN_TOKEN_SECONDS} to ${MAX_TOKEN_SECONDS}, got ${seconds}`,
      );
    }
    if (this.#liveTokensOf(key.name) >= this.#maxTokensOfKey) return null;
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    const expiresAtMs = this.#clock.nowMs() + seconds * 1000;
    this.#tokens.set(hashKey(token), { key: identityOf(key), expiresAtMs });
    return token;
  }

  verifyToken(token: string): KeyIdentity | null {
    const found = this.#tokens.get(hashKey(token));
    if (found === undefined || found.expiresAtMs <= this.#clock.nowMs()) return null;
    return found.key;
  }

  /** Counts a key's tokens; forgets all that have expired. */
  #liveTokensOf(keyName: string): number {
    const nowMs = this.#clock.nowMs();
    let count = 0;
    for (const [hash, { key, expiresAtMs }] of this.#tokens) {
      if (expiresAtMs <= nowMs) this.#tokens.delete(hash);
      else if (key.name === keyName) count++;
    }
    return count;
  }
}

function identityOf({ name, maxCalls, fast }: KeyIdentity): KeyIdentity {
  return { name, maxCalls, fast };
}
